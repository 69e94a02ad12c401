//! Fetching a picture or video by its address, as Meta's crawler does: a few redirects, one time limit for it all, a cap on
//! the bytes, and no second try.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::{Bytes, BytesMut};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::handshake;
use hyper::header::{HOST, LOCATION, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

/// For everything, from the name's address to the last byte.
const LIMIT: Duration = Duration::from_secs(10);
const MOST_REDIRECTS: usize = 3;
/// What Meta's crawler calls itself.
const AGENT: &str = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)";

/// Why nothing was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfetched {
    /// Not an http or https address.
    Address,
    /// No connection, or it broke.
    Unreachable,
    /// Another status than 200.
    Refused,
    TooLarge,
    TooSlow,
}

/// The bytes at an address, `most` at most.
pub(crate) async fn fetch(address: &str, most: usize) -> Result<Bytes, Unfetched> {
    within(LIMIT, address, most).await
}

async fn within(limit: Duration, address: &str, most: usize) -> Result<Bytes, Unfetched> {
    tokio::time::timeout(limit, follow(address, most)).await.unwrap_or(Err(Unfetched::TooSlow))
}

async fn follow(address: &str, most: usize) -> Result<Bytes, Unfetched> {
    let mut url = Url::parse(address).map_err(|_| Unfetched::Address)?;
    for _ in 0..=MOST_REDIRECTS {
        let response = get(&url).await?;
        match response.status().as_u16() {
            200 => return collect(response.into_body(), most).await,
            301 | 302 | 303 | 307 | 308 => {
                let next = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                url = next.and_then(|next| url.join(next).ok()).ok_or(Unfetched::Refused)?;
            }
            _ => return Err(Unfetched::Refused),
        }
    }
    Err(Unfetched::Refused)
}

async fn get(url: &Url) -> Result<Response<Incoming>, Unfetched> {
    let host = url.host_str().ok_or(Unfetched::Address)?;
    let port = url.port_or_known_default().ok_or(Unfetched::Address)?;
    let plain = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let connect = async || TcpStream::connect((plain.as_str(), port)).await.map_err(|_| Unfetched::Unreachable);
    match url.scheme() {
        "http" => exchange(connect().await?, url).await,
        "https" => {
            let name = ServerName::try_from(plain.clone()).map_err(|_| Unfetched::Address)?;
            let connector = TlsConnector::from(trust().ok_or(Unfetched::Unreachable)?);
            let stream = connector.connect(name, connect().await?).await.map_err(|_| Unfetched::Unreachable)?;
            exchange(stream, url).await
        }
        _ => Err(Unfetched::Address),
    }
}

/// Mozilla's roots. `None` only if the cryptography that is compiled in knows no TLS version.
fn trust() -> Option<Arc<ClientConfig>> {
    static TRUST: OnceLock<Option<Arc<ClientConfig>>> = OnceLock::new();
    let make = || {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
        Some(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    };
    TRUST.get_or_init(make).clone()
}

/// One request on a connection of its own.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    url: &Url,
) -> Result<Response<Incoming>, Unfetched> {
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| Unfetched::Unreachable)?;
    // It ends with the body, or with whoever reads it; how is seen there.
    drop(tokio::spawn(connection));
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let request = Request::get(path).header(HOST, authority(url)).header(USER_AGENT, AGENT);
    let request = request.body(String::new()).map_err(|_| Unfetched::Address)?;
    sender.send_request(request).await.map_err(|_| Unfetched::Unreachable)
}

/// Host and port, without a user's name.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn collect(mut body: Incoming, most: usize) -> Result<Bytes, Unfetched> {
    if body.size_hint().lower() > most as u64 {
        return Err(Unfetched::TooLarge);
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Unfetched::Unreachable)?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > most {
                return Err(Unfetched::TooLarge);
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes.freeze())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers each connection with the same bytes and then, if it is to, never ends.
    async fn server(answer: &'static str, repeats: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    // However much of the request has come, the answer is the same.
                    let _ = stream.read(&mut [0; 1024]).await;
                    while stream.write_all(answer.as_bytes()).await.is_ok() && repeats {}
                    // Open, and silent.
                    let _ = stream.read(&mut [0; 1]).await;
                });
            }
        });
        format!("http://{address}/a.jpg")
    }

    async fn fetched(answer: &'static str, repeats: bool) -> Result<Bytes, Unfetched> {
        within(Duration::from_millis(500), &server(answer, repeats).await, 1_000).await
    }

    #[tokio::test]
    async fn whatever_a_server_answers_there_is_an_end() {
        let good = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(fetched(good, false).await, Ok(Bytes::from("abc")));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert_eq!(fetched(chunked, false).await, Ok(Bytes::from("abc")));
        let huge = "HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\nabc";
        assert_eq!(fetched(huge, false).await, Err(Unfetched::TooLarge));
        assert_eq!(fetched("HTTP/1.1 200 OK\r\n\r\nendless", true).await, Err(Unfetched::TooLarge));
        assert_eq!(fetched("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", false).await, Err(Unfetched::TooSlow));
        assert_eq!(fetched("", false).await, Err(Unfetched::TooSlow));
        assert_eq!(fetched("nonsense\r\n\r\n", false).await, Err(Unfetched::Unreachable));
        assert_eq!(
            fetched("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false).await,
            Err(Unfetched::Refused)
        );
    }

    #[tokio::test]
    async fn redirects_are_followed_and_a_loop_is_left() {
        let round = "HTTP/1.1 302 Found\r\nLocation: /b.jpg\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(fetched(round, false).await, Err(Unfetched::Refused));
        let elsewhere = "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(fetched(elsewhere, false).await, Err(Unfetched::Address));
        let good = server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false).await;
        let moved = format!("HTTP/1.1 301 Moved\r\nLocation: {good}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(fetched(moved.leak(), false).await, Ok(Bytes::from("abc")));
        for address in ["", "a.jpg", "ftp://127.0.0.1/a", "data:,a"] {
            assert_eq!(fetch(address, 1).await, Err(Unfetched::Address), "{address}");
        }
    }
}
