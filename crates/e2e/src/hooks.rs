//! A receiver of webhooks that checks what it receives, by Standard Webhooks 1.0.0 and nothing of ours.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::receiver::{Received, Receiver};

use crate::{
    Tenant,
    tenant::id,
    waiting::{PATIENCE, within},
};

/// An endpoint of a tenant.
pub struct Hook {
    /// What listens.
    pub receiver: Receiver,
    /// `whsec_...`
    pub secret: String,
    /// `wh_...`
    pub id: String,
}

impl Hook {
    /// Listens and registers.
    pub async fn of(tenant: &Tenant, events: &[&str]) -> Self {
        let receiver = Receiver::start().await;
        let body = json!({"url": receiver.url("/hook"), "events": events});
        let made = tenant.caller.post("/v1/webhooks", body).await.expect(201);
        let secret = made["signing_secret"].as_str().expect("a secret, once").to_owned();
        Self { id: id(&made).to_owned(), receiver, secret }
    }

    /// All deliveries so far, verified.
    pub fn events(&self) -> Vec<Value> {
        self.receiver.received_at("/hook").iter().map(|received| self.verified(received)).collect()
    }

    /// Waits for an event of a type about a resource: its delivery, and its body once verified.
    pub async fn wait_for(&self, kind: &str, about: &str) -> (Received, Value) {
        self.wait_for_any(&[kind], about).await
    }

    /// As [`Hook::wait_for`], for one of some types.
    ///
    /// # Panics
    /// When none comes.
    pub async fn wait_for_any(&self, kinds: &[&str], about: &str) -> (Received, Value) {
        let mut told = Vec::new();
        let looking = within(PATIENCE * 2, "it is delivered", async || {
            let found = self.receiver.received_at("/hook").into_iter().find_map(|received| {
                let event = self.verified(&received);
                let is_wanted =
                    kinds.iter().any(|kind| event["type"] == *kind) && event["data"].to_string().contains(about);
                is_wanted.then_some((received, event))
            });
            told = self.events().iter().map(|event| event["type"].to_string()).collect();
            found
        });
        let found = tokio::time::timeout(PATIENCE, looking).await;
        found.unwrap_or_else(|_| panic!("{kinds:?} about {about} was not delivered; but {told:?}"))
    }

    /// The body of a delivery, whose signature is right.
    ///
    /// # Panics
    /// When it is not.
    pub fn verified(&self, received: &Received) -> Value {
        assert!(verify(&self.secret, received), "a wrong signature: {:?}", received.headers);
        serde_json::from_slice(&received.body).expect("JSON")
    }
}

/// Whether one of the signatures is right.
pub fn verify(secret: &str, received: &Received) -> bool {
    let Some(key) = secret.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok()) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return false };
    mac.update(format!("{}.{}.", received.header("webhook-id"), received.header("webhook-timestamp")).as_bytes());
    mac.update(&received.body);
    let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    received.header("webhook-signature").split(' ').any(|signature| signature == right)
}
