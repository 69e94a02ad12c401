//! The caller's connection, so that a fault can close it without an answer: HTTP itself has no such answer to give.

use std::any::Any;
use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use actix_web::dev::Extensions;

/// How often a hanging call looks whether its caller is still there. The server itself does not say: it lets a request
/// go on whose caller is gone, as the networks do.
const LOOK_EVERY: Duration = Duration::from_millis(200);

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

    /// Returns once the caller has closed its end.
    pub(crate) async fn closed(&self) {
        while !self.is_closed() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The socket is non-blocking, as the server's handle on it is, so looking never waits.
    fn is_closed(&self) -> bool {
        match self.0.peek(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn notices_that_the_caller_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut caller = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (accepted, _) = listener.accept().expect("the caller");
        accepted.set_nonblocking(true).expect("a socket");
        let connection = Connection(accepted);
        assert!(!connection.is_closed());
        caller.write_all(b"still here").expect("room");
        assert!(!connection.is_closed());
        connection.0.peek(&mut [0; 16]).expect("bytes");
        std::io::Read::read(&mut &connection.0, &mut [0; 16]).expect("bytes");
        drop(caller);
        connection.closed().await;
    }
}
