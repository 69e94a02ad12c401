//! An instant network as a process of its own: one that takes any `POST` at once, so that none of its work is counted.

use std::{
    error::Error,
    io::BufRead as _,
    process::{Child, Command, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// Runs for as long as this value lives.
pub(crate) struct InstantServer {
    child: Child,
    /// Where to post.
    pub(crate) url: Url,
}

impl InstantServer {
    /// Starts this program again as one.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .arg("network")
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program runs");
        let mut line = String::new();
        let output = child.stdout.take().expect("a pipe");
        std::io::BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let url = line.trim().parse().expect("a URL");
        Self { child, url }
    }
}

impl Drop for InstantServer {
    fn drop(&mut self) {
        // Dead already or dead now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the server when the first argument says so.
pub(crate) async fn play() -> Result<bool, Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() != Some("network") {
        return Ok(false);
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(answer(stream));
    }
}

async fn answer(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut body = Vec::new();
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.split_once(':') else {
                if line == "\r\n" {
                    break;
                }
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}").await?;
    }
}
