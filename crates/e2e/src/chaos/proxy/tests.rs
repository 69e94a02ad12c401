//! Each mode, on a wire to somebody who answers each line.

use std::io::ErrorKind;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    sync::mpsc,
};

use super::*;

const MOMENT: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers `line` with `re line`, and says what it was told.
async fn answerer(mark: &'static str) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (told, hears) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    told.send(line.trim().to_owned()).unwrap();
                    let answer = format!("{mark} {line}");
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                    line.clear();
                }
            });
        }
    });
    (address, hears)
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn dial(link: &Link) -> Self {
        Self(BufReader::new(TcpStream::connect(link.address()).await.unwrap()))
    }

    async fn say(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The answer, or how the connection ended.
    async fn hear(&mut self) -> Result<String, ErrorKind> {
        let mut line = String::new();
        match tokio::time::timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("something happens") {
            Ok(0) => Err(ErrorKind::UnexpectedEof),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(error.kind()),
        }
    }

    async fn hears_nothing(&mut self) -> bool {
        let mut line = String::new();
        tokio::time::timeout(MOMENT, self.0.read_line(&mut line)).await.is_err()
    }
}

#[tokio::test]
async fn what_is_said_goes_through_and_is_answered() {
    let (address, _hears) = answerer("re").await;
    let link = Link::to(&address).await;
    let mut client = Client::dial(&link).await;
    client.say("hello").await;
    assert_eq!(client.hear().await, Ok("re hello".to_owned()));
    assert_eq!(link.strikes(), 0);
}

#[tokio::test]
async fn a_delay_holds_each_piece_back() {
    let (address, _hears) = answerer("re").await;
    let link = Link::to(&address).await;
    let mut client = Client::dial(&link).await;
    link.set(Mode::Delay(MOMENT));
    let began = tokio::time::Instant::now();
    client.say("hello").await;
    assert_eq!(client.hear().await, Ok("re hello".to_owned()));
    assert!(began.elapsed() >= MOMENT * 2, "it took {:?}, there and back", began.elapsed());
}

#[tokio::test]
async fn a_connection_is_reset_after_so_many_bytes() {
    let (address, mut hears) = answerer("re").await;
    let link = Link::to(&address).await;
    link.set(Mode::ResetAfter(16));
    let mut client = Client::dial(&link).await;
    client.say("abc").await;
    assert_eq!(client.hear().await, Ok("re abc".to_owned()), "11 bytes go through");
    client.say("abcdefgh").await;
    assert_eq!(client.hear().await, Err(ErrorKind::ConnectionReset));
    assert_eq!((hears.recv().await.as_deref(), link.strikes()), (Some("abc"), 1));
    let mut other = Client::dial(&link).await;
    other.say("abc").await;
    assert_eq!(other.hear().await, Ok("re abc".to_owned()), "each connection has its own count");
}

#[tokio::test]
async fn half_open_holds_old_and_new_connections_until_it_is_over() {
    let (address, mut hears) = answerer("re").await;
    let link = Link::to(&address).await;
    let mut old = Client::dial(&link).await;
    old.say("before").await;
    assert_eq!(old.hear().await, Ok("re before".to_owned()));
    assert_eq!(hears.recv().await.as_deref(), Some("before"));
    link.set(Mode::HalfOpen);
    let mut new = Client::dial(&link).await;
    for client in [&mut old, &mut new] {
        client.say("meanwhile").await;
        assert!(client.hears_nothing().await);
    }
    assert!(hears.try_recv().is_err(), "nothing has arrived");
    link.set(Mode::Pass);
    for client in [&mut old, &mut new] {
        assert_eq!(client.hear().await, Ok("re meanwhile".to_owned()));
    }
}

#[tokio::test]
async fn refusing_resets_what_is_open_and_listens_no_more() {
    let (address, _hears) = answerer("re").await;
    let link = Link::to(&address).await;
    let mut client = Client::dial(&link).await;
    client.say("hello").await;
    client.hear().await.unwrap();
    link.set(Mode::Refuse);
    assert_eq!(client.hear().await, Err(ErrorKind::ConnectionReset));
    crate::eventually("nobody listens", async || {
        let dialled = TcpStream::connect(link.address()).await;
        dialled.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused).then_some(())
    })
    .await;
    link.set(Mode::Pass);
    crate::eventually("somebody listens again", async || TcpStream::connect(link.address()).await.ok()).await;
}

#[tokio::test]
async fn a_request_arrives_and_its_reply_is_swallowed() {
    let (address, mut hears) = answerer("re").await;
    let link = Link::to(&address).await;
    link.set(Mode::SwallowReply(Mark::every(2, b"COMMIT")));
    let mut client = Client::dial(&link).await;
    client.say("SELECT").await;
    assert_eq!(client.hear().await, Ok("re SELECT".to_owned()));
    // Cut in two, it is still recognised.
    client.0.write_all(b"COM").await.unwrap();
    tokio::time::sleep(MOMENT / 3).await;
    client.say("MIT 1").await;
    assert_eq!(client.hear().await, Err(ErrorKind::ConnectionReset));
    assert_eq!(hears.recv().await.as_deref(), Some("SELECT"));
    assert_eq!(hears.recv().await.as_deref(), Some("COMMIT 1"), "it arrived");
    assert_eq!(link.strikes(), 1);
    let mut again = Client::dial(&link).await;
    again.say("COMMIT 2").await;
    assert_eq!(again.hear().await, Ok("re COMMIT 2".to_owned()), "only each second is struck");
}

#[tokio::test]
async fn a_request_is_lost_before_it_arrives() {
    let (address, mut hears) = answerer("re").await;
    let link = Link::to(&address).await;
    link.set(Mode::DropRequest(Mark::every(1, b"COMMIT")));
    let mut client = Client::dial(&link).await;
    client.say("SELECT").await;
    assert_eq!(client.hear().await, Ok("re SELECT".to_owned()));
    client.say("COMMIT").await;
    assert_eq!(client.hear().await, Err(ErrorKind::ConnectionReset));
    assert_eq!(hears.recv().await.as_deref(), Some("SELECT"));
    assert!(hears.try_recv().is_err(), "it never arrived");
}

#[tokio::test]
async fn new_connections_can_be_led_elsewhere() {
    let ((here, _hears), (there, _hears_too)) = (answerer("here").await, answerer("there").await);
    let link = Link::to(&here).await;
    let mut old = Client::dial(&link).await;
    old.say("1").await;
    assert_eq!(old.hear().await, Ok("here 1".to_owned()));
    link.turn_to(&there);
    old.say("2").await;
    assert_eq!(old.hear().await, Ok("here 2".to_owned()), "what is open stays");
    let mut new = Client::dial(&link).await;
    new.say("3").await;
    assert_eq!(new.hear().await, Ok("there 3".to_owned()));
}
