//! One HTTP/1.1 connection, driven by whoever uses it.
//!
//! The connection has no task of its own: request, answer and socket are polled together, inside the exchange's
//! deadline. So nothing is left that could write a request after its exchange has given up, and an idle connection
//! costs no task.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::Outgoing;
use crate::deadline::{Deadline, until};
use crate::error::{AmbiguousKind, ExchangeError, NotSentKind};
use crate::link::Link;

/// Enough for any platform's headers; an endless header block ends as a protocol error here.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A plain or TLS byte stream.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

type Driver = http1::Connection<TokioIo<Box<dyn Duplex>>, Outgoing>;

pub(crate) struct Connection {
    sender: http1::SendRequest<Outgoing>,
    /// `None` once it has ended.
    driver: Option<Driver>,
    link: Arc<Link>,
    host: String,
}

/// How sending failed.
pub(crate) enum SendFault {
    /// The connection was found closed before anything was written; here is the request back.
    Unused(Box<Request<Outgoing>>),
    /// Anything else, classified.
    Failed(ExchangeError),
}

impl Connection {
    pub(crate) async fn open(stream: Box<dyn Duplex>, link: Arc<Link>, host: String) -> Result<Self, hyper::Error> {
        let (sender, driver) =
            http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: Some(driver), link, host })
    }

    /// Whether an idle connection may carry another request.
    pub(crate) fn is_fit(&self) -> bool {
        self.driver.is_some() && self.sender.is_ready() && self.link.is_quiet()
    }

    /// Sends `message` and waits for the answer's head.
    pub(crate) async fn send(
        &mut self,
        message: Request<Outgoing>,
        deadline: Deadline,
    ) -> Result<Response<Incoming>, SendFault> {
        self.link.arm(deadline);
        let answer = self.sender.try_send_request(message);
        match until(deadline, self.drive(answer)).await {
            Err(_expired) => Err(SendFault::Failed(self.expired(None))),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(mut fault)) => match fault.take_message() {
                Some(message) if !self.link.has_written() => Err(SendFault::Unused(Box::new(message))),
                _ => Err(SendFault::Failed(self.broken(&fault.into_error(), None))),
            },
        }
    }

    /// The next piece of the answer's body; `None` at its end.
    pub(crate) async fn next(
        &mut self,
        body: &mut Incoming,
        status: StatusCode,
        deadline: Deadline,
    ) -> Result<Option<Bytes>, ExchangeError> {
        loop {
            let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
            match until(deadline, self.drive(frame)).await {
                Err(_expired) => return Err(self.expired(Some(status))),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(self.broken(&error, Some(status))),
                // Anything but data is trailers, which nobody here reads.
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Ends an exchange whose answer was read to its end; whether the connection may be kept.
    pub(crate) async fn settle(&mut self) -> bool {
        // One turn lets hyper notice that the message is over, or that the server wants to close.
        self.drive(std::future::ready(())).await;
        self.link.disarm();
        self.is_fit()
    }

    /// Makes sure that closing delivers nothing more.
    pub(crate) fn abandon(&self) {
        self.link.abandon();
    }

    /// Polls `work` and the connection under it together.
    async fn drive<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            self.turn(context);
            work.as_mut().poll(context)
        })
        .await
    }

    fn turn(&mut self, context: &mut Context<'_>) {
        // Its error reaches the waiting request or body as well, with the same words.
        if let Some(driver) = &mut self.driver
            && let Poll::Ready(_ended) = Pin::new(driver).poll(context)
        {
            self.driver = None;
        }
    }

    fn expired(&self, status: Option<StatusCode>) -> ExchangeError {
        self.link.abandon();
        if !self.link.has_written() {
            let message = format!("the deadline passed before the request to {} could be written", self.host);
            return ExchangeError::not_sent(NotSentKind::Deadline, message);
        }
        let message = match status {
            None => format!("{} did not answer before the deadline", self.host),
            Some(status) => format!("{} answered {status} and did not finish before the deadline", self.host),
        };
        ExchangeError::Ambiguous { kind: AmbiguousKind::Timeout, message, status }
    }

    fn broken(&self, error: &hyper::Error, status: Option<StatusCode>) -> ExchangeError {
        let reason = deepest(error);
        if !self.link.has_written() {
            let message = format!("the connection to {} ended before the request was written: {reason}", self.host);
            let kind = if timed_out(error) { NotSentKind::Deadline } else { NotSentKind::Connect };
            return ExchangeError::not_sent(kind, message);
        }
        let kind = if timed_out(error) {
            AmbiguousKind::Timeout
        } else if error.is_parse() || is_malformed(error) {
            AmbiguousKind::Protocol
        } else {
            AmbiguousKind::Reset
        };
        let message = format!("the exchange with {} broke off after the request had begun: {reason}", self.host);
        ExchangeError::Ambiguous { kind, message, status }
    }
}

fn io_kind(error: &hyper::Error) -> Option<std::io::ErrorKind> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        source = cause.source();
    }
    None
}

/// The gate in `Link` speaks as `TimedOut`; so does a kernel that gave up on the other side.
fn timed_out(error: &hyper::Error) -> bool {
    error.is_timeout() || io_kind(error) == Some(std::io::ErrorKind::TimedOut)
}

/// hyper reports a bad chunk as an I/O error.
fn is_malformed(error: &hyper::Error) -> bool {
    matches!(io_kind(error), Some(std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData))
}

/// hyper's own words and, behind them, the cause's.
fn deepest(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::link::LinkStream;

    // Inside the crate, since a caller's deadline cannot be made to pass between the connecting and the sending.
    #[tokio::test]
    async fn a_deadline_that_passes_before_the_first_byte_is_not_ambiguous() {
        // given
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Link::new(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
        let stream = Box::new(LinkStream(Arc::clone(&link)));
        let mut connection = Connection::open(stream, link, "host".to_owned()).await.unwrap();

        // when
        let message = Request::new(Outgoing::default());
        let fault = connection.send(message, Deadline::after(Duration::ZERO)).await;

        // then
        let Err(SendFault::Failed(error)) = fault else { panic!("sent") };
        assert!(matches!(error, ExchangeError::NotSent { kind: NotSentKind::Deadline, .. }), "{error:?}");
    }
}
