//! The sandbox as a process of its own.

use std::error::Error;

use runtime::shutdown::{DEFAULT_DEADLINE, Shutdown};
use runtime::telemetry;
use sandbox::ServiceSettings;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = ServiceSettings::load()?;
    telemetry::init("sandbox", settings.log.format, &settings.log.filter)?;
    let shutdown = Shutdown::new(DEFAULT_DEADLINE);
    shutdown.listen()?;
    Ok(sandbox::serve(settings, shutdown).await?)
}
