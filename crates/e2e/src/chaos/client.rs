//! Callers who write down what they were told of each call, and ask again with the same key where they were told nothing.

mod order;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use egress::{Body, ExchangeError, Method};
use jiff::SignedDuration;
use runtime::{
    clock::{Clock as _, SystemClock},
    shutdown::Shutdown,
};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use super::evidence::{Call, Outcome};
use crate::{Caller, Connected, Reply, Tenant, hooks::Hook, tenant::id};

pub use order::{Order, Orders, Shape};

/// A caller hangs up after this.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries of the same call.
const BETWEEN: Duration = Duration::from_millis(400);
/// A call nobody answers is given up on, and stays unknown.
const GIVE_UP: Duration = Duration::from_secs(90);
/// Calls under way at a time: whoever is not answered must not pile up.
const AT_ONCE: usize = 64;

/// A tenant with its accounts and its endpoint.
#[derive(Clone)]
pub struct Lodger {
    /// Its calls.
    pub tenant: Tenant,
    /// Where it posts.
    pub accounts: Vec<Connected>,
    /// An upload that posts may have with them.
    pub picture: String,
    /// What listens, where anybody does.
    pub hook: Option<Arc<Hook>>,
}

/// Calls under way and the log of all of them.
pub struct Client {
    log: Arc<Mutex<Vec<Call>>>,
    stop: Shutdown,
    calling: tokio::task::JoinHandle<()>,
}

impl Client {
    /// Calls from now on, with a pause of about so long between two calls.
    pub fn start(lodgers: Vec<Lodger>, seed: u64, pause: Duration) -> Self {
        let (log, stop) = (Arc::default(), Shutdown::new(PATIENCE));
        let calling = tokio::spawn(call_on(lodgers, seed, pause, Arc::clone(&log), stop.clone()));
        Self { log, stop, calling }
    }

    /// Accepted so far.
    pub fn accepted(&self) -> usize {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter(|call| matches!(call.outcome, Outcome::Ok(_))).count()
    }

    /// Begins no more calls, waits for those under way, and hands over the log.
    ///
    /// # Panics
    /// When a caller did.
    pub async fn finish(&mut self) -> Vec<Call> {
        self.stop.stop();
        (&mut self.calling).await.expect("callers do not panic");
        std::mem::take(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn call_on(lodgers: Vec<Lodger>, seed: u64, pause: Duration, log: Arc<Mutex<Vec<Call>>>, stop: Shutdown) {
    let sizes: Vec<_> = lodgers.iter().map(|lodger| lodger.accounts.len()).collect();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut calls = JoinSet::new();
    for order in Orders::of(seed, &sizes, pause) {
        tokio::select! {
            () = stop.soft().cancelled() => break,
            () = tokio::time::sleep(order.pause) => {}
        }
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (lodger, log) = (lodgers[order.tenant].clone(), Arc::clone(&log));
        calls.spawn(async move {
            let call = make(&lodger, &order).await;
            log.lock().unwrap_or_else(PoisonError::into_inner).push(call);
            drop(place);
        });
        while let Some(made) = calls.try_join_next() {
            made.expect("a caller does not panic");
        }
    }
    while let Some(made) = calls.join_next().await {
        made.expect("a caller does not panic");
    }
}

/// One call, until its caller knows or gives up.
async fn make(lodger: &Lodger, order: &Order) -> Call {
    let accounts: Vec<_> = order.accounts.iter().filter_map(|place| lodger.accounts.get(*place)).collect();
    let (body, text) = body_of(order, lodger, &accounts);
    let key = format!("key of {text}");
    let began = Instant::now();
    let mut outcome = create(&lodger.tenant.caller, &body, &key).await;
    while outcome == Outcome::Unknown && began.elapsed() < GIVE_UP {
        tokio::time::sleep(BETWEEN).await;
        // A "no" to the second try says nothing of the first, which may still be under way.
        if let Outcome::Ok(id) = create(&lodger.tenant.caller, &body, &key).await {
            outcome = Outcome::Ok(id);
        }
    }
    let canceled = match &outcome {
        Outcome::Ok(post) if order.shape == Shape::CalledOff => call_off(&lodger.tenant.caller, post).await,
        _ => Vec::new(),
    };
    Call {
        tenant: order.tenant,
        text,
        accounts: accounts.iter().map(|account| account.resident.account.clone()).collect(),
        outcome,
        canceled,
    }
}

fn body_of(order: &Order, lodger: &Lodger, accounts: &[&Connected]) -> (Value, String) {
    let text = format!("{} of {}", order.number, order.seed);
    let ids: Vec<_> = accounts.iter().map(|account| account.id.as_str()).collect();
    let mut body = json!({"accounts": ids});
    let now = SystemClock.now();
    let ahead = |by: Duration| {
        let at = now.saturating_add(by).unwrap_or(now);
        jiff::Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at).to_string()
    };
    let mut first = text.clone();
    match order.shape {
        Shape::AtOnce => body["content"] = json!(text),
        Shape::Picture => {
            body["content"] = json!(text);
            body["media"] = json!([{"id": lodger.picture, "alt_text": "a pattern"}]);
        }
        Shape::Perishable(lateness) => {
            body["content"] = json!(text);
            body["max_lateness"] = json!(SignedDuration::try_from(lateness).unwrap_or_default().to_string());
        }
        Shape::Later(by) => {
            body["content"] = json!(text);
            body["scheduled_at"] = json!(ahead(by));
        }
        Shape::CalledOff => {
            body["content"] = json!(text);
            body["scheduled_at"] = json!(ahead(Duration::from_secs(5)));
        }
        Shape::Thread(parts) => {
            let part = |place| format!("{text}, part {place}");
            first = part(0);
            body["containers"] = (0..parts).map(|place| json!({"content": part(place)})).collect();
        }
    }
    (body, first)
}

async fn create(caller: &Caller, body: &Value, key: &str) -> Outcome {
    let headers = [("idempotency-key", key)];
    let asked = caller.try_call(Method::POST, "/v1/posts", Body::Json(body.clone()), &headers);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(reply)) => judge(&reply),
        Ok(Err(ExchangeError::NotSent { message, .. })) => Outcome::Fail(message),
        Ok(Err(ExchangeError::Ambiguous { .. })) | Err(_) => Outcome::Unknown,
    }
}

fn judge(reply: &Reply) -> Outcome {
    match reply.status {
        200 | 201 => Outcome::Ok(id(&reply.body).to_owned()),
        // The same key is under way elsewhere, or we are too fast: neither says anything of the call.
        409 | 429 => Outcome::Unknown,
        400..500 => Outcome::Fail(reply.text.clone()),
        _ => Outcome::Unknown,
    }
}

/// A post to all accounts of a tenant that is called off before its time: each account is looked at then, for nothing.
pub(super) async fn false_alarm(lodger: &Lodger, seed: u64, number: usize) {
    let accounts: Vec<_> = lodger.accounts.iter().collect();
    let ids: Vec<_> = accounts.iter().map(|account| account.id.as_str()).collect();
    let at = SystemClock.now().saturating_add(Duration::from_millis(1_500)).unwrap_or_default();
    let body =
        json!({"accounts": ids, "content": format!("false alarm {number} of {seed}"), "scheduled_at": at.to_string()});
    if let Outcome::Ok(post) = create(&lodger.tenant.caller, &body, &format!("alarm {number} of {seed}")).await {
        call_off(&lodger.tenant.caller, &post).await;
    }
}

/// Calls a post off, target by target. Those whose cancelling was acknowledged.
async fn call_off(caller: &Caller, post: &str) -> Vec<String> {
    let call = async |method, path: &str| {
        let asked = caller.try_call(method, path, Body::Empty, &[]);
        tokio::time::timeout(PATIENCE, asked).await.ok()?.ok().filter(|reply| reply.status == 200)
    };
    let Some(read) = call(Method::GET, &format!("/v1/posts/{post}")).await else { return Vec::new() };
    let mut canceled = Vec::new();
    for target in read.body["targets"].as_array().into_iter().flatten() {
        let target = id(target);
        if call(Method::POST, &format!("/v1/posts/{post}/targets/{target}/cancel")).await.is_some() {
            canceled.push(target.to_owned());
        }
    }
    canceled
}
