//! The gateway as a process of its own.

use std::error::Error;

use gateway::Settings;
use runtime::{shutdown::Shutdown, telemetry};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::load()?;
    telemetry::init("gateway", settings.log.format, &settings.log.filter)?;
    let shutdown = Shutdown::new(settings.shutdown_deadline());
    shutdown.listen()?;
    Ok(gateway::run(settings, shutdown).await?)
}
