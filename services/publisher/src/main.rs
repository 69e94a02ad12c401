//! The publisher as a process of its own.

use std::{error::Error, io::Write as _, process::ExitCode};

use publisher::Settings;
use runtime::{shutdown::Shutdown, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = start().await else { return ExitCode::SUCCESS };
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(std::io::stderr(), "publisher: {error}");
    ExitCode::FAILURE
}

async fn start() -> Result<(), Box<dyn Error>> {
    let settings = Settings::load()?;
    telemetry::init("publisher", settings.log.format, &settings.log.filter)?;
    let shutdown = Shutdown::new(settings.shutdown_deadline());
    shutdown.listen()?;
    Ok(publisher::run(settings, shutdown).await?)
}
