//! A wire to the broker that can be cut.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What happens on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything goes through.
    Pass,
    /// Connections stand, and nothing of the broker's comes through any more.
    Mute,
    /// Every connection is cut, and every new one at once.
    Refuse,
}

/// Forwards to the broker for as long as the test runs.
pub(crate) struct Proxy {
    pub(crate) addr: SocketAddr,
    mode: watch::Sender<Mode>,
    cuts: watch::Sender<u64>,
}

impl Proxy {
    pub(crate) async fn to(broker: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (mode, cuts) = (watch::Sender::new(Mode::Pass), watch::Sender::new(0));
        let (modes, cut) = (mode.subscribe(), cuts.subscribe());
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let (mut refused, mut cut, modes, broker) = (modes.clone(), cut.clone(), modes.clone(), broker.clone());
                cut.mark_unchanged();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = refused.wait_for(|mode| *mode == Mode::Refuse) => {}
                        _ = cut.changed() => {}
                        () = forward(near, &broker, modes) => {}
                    }
                });
            }
        });
        Self { addr, mode, cuts }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Cuts the connections there are; new ones go through.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn forward(near: TcpStream, broker: &str, mut modes: watch::Receiver<Mode>) {
    let far = TcpStream::connect(broker).await.unwrap();
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    let (_always, mut open) = watch::channel(Mode::Pass);
    tokio::select! {
        () = copy(near_read, far_write, &mut open) => {}
        () = copy(far_read, near_write, &mut modes) => {}
    }
}

/// Copies until either end closes, and holds everything back while the wire is mute.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, modes: &mut watch::Receiver<Mode>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if modes.wait_for(|mode| *mode != Mode::Mute).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
