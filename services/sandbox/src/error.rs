//! Why a sandbox could not start or go on.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use runtime::admin::AdminError;

/// Each message says what was attempted.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is taken or not ours.
    #[error("could not bind the sandbox to {address}: {source}")]
    Bind {
        /// What was tried.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The configured origin is not one.
    #[error("`{url}` is not an origin such as https://sandbox.example")]
    Origin {
        /// As configured.
        url: String,
    },
    /// The data directory cannot be read or written.
    #[error("could not use the sandbox's data at {path}: {source}")]
    Data {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another sandbox has this data directory open.
    #[error("another sandbox is using {path}")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// A line other than a torn last one cannot be read.
    #[error("line {line} of {path} is not a fact of this sandbox: {reason}")]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What the parser said.
        reason: String,
    },
    /// The HTTP server ended by itself.
    #[error("the sandbox's HTTP server failed: {0}")]
    Serve(#[source] io::Error),
    /// The admin port could not be opened.
    #[error(transparent)]
    Admin(#[from] AdminError),
}
