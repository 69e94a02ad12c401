//! The socket under a connection, with the last gate before the kernel.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, Shutdown};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::deadline::Deadline;

/// A TCP connection that refuses to write past the armed deadline and counts what it wrote since it was armed. It sits
/// below TLS, so a count of zero means that not one byte of the request left the process.
pub(crate) struct Link {
    tcp: TcpStream,
    /// Nanoseconds of the deadline's clock; zero while no exchange is armed.
    gate: AtomicU64,
    written: AtomicU64,
}

impl Link {
    pub(crate) fn new(tcp: TcpStream) -> Arc<Self> {
        Arc::new(Self { tcp, gate: AtomicU64::new(0), written: AtomicU64::new(0) })
    }

    /// Opens the gate until `deadline` and starts counting anew.
    pub(crate) fn arm(&self, deadline: Deadline) {
        self.written.store(0, Ordering::Relaxed);
        self.gate.store(deadline.as_nanos().max(1), Ordering::Relaxed);
    }

    /// Ends an exchange that went well.
    pub(crate) fn disarm(&self) {
        self.gate.store(0, Ordering::Relaxed);
    }

    /// Whether anything was written since the link was armed.
    pub(crate) fn has_written(&self) -> bool {
        self.written.load(Ordering::Relaxed) > 0
    }

    /// Makes closing drop what the kernel still holds, so that it cannot arrive after the deadline.
    pub(crate) fn abandon(&self) {
        // A socket that is already gone has nothing left to deliver.
        let _ = self.tcp.set_zero_linger();
    }

    /// Whether an idle connection is open and silent. Asks the kernel itself: the runtime may not have seen a FIN yet.
    /// Anything to read means that the server closed it or speaks out of turn.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut byte = [0_u8; 1];
        let peeked = rustix::net::recv(&self.tcp, &mut byte[..], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        matches!(peeked, Err(rustix::io::Errno::AGAIN))
    }

    fn check_gate(&self) -> io::Result<()> {
        let nanos = self.gate.load(Ordering::Relaxed);
        if nanos != 0 && Deadline::from_nanos(nanos).has_passed() {
            self.abandon();
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the exchange's deadline has passed"));
        }
        Ok(())
    }

    fn poll_write_with(
        &self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.tcp.poll_write_ready(context))?;
            self.check_gate()?;
            match write(&self.tcp) {
                Ok(count) => {
                    self.written.fetch_add(count as u64, Ordering::Relaxed);
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// The stream half that TLS or HTTP reads and writes.
pub(crate) struct LinkStream(pub(crate) Arc<Link>);

impl AsyncRead for LinkStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.tcp.poll_read_ready(context))?;
            match self.0.tcp.try_read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for LinkStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write_with(context, |tcp| tcp.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_with(context, |tcp| tcp.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(rustix::net::shutdown(&self.0.tcp, Shutdown::Write).map_err(io::Error::from))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    // Inside the crate, since no caller can place a freeze between the exchange's own look at the clock and the write.
    #[tokio::test]
    async fn the_gate_refuses_a_write_after_its_deadline_and_cuts_the_connection() {
        // given
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Link::new(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
        let (mut server, _) = listener.accept().await.unwrap();
        let mut stream = LinkStream(Arc::clone(&link));

        // when
        link.arm(Deadline::after(Duration::from_secs(60)));
        stream.write_all(b"in time").await.unwrap();
        assert!(link.has_written());
        link.arm(Deadline::after(Duration::ZERO));
        let late = stream.write_all(b"too late").await.unwrap_err();

        // then
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        assert!(!link.has_written());
        drop((stream, link));
        let mut seen = Vec::new();
        let end = server.read_to_end(&mut seen).await;
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert!(!seen.ends_with(b"late"));
    }
}
