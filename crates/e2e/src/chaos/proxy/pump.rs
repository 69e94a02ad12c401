//! Carrying the bytes of one connection.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

use super::{Mark, Mode, Shared};

/// From the client, or back to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// How carrying ended.
#[derive(PartialEq, Eq)]
enum End {
    /// One side has no more to say.
    Closed,
    /// The wire cut it.
    Cut,
}

struct Line {
    shared: Arc<Shared>,
    /// Bytes carried while the mode said to count them.
    carried: AtomicU64,
    /// The next bytes back are those of an answer that gets lost.
    is_doomed: AtomicBool,
}

/// Carries until both sides are done or the wire cuts it.
pub(super) async fn both_ways(mut near: TcpStream, mut far: TcpStream, shared: Arc<Shared>) {
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let line = Line { shared, carried: AtomicU64::default(), is_doomed: AtomicBool::default() };
    let end = {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let there = line.pump(near_read, far_write, Way::There);
        let back = line.pump(far_read, near_write, Way::Back);
        let (mut there, mut back) = (std::pin::pin!(there), std::pin::pin!(back));
        // A side that closes says so to the other, which may still answer; a cut ends both at once.
        tokio::select! {
            end = &mut there => if end == End::Cut { end } else { back.await },
            end = &mut back => if end == End::Cut { end } else { there.await },
        }
    };
    if end == End::Cut {
        // Reset rather than closed: what is on its way is gone.
        let _ = (near.set_zero_linger(), far.set_zero_linger());
    }
}

impl Line {
    async fn pump(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, way: Way) -> End {
        let mut modes = self.shared.mode.subscribe();
        let mut buffer = vec![0; 32 << 10];
        let mut seen = Seen::default();
        loop {
            let read = tokio::select! {
                _ = modes.wait_for(|mode| *mode == Mode::Refuse) => return self.cut(),
                read = from.read(&mut buffer) => read,
            };
            let Some(bytes) = read.ok().and_then(|read| buffer.get(..read)).filter(|bytes| !bytes.is_empty()) else {
                let _ = to.shutdown().await;
                return End::Closed;
            };
            match self.pass(bytes, &mut to, way, &mut seen, &mut modes).await {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(_) => return End::Closed,
            }
        }
    }

    fn cut(&self) -> End {
        self.shared.strike();
        End::Cut
    }

    async fn pass(
        &self,
        bytes: &[u8],
        to: &mut WriteHalf<'_>,
        way: Way,
        seen: &mut Seen,
        modes: &mut watch::Receiver<Mode>,
    ) -> io::Result<Option<End>> {
        let mode = modes.borrow().clone();
        match mode {
            Mode::Pass => {}
            Mode::Delay(by) => tokio::time::sleep(by).await,
            Mode::ResetAfter(most) => return self.count(bytes, to, most).await,
            Mode::HalfOpen => {
                // What was held back arrives late, as after a network that came back.
                let after = modes.wait_for(|mode| *mode != Mode::HalfOpen).await;
                if after.is_ok_and(|mode| *mode == Mode::Refuse) {
                    return Ok(Some(self.cut()));
                }
            }
            Mode::Refuse => return Ok(Some(self.cut())),
            Mode::SwallowReply(mark) => match way {
                // Before it is passed on, so that the answer finds it said.
                Way::There if seen.ends(bytes, &mark) && self.shared.falls_on(&mark) => {
                    self.is_doomed.store(true, Ordering::SeqCst);
                }
                Way::Back if self.is_doomed.load(Ordering::SeqCst) => return Ok(Some(self.cut())),
                _ => {}
            },
            Mode::DropRequest(mark) => {
                if way == Way::There && seen.ends(bytes, &mark) && self.shared.falls_on(&mark) {
                    return Ok(Some(self.cut()));
                }
            }
        }
        to.write_all(bytes).await?;
        Ok(None)
    }

    async fn count(&self, bytes: &[u8], to: &mut WriteHalf<'_>, most: u64) -> io::Result<Option<End>> {
        let before = self.carried.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        let left = usize::try_from(most.saturating_sub(before)).unwrap_or(usize::MAX);
        to.write_all(&bytes[..left.min(bytes.len())]).await?;
        Ok((left <= bytes.len()).then(|| self.cut()))
    }
}

/// The end of what came before, where a mark may have begun.
#[derive(Default)]
struct Seen(Vec<u8>);

impl Seen {
    /// Whether the mark ends in these bytes.
    fn ends(&mut self, bytes: &[u8], mark: &Mark) -> bool {
        self.0.extend_from_slice(bytes);
        let is_there = self.0.windows(mark.bytes.len().max(1)).any(|window| window == mark.bytes);
        // Short of a whole mark, so that none is found twice.
        let keep = mark.bytes.len().saturating_sub(1).min(self.0.len());
        self.0.drain(..self.0.len() - keep);
        is_there
    }
}
