//! The caller's connection, so that a fault can close it without an answer: HTTP itself has no such answer to give.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;

use actix_web::dev::Extensions;

/// A second handle on the accepted socket.
pub(crate) struct Connection(TcpStream);

impl Connection {
    /// Run once for each accepted connection.
    pub(crate) fn keep(io: &dyn Any, data: &mut Extensions) {
        let stream = io.downcast_ref::<actix_web::rt::net::TcpStream>();
        if let Some(Ok(handle)) = stream.map(|stream| stream.as_fd().try_clone_to_owned()) {
            data.insert(Self(TcpStream::from(handle)));
        }
    }

    /// Closes both directions. What the server writes afterwards goes nowhere.
    pub(crate) fn close(&self) {
        // Fails only when the caller has closed it already, which is as good.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
