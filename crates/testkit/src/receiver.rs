//! A webhook receiver whose answers can be switched. Speaks just enough HTTP/1.1, on a socket of its own, to misbehave
//! in every way a real one might.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Waiting for something that does not come ends the test.
const PATIENCE: Duration = Duration::from_secs(15);

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A status, headers and a body.
    Reply(u16, Vec<(String, String)>, Vec<u8>),
    /// The reply after a while.
    After(Duration, Box<Answer>),
    /// The reply once [`Receiver::let_go`] is called.
    Held(Box<Answer>),
    /// Nothing, ever.
    Hang,
    /// This status, and then a body that never ends.
    Endless(u16),
    /// This status, and then one byte of the body every 20 ms.
    Drip(u16),
    /// The connection is closed instead.
    Drop,
}

impl Answer {
    /// A status without headers or body.
    pub fn status(status: u16) -> Self {
        Self::Reply(status, Vec::new(), Vec::new())
    }

    /// A status with one header.
    pub fn with_header(status: u16, name: &str, value: &str) -> Self {
        Self::Reply(status, vec![(name.to_owned(), value.to_owned())], Vec::new())
    }
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST`
    pub method: String,
    /// `/hook`
    pub path: String,
    /// Names in lower case; the last of those that came twice.
    pub headers: BTreeMap<String, String>,
    /// The very bytes.
    pub body: Vec<u8>,
    /// When it was complete.
    pub at: Instant,
}

impl Received {
    /// A header's value, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Listens on 127.0.0.1 until it is dropped. Answers 200 unless told otherwise.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    count: watch::Sender<usize>,
    gate: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    /// By path; the last one stays.
    answers: BTreeMap<String, VecDeque<Answer>>,
    open: BTreeMap<String, usize>,
    most_open: BTreeMap<String, usize>,
    written: u64,
}

impl Receiver {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared =
            Arc::new(Shared { state: Mutex::default(), count: watch::Sender::new(0), gate: watch::Sender::new(0) });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, task }
    }

    /// `http://127.0.0.1:<port><path>`
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on requests to `path` are answered so: in turn, the last answer for good.
    pub fn answer(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.shared.state().answers.insert(path.to_owned(), answers.into_iter().collect());
    }

    /// Lets the requests go that are held now.
    pub fn let_go(&self) {
        self.shared.gate.send_modify(|generation| *generation += 1);
    }

    /// What came in so far, at all paths.
    pub fn received(&self) -> Vec<Received> {
        self.shared.state().received.clone()
    }

    /// What came in so far at one path.
    pub fn received_at(&self, path: &str) -> Vec<Received> {
        self.shared.state().received.iter().filter(|request| request.path == path).cloned().collect()
    }

    /// Waits until `count` requests came in at `path`.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn wait_for(&self, path: &str, count: usize) -> Vec<Received> {
        let mut seen = self.shared.count.subscribe();
        let enough = async {
            while self.received_at(path).len() < count {
                // The sender lives as long as the receiver that is borrowed here.
                let _ = seen.changed().await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, enough).await;
        let received = self.received_at(path);
        assert!(came.is_ok(), "{} of {count} requests came to {path}", received.len());
        received
    }

    /// Requests to `path` that were open at once, at most.
    pub fn most_open(&self, path: &str) -> usize {
        self.shared.state().most_open.get(path).copied().unwrap_or(0)
    }

    /// Bytes of endless bodies that found a reader.
    pub fn written(&self) -> u64 {
        self.shared.state().written
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self, request: Received) -> Answer {
        let mut state = self.state();
        let path = request.path.clone();
        state.received.push(request);
        let open = state.open.entry(path.clone()).or_default();
        *open += 1;
        let open = *open;
        let most = state.most_open.entry(path.clone()).or_default();
        *most = open.max(*most);
        let answers = state.answers.entry(path).or_default();
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
            .unwrap_or_else(|| Answer::status(200))
    }

    fn closed(&self, path: &str) {
        if let Some(open) = self.state().open.get_mut(path) {
            *open -= 1;
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A sender that goes away is the sender's business.
            let _ = serve(stream, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let path = request.path.clone();
        // Subscribed first: whoever saw the request may let go at once.
        let gate = shared.gate.subscribe();
        let answer = shared.opened(request);
        shared.count.send_modify(|count| *count += 1);
        let goes_on = reply(&mut stream, answer, gate, shared, &path).await;
        if !matches!(goes_on, Ok(true)) {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether another request may follow. The request is closed before the last byte of the answer leaves, so that the
/// sender's next one never finds it open.
async fn reply(
    stream: &mut BufReader<TcpStream>,
    answer: Answer,
    mut gate: watch::Receiver<u64>,
    shared: &Shared,
    path: &str,
) -> io::Result<bool> {
    let mut answer = answer;
    loop {
        match answer {
            Answer::After(wait, then) => {
                tokio::time::sleep(wait).await;
                answer = *then;
            }
            Answer::Held(then) => {
                gate.changed().await.map_err(io::Error::other)?;
                answer = *then;
            }
            Answer::Hang => {
                let ended = stream.read(&mut [0; 64]).await;
                shared.closed(path);
                return ended.map(|_| false);
            }
            Answer::Drop => {
                shared.closed(path);
                return Ok(false);
            }
            Answer::Endless(status) | Answer::Drip(status) => {
                let drips = matches!(answer, Answer::Drip(_));
                let ended = stream_body(stream, status, drips, shared).await;
                shared.closed(path);
                return ended.map(|()| false);
            }
            Answer::Reply(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                shared.closed(path);
                stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat()).await?;
                return Ok(true);
            }
        }
    }
}

async fn stream_body(stream: &mut BufReader<TcpStream>, status: u16, drips: bool, shared: &Shared) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status} Answer\r\ncontent-length: 10737418240\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let piece = if drips { vec![b'x'] } else { vec![b'x'; 64 * 1024] };
    loop {
        stream.write_all(&piece).await?;
        shared.state().written += piece.len() as u64;
        if drips {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Reads the next request of a connection; `None` when there is none.
///
/// # Errors
/// When the connection breaks in the middle of one.
pub async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Received { method, path, headers, body, at: Instant::now() }))
}
