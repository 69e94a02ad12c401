//! The connector as a process of its own.

use std::error::Error;

use connector::Settings;
use runtime::{shutdown::Shutdown, telemetry};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::load()?;
    telemetry::init("connector", settings.log.format, &settings.log.filter)?;
    let shutdown = Shutdown::new(settings.shutdown_deadline());
    shutdown.listen()?;
    Ok(connector::run(settings, shutdown).await?)
}
