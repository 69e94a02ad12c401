//! Waiting for something to be so.

use std::time::Duration;

/// Nothing that should happen takes this long, on however busy a machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

const BETWEEN: Duration = Duration::from_millis(20);

/// Waits until something is there and returns it.
///
/// # Panics
/// When it is not within [`PATIENCE`].
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, look).await
}

/// As [`eventually`], with a patience of one's own.
///
/// # Panics
/// When it is not within that.
pub async fn within<T>(patience: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(BETWEEN).await;
        }
    };
    tokio::time::timeout(patience, looking).await.unwrap_or_else(|_| panic!("it never came about that {what}"))
}
