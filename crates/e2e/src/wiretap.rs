//! Counts what goes over the wire to PostgreSQL: which statements, and which of them in one transaction.
//!
//! Counts have no noise, so they can be a test. What is counted is what clients say (PostgreSQL's message flow, chapter
//! 55 of its manual): `Query` and `Execute`, the latter by the text of the `Parse` that it goes back to.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf},
    task::JoinHandle,
};
use url::Url;

/// Sits between a database and those who use it, for as long as this value lives.
pub struct Wiretap {
    url: Url,
    heard: Arc<Mutex<Heard>>,
    listening: JoinHandle<()>,
}

/// What was said since the last time somebody asked.
#[derive(Debug, Default, Clone)]
pub struct Heard {
    /// Statements of each transaction that was committed, without `BEGIN` and `COMMIT`.
    pub transactions: Vec<Vec<String>>,
    /// Statements outside of any, each a transaction of its own.
    pub alone: BTreeMap<String, u64>,
    /// Those of them that may have written something.
    written_alone: u64,
}

/// Whether a statement may write. One that begins `WITH` may do either.
fn writes(words: &str) -> bool {
    let may_read = ["SELECT", "SET", "WITH"].iter().any(|word| words.starts_with(word));
    !may_read || ["INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().any(|word| words.contains(word))
}

impl Heard {
    /// Statements in all, `BEGIN` and `COMMIT` not counted.
    pub fn statements(&self) -> u64 {
        self.transactions.iter().map(|statements| statements.len() as u64).sum::<u64>()
            + self.alone.values().sum::<u64>()
    }

    /// Transactions that may have written something.
    pub fn commits(&self) -> u64 {
        self.transactions.len() as u64 + self.written_alone
    }

    /// How many statements the longest transaction had, and what they were.
    pub fn longest(&self) -> (usize, &[String]) {
        let longest = self.transactions.iter().max_by_key(|statements| statements.len());
        longest.map_or((0, &[]), |statements| (statements.len(), statements))
    }

    /// How often each kind of transaction was committed, named by the beginning of its first statement, and how many
    /// statements it had at most.
    pub fn kinds(&self) -> BTreeMap<String, (u64, usize)> {
        let mut kinds = BTreeMap::new();
        for statements in &self.transactions {
            let name = statements.first().map(|sql| head(sql)).unwrap_or_default();
            let (count, most) = kinds.entry(name).or_insert((0, 0));
            *count += 1;
            *most = statements.len().max(*most);
        }
        kinds
    }
}

/// Enough of a statement to know it by.
fn head(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect()
}

impl Wiretap {
    /// Taps the way to a database.
    ///
    /// # Panics
    /// When nothing can listen, or the URL names no host and port.
    pub async fn on(database: &str) -> Self {
        let mut url: Url = database.parse().expect("a database URL");
        let there = format!("{}:{}", url.host_str().expect("a host"), url.port().unwrap_or(5432));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(listener.local_addr().expect("a bound socket").port())).expect("a port");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let listening = tokio::spawn(listen(listener, there, Arc::clone(&heard)));
        Self { url, heard, listening }
    }

    /// The database by way of the tap.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// What was said since the last time, which is forgotten.
    pub fn take(&self) -> Heard {
        std::mem::take(&mut *locked(&self.heard))
    }
}

impl Drop for Wiretap {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn locked(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, there: String, heard: Arc<Mutex<Heard>>) {
    while let Ok((client, _)) = listener.accept().await {
        let (there, heard) = (there.clone(), Arc::clone(&heard));
        tokio::spawn(async move {
            // Whoever hangs up hangs up.
            let _ = carry(client, &there, heard).await;
        });
    }
}

async fn carry(client: TcpStream, there: &str, heard: Arc<Mutex<Heard>>) -> io::Result<()> {
    let server = TcpStream::connect(there).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let carried = overhear(from_client, &mut to_server, Line { heard, ..Line::default() }).await;
        to_server.shutdown().await?;
        carried
    };
    let back = async {
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(there, back).map(drop)
}

async fn overhear(mut from: OwnedReadHalf, to: &mut tokio::net::tcp::OwnedWriteHalf, mut line: Line) -> io::Result<()> {
    let mut unread = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut chunk).await?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        // Counted before it is passed on, so that whoever has an answer finds its question counted.
        unread.extend_from_slice(bytes);
        line.read(&mut unread);
        to.write_all(bytes).await?;
    }
}

/// One connection.
#[derive(Default)]
struct Line {
    heard: Arc<Mutex<Heard>>,
    has_started: bool,
    /// Statements by the names clients gave them.
    prepared: HashMap<Vec<u8>, String>,
    /// What the portal last bound stands for.
    bound: String,
    /// Statements since `BEGIN`.
    open: Option<Vec<String>>,
}

impl Line {
    /// Takes whole messages off the front.
    fn read(&mut self, unread: &mut Vec<u8>) {
        // The first message has no type.
        let mut head = usize::from(self.has_started);
        let mut at = 0;
        while let Some(length) = unread.get(at + head..at + head + 4) {
            let length = u32::from_be_bytes(length.try_into().unwrap_or_default()) as usize;
            let Some(message) = unread.get(at..at + head + length) else { break };
            if head == 1 {
                self.message(message[0], &message[5..]);
            }
            at += head + length;
            self.has_started = true;
            head = 1;
        }
        unread.drain(..at);
    }

    fn message(&mut self, kind: u8, body: &[u8]) {
        let mut texts = body.split(|byte| *byte == 0);
        let mut next = || texts.next().unwrap_or_default().to_vec();
        match kind {
            b'Q' => self.said(&String::from_utf8_lossy(&next())),
            b'P' => {
                let name = next();
                let sql = String::from_utf8_lossy(&next()).into_owned();
                self.prepared.insert(name, sql);
            }
            b'B' => {
                next();
                self.bound = self.prepared.get(&next()).cloned().unwrap_or_default();
            }
            b'E' => {
                let sql = std::mem::take(&mut self.bound);
                self.said(&sql);
            }
            _ => {}
        }
    }

    fn said(&mut self, sql: &str) {
        let words = sql.trim().trim_end_matches(';').to_ascii_uppercase();
        if words.starts_with("BEGIN") || words.starts_with("START TRANSACTION") {
            self.open = Some(Vec::new());
        } else if words == "COMMIT" {
            let statements = self.open.take().unwrap_or_default();
            locked(&self.heard).transactions.push(statements);
        } else if words.starts_with("ROLLBACK") {
            self.open = None;
        } else if let Some(open) = &mut self.open {
            open.push(sql.to_owned());
        } else {
            let mut heard = locked(&self.heard);
            *heard.alone.entry(head(sql)).or_default() += 1;
            heard.written_alone += u64::from(writes(&words));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_conversation_is_understood_however_it_is_cut() {
        let mut said = vec![0, 0, 0, 8, 0, 3, 0, 0];
        said.extend(message(b'P', b"s0\0SELECT 1\0\0\0"));
        for (kind, body) in [
            (b'Q', &b"BEGIN\0"[..]),
            (b'B', b"\0s0\0\0\0\0\0\0\0"),
            (b'E', b"\0\0\0\0\0"),
            (b'Q', b"UPDATE a SET b = 1\0"),
            (b'Q', b"COMMIT\0"),
            (b'B', b"\0s0\0\0\0\0\0\0\0"),
            (b'E', b"\0\0\0\0\0"),
            (b'Q', b"BEGIN\0"),
            (b'Q', b"UPDATE never\0"),
            (b'Q', b"ROLLBACK\0"),
        ] {
            said.extend(message(kind, body));
        }
        let mut line = Line::default();
        let mut unread = Vec::new();
        for byte in said {
            unread.push(byte);
            line.read(&mut unread);
        }
        let heard = locked(&line.heard).clone();
        assert_eq!(heard.transactions, [["SELECT 1", "UPDATE a SET b = 1"]]);
        assert_eq!(heard.alone.into_iter().collect::<Vec<_>>(), [("SELECT 1".to_owned(), 1)]);
    }
}
