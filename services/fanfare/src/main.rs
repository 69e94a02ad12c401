//! `fanfare help` says what it does.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    fanfare::run().await
}
