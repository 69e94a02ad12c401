//! A virtual host of its own for each test that wants a broker, gone at the end, also when the test failed.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use egress::{Body, Deadline, Door, EgressSettings, HeaderValue, Limits, Method, Request, Response, header};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::database::{LEFTOVER, off_thread, seconds_now};

/// Names the broker all tests share.
const VARIABLE: &str = "FANFARE__BROKER__URL";
/// Names its HTTP API.
const MANAGEMENT: &str = "FANFARE_DEV_BROKER_MANAGEMENT_URL";
const PREFIX: &str = "fanfare-test-";
const PATIENCE: Duration = Duration::from_secs(30);

/// A virtual host that is this test's alone, for as long as this value lives.
pub struct TestBroker {
    name: String,
    url: Url,
}

/// Makes one.
///
/// # Panics
/// When there is no broker: run tests by `make test` or `deploy/dev/services --for test exec -- cargo nextest run`.
pub async fn broker() -> TestBroker {
    let name = format!("{PREFIX}{}-{}", seconds_now(), Uuid::new_v4().simple());
    let management = Management::new();
    for leftover in management.virtual_hosts().await.into_iter().filter(|name| is_leftover(name)) {
        management.call(Method::DELETE, &format!("vhosts/{leftover}"), None).await;
    }
    let made = management.call(Method::PUT, &format!("vhosts/{name}"), Some(json!({}))).await;
    assert!(made.status.is_success(), "making the virtual host {name}: {}", made.status);
    let everything = json!({"configure": ".*", "write": ".*", "read": ".*"});
    let allowed =
        management.call(Method::PUT, &format!("permissions/{name}/{}", management.user), Some(everything)).await;
    assert!(allowed.status.is_success(), "opening the virtual host {name}: {}", allowed.status);
    let mut url = variable(VARIABLE);
    url.set_path(&name);
    TestBroker { name, url }
}

impl TestBroker {
    /// `amqp://...` of this very virtual host.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Puts bytes of a stranger's into a queue. `kind` is the message's `type`.
    ///
    /// # Panics
    /// When no queue takes them.
    pub async fn put(&self, queue: &str, kind: Option<&str>, bytes: &[u8]) {
        let properties = kind.map_or_else(|| json!({}), |kind| json!({"type": kind}));
        let message = json!({
            "routing_key": queue, "properties": properties, "payload": STANDARD.encode(bytes), "payload_encoding": "base64",
        });
        let answer = self.ask(Method::POST, "exchanges", "amq.default/publish", Some(message)).await;
        assert_eq!(answer["routed"], true, "{queue}: {answer}");
    }

    /// The messages that wait in a queue, at most a thousand; they stay there.
    ///
    /// # Panics
    /// When there is no such queue.
    pub async fn waiting(&self, queue: &str) -> Vec<Vec<u8>> {
        let all = json!({"count": 1_000, "ackmode": "ack_requeue_true", "encoding": "base64"});
        let messages = self.ask(Method::POST, "queues", &format!("{queue}/get"), Some(all)).await;
        let payload = |message: &Value| STANDARD.decode(message["payload"].as_str()?).ok();
        let messages = messages.as_array().unwrap_or_else(|| panic!("{queue}: {messages}"));
        messages.iter().map(|message| payload(message).expect("Base64")).collect()
    }

    /// Takes away what leads from an exchange to a queue under the queue's own name.
    pub async fn unbind(&self, exchange: &str, queue: &str) {
        self.ask(Method::DELETE, "bindings", &format!("e/{exchange}/q/{queue}/{queue}"), None).await;
    }

    /// `null` where there is nothing to say.
    async fn ask(&self, method: Method, kind: &str, path: &str, body: Option<Value>) -> Value {
        let path = format!("{kind}/{}/{path}", self.name);
        let answer = Management::new().call(method, &path, body).await;
        let told = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status.is_success(), "asking the broker for {path}: {} {told}", answer.status);
        serde_json::from_str(&told).unwrap_or_default()
    }

    /// The broker's process, as far as it says.
    pub async fn process(&self) -> Option<u32> {
        let answer = Management::new().call(Method::GET, "nodes?columns=os_pid", None).await;
        let nodes: Value = serde_json::from_slice(&answer.body).ok()?;
        nodes[0]["os_pid"].as_str()?.parse().ok()
    }
}

impl Drop for TestBroker {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        // One that cannot be deleted now is pruned by a later test.
        off_thread(move |runtime| {
            runtime.block_on(async { Management::new().call(Method::DELETE, &format!("vhosts/{name}"), None).await });
        });
    }
}

/// RabbitMQ's HTTP API.
struct Management {
    origin: Url,
    user: String,
    authorization: HeaderValue,
    door: Door,
}

impl Management {
    fn new() -> Self {
        let mut origin = variable(MANAGEMENT);
        let (user, password) = (origin.username().to_owned(), origin.password().unwrap_or_default().to_owned());
        let basic = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        // Neither can fail: the URL has a host.
        let _ = (origin.set_username(""), origin.set_password(None));
        let door = Door::new(&EgressSettings::default()).expect("a door").only(&origin);
        let authorization = HeaderValue::try_from(basic).expect("Base64 is a header's value");
        Self { origin, user, authorization, door }
    }

    async fn virtual_hosts(&self) -> Vec<String> {
        let answer = self.call(Method::GET, "vhosts?columns=name", None).await;
        let hosts: Vec<Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
        hosts.iter().filter_map(|host| Some(host["name"].as_str()?.to_owned())).collect()
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let url = self.origin.join(&format!("/api/{path}")).expect("a path");
        let mut request = Request::new(method, url).header(header::AUTHORIZATION, self.authorization.clone());
        if let Some(body) = body {
            request = request.body(Body::Json(body));
        }
        let limits = Limits::new(Deadline::after(PATIENCE), 16 << 20);
        self.door
            .exchange(request, limits)
            .await
            .unwrap_or_else(|error| panic!("asking the broker for {path}: {error}"))
    }
}

fn is_leftover(name: &str) -> bool {
    let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u64>().ok());
    made.is_some_and(|made| made + LEFTOVER.as_secs() < seconds_now())
}

fn variable(name: &str) -> Url {
    let text = std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set; run tests by `make test` or `deploy/dev/services --for test exec`")
    });
    text.parse().unwrap_or_else(|error| panic!("{name} is not a URL: {error}"))
}
