//! One connection, from dialling to the first thing that goes wrong.

use std::{
    io,
    net::{Shutdown, TcpStream},
    os::fd::AsFd as _,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures::{Stream, StreamExt as _};
use lapin::{Channel, Connection, ConnectionProperties, Event, tcp::AsyncTcpStream, uri::AMQPUri};
use tokio_util::sync::CancellationToken;

/// A broker that does not answer a handshake, or open a channel, in this time is not there.
const PATIENCE: Duration = Duration::from_secs(10);

/// A socket connects in this time or not at all; well below the patience with the whole handshake.
const CONNECT: Duration = Duration::from_secs(5);

/// A broken connection that can still say goodbye has this long to do so.
const GOODBYE: Duration = Duration::from_millis(500);

/// A connection and whether it still is one. The first error ends it for everybody who uses it.
pub(super) struct Live {
    connection: Connection,
    wire: Wire,
    /// Counts connections; what belongs to an earlier one is void.
    pub(super) generation: u64,
    broken: CancellationToken,
    reason: OnceLock<String>,
}

impl Live {
    /// Ends the connection for everybody; the first reason stays.
    pub(super) fn fail(&self, reason: impl Into<String>) {
        // Whoever comes second only repeats the news.
        let _ = self.reason.set(reason.into());
        self.broken.cancel();
    }

    /// Cancelled once the connection has ended.
    pub(super) fn broken(&self) -> &CancellationToken {
        &self.broken
    }

    /// Why it ended.
    pub(super) fn reason(&self) -> &str {
        self.reason.get().map_or("the connection ended", String::as_str)
    }

    /// Whether the broker has no memory or disk left and accepts nothing for now.
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Opens a channel; an error has ended the connection.
    pub(super) async fn channel(&self) -> Result<Channel, String> {
        self.within(self.connection.create_channel(), "opening a channel").await
    }

    /// Waits for the broker, but not for ever; an error has ended the connection.
    pub(super) async fn within<T>(
        &self,
        exchange: impl Future<Output = lapin::Result<T>>,
        what: &str,
    ) -> Result<T, String> {
        let outcome = match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => format!("{what}: {error}"),
            Err(_) => format!("{what}: the broker does not answer"),
        };
        self.fail(outcome.clone());
        Err(outcome)
    }

    /// Closes the connection as politely as its state allows, and in any case.
    pub(super) async fn hang_up(&self) {
        self.broken.cancel();
        // What the broker says to it changes nothing any more.
        let _ = tokio::time::timeout(GOODBYE, self.connection.close(200, "OK".into())).await;
        self.wire.cut();
    }
}

/// Connects, and watches the connection for errors from then on.
pub(super) async fn dial(uri: &AMQPUri, generation: u64) -> Result<Arc<Live>, String> {
    let wire = Wire::default();
    let socket = Arc::clone(&wire.socket);
    let runtime = lapin::runtime::default_runtime().map_err(|error| error.to_string())?;
    let properties = ConnectionProperties::default().with_connection_name("fanfare".into());
    let connecting = Connection::connector(
        uri.clone(),
        runtime,
        async move |uri: AMQPUri, runtime| {
            let connecting = async {
                let host = uri.authority.host.as_str();
                let addresses: Vec<_> = tokio::net::lookup_host((host, uri.authority.port)).await?.collect();
                AsyncTcpStream::connect(&runtime, addresses).await
            };
            let stream = tokio::time::timeout(CONNECT, connecting).await.map_err(io::Error::from)??;
            if let AsyncTcpStream::Plain(plain) = &stream {
                // Dialled once: there is no earlier one.
                let _ = socket.set(plain.get_ref().as_fd().try_clone_to_owned()?.into());
            }
            Ok(stream)
        },
        properties,
    );
    let connection = tokio::time::timeout(PATIENCE, connecting)
        .await
        .map_err(|_| "connecting: the broker does not answer".to_owned())?
        .map_err(|error| format!("connecting: {error}"))?;
    let mut events = Box::pin(connection.events_listener());
    let live =
        Arc::new(Live { connection, wire, generation, broken: CancellationToken::new(), reason: OnceLock::new() });
    let watched = Arc::clone(&live);
    tokio::spawn(async move {
        let error = first_error(&mut events);
        if let Some(reason) = watched.broken.run_until_cancelled(error).await {
            watched.fail(reason);
        }
    });
    Ok(live)
}

/// Waits for the first event that says that something went wrong, on whatever channel.
async fn first_error(events: &mut (impl Stream<Item = Event> + Unpin)) -> String {
    while let Some(event) = events.next().await {
        if let Event::Error(error) = event {
            return error.to_string();
        }
    }
    "the connection ended".to_owned()
}

/// The socket below a connection, cut at the latest when this is dropped.
///
/// lapin runs each connection in a thread that ends when its socket does, and has no way to end it when the broker
/// hangs, in the middle of a handshake for instance.
#[derive(Default)]
struct Wire {
    socket: Arc<OnceLock<TcpStream>>,
}

impl Wire {
    fn cut(&self) {
        if let Some(socket) = self.socket.get() {
            // It may have ended by itself.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
    }
}
