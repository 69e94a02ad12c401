//! The sandbox as a process of its own: with an admin port, and an end on a signal.

use std::sync::Arc;

use runtime::admin::Admin;
use runtime::metrics::Metrics;
use runtime::shutdown::Shutdown;

use crate::error::SandboxError;
use crate::server::run;
use crate::settings::ServiceSettings;

/// Serves until `shutdown` begins. It is ready as soon as it listens: it depends on nothing but its own disk.
pub async fn serve(settings: ServiceSettings, shutdown: Shutdown) -> Result<(), SandboxError> {
    let vitals = Arc::new(Vec::new);
    let admin = Admin::start(&settings.admin, Metrics::new("sandbox"), vitals, shutdown.clone())?;
    let ended = run(settings.sandbox, shutdown.soft().clone()).await;
    admin.stop().await;
    ended
}
