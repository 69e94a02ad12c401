//! A program that can be each of the others, so that one build of one program is enough to have them all.

use std::error::Error;

use runtime::{
    shutdown::{DEFAULT_DEADLINE, Shutdown},
    telemetry,
};

/// Whatever ended it.
type Failure = Box<dyn Error>;

/// Is one of the services until it is told to stop, when the first argument is `play` and the second names it. `false`
/// when this program is to be itself.
///
/// # Errors
/// What the service says.
pub async fn play() -> Result<bool, Failure> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("play") {
        return Ok(false);
    }
    match arguments.next().unwrap_or_default().as_str() {
        "gateway" => {
            let settings = gateway::Settings::load()?;
            telemetry::init("gateway", settings.log.format, &settings.log.filter)?;
            let shutdown = listening()?;
            gateway::run(settings, shutdown).await?;
        }
        "publisher" => {
            let settings = publisher::Settings::load()?;
            telemetry::init("publisher", settings.log.format, &settings.log.filter)?;
            let shutdown = listening()?;
            publisher::run(settings, shutdown).await?;
        }
        "connector" => {
            let settings = connector::Settings::load()?;
            telemetry::init("connector", settings.log.format, &settings.log.filter)?;
            let shutdown = listening()?;
            connector::run(settings, shutdown).await?;
        }
        "dispatcher" => {
            let settings = dispatcher::Settings::load()?;
            telemetry::init("dispatcher", settings.log.format, &settings.log.filter)?;
            let shutdown = listening()?;
            dispatcher::run(settings, shutdown).await?;
        }
        "sandbox" => {
            let settings = sandbox::ServiceSettings::load()?;
            telemetry::init("sandbox", settings.log.format, &settings.log.filter)?;
            let shutdown = listening()?;
            sandbox::serve(settings, shutdown).await?;
        }
        other => return Err(format!("nobody here plays {other:?}").into()),
    }
    Ok(true)
}

fn listening() -> Result<Shutdown, Failure> {
    let shutdown = Shutdown::new(DEFAULT_DEADLINE);
    shutdown.listen()?;
    Ok(shutdown)
}
