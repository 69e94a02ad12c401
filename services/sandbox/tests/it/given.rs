//! A sandbox of its own for each test, and accounts on it.

use reqwest::{Client, Method, RequestBuilder, Response};
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A running sandbox with a client.
pub(crate) struct Given {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
    /// Kept for as long as the sandbox lives.
    _directory: Option<TempDir>,
}

/// An account and what it connects with.
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) credentials: Value,
}

pub(crate) fn settings(directory: &TempDir) -> Settings {
    Settings { port: 0, data_dir: directory.path().join("data"), workers: 1, ..Settings::default() }
}

pub(crate) fn client() -> Client {
    // Once for the process; later calls find it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().pool_max_idle_per_host(4).redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

impl Given {
    pub(crate) async fn sandbox() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let directory = TempDir::new().expect("a directory");
        let mut settings = settings(&directory);
        change(&mut settings);
        let sandbox = Sandbox::start(settings).await.expect("a sandbox");
        Self { sandbox, client: client(), _directory: Some(directory) }
    }

    /// Over a sandbox whose directory somebody else keeps.
    pub(crate) fn over(sandbox: Sandbox) -> Self {
        Self { sandbox, client: client(), _directory: None }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.sandbox.url()))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub(crate) fn delete(&self, path: &str) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    pub(crate) async fn account(&self, platform: &str, username: &str) -> Account {
        self.made(json!({"platform": platform, "username": username})).await
    }

    /// LinkedIn's other kind of account.
    pub(crate) async fn organization(&self, username: &str) -> Account {
        self.made(json!({"platform": "linkedin", "kind": "organization", "username": username})).await
    }

    /// An account as it is asked for.
    pub(crate) async fn made(&self, body: Value) -> Account {
        let made = answer(self.post("/_sandbox/accounts").json(&body)).await;
        assert!([200, 201].contains(&made.status), "{made:?}");
        let id = made.body["account"].as_str().expect("an id").to_owned();
        Account { id, credentials: made.body["credentials"].clone() }
    }

    /// A fault, set.
    pub(crate) async fn fault(&self, plan: Value) {
        let set = answer(self.post("/_sandbox/faults").json(&plan)).await;
        assert_eq!(set.status, 201, "{set:?}");
    }

    pub(crate) async fn advance(&self, duration: &str) {
        let moved = answer(self.post("/_sandbox/clock").json(&json!({"advance": duration}))).await;
        assert_eq!(moved.status, 200, "{moved:?}");
    }

    pub(crate) async fn enforce_quotas(&self) {
        let set = answer(self.post("/_sandbox/quotas").json(&json!({"enforce": true}))).await;
        assert_eq!(set.status, 200, "{set:?}");
    }

    /// The ledger's entries.
    pub(crate) async fn ledger(&self, query: &str) -> Vec<Value> {
        let listed = answer(self.get(&format!("/_sandbox/ledger{query}"))).await;
        listed.body["data"].as_array().expect("entries").clone()
    }
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    /// `null` when it is not JSON.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn text_at(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The answer, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    read(request.send().await.expect("an answer")).await
}

pub(crate) async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or_default();
    Answer { status, headers, text, body }
}

/// A picture of one colour.
pub(crate) fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(8, 4, image::Rgb([200, 30, 30]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}

/// What begins like a video, which is all that is looked at.
pub(crate) fn mp4() -> Vec<u8> {
    [b"\0\0\0\x20ftypisom".as_slice(), &[0; 500]].concat()
}
