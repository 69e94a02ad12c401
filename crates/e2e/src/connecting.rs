//! What a caller's backend does to have its users connect profiles on networks' consent pages.

use domain::platform::Platform;
use serde_json::{Value, json};

use crate::{
    Reply, Tenant,
    browser::{Answer, Browser, HOME, Stop},
    eventually,
    tenant::Connected,
    world::Resident,
};

/// An OAuth app of the caller's own.
#[derive(Debug, Clone)]
pub struct OwnApp {
    /// `net_...`
    pub id: String,
    /// Where the network sends browsers back to.
    pub callback_url: String,
    /// The network's name of it.
    pub client_id: String,
}

impl Tenant {
    /// The body of a wish to connect a profile.
    pub fn wish(&self, resident: &Resident, owner: &str) -> Value {
        json!({
            "platform": resident.platform, "external_id": owner, "redirect_uri": HOME, "state": "the caller's",
            "platform_data": self.platform_data(resident),
        })
    }

    /// What a network has to be told beforehand.
    fn platform_data(&self, resident: &Resident) -> Value {
        match resident.platform {
            Platform::Mastodon => json!({"instance": self.world.caller().origin().as_str().trim_end_matches('/')}),
            Platform::Bluesky => json!({"handle": resident.username}),
            _ => json!({}),
        }
    }

    /// Where the browser is to go.
    pub async fn auth_url(&self, wish: &Value) -> String {
        // The connector may be a moment behind: "try again" is an answer too.
        let reply = eventually("a way to connect", async || {
            let reply = self.caller.post("/v1/social-accounts/auth-url", wish.clone()).await;
            (reply.status != 503).then_some(reply)
        })
        .await;
        let body = reply.expect(201);
        body["auth_url"].as_str().unwrap_or_else(|| panic!("{body:#}")).to_owned()
    }

    /// The person says yes. On networks whose pages belong to persons it is the person who signs in, not the page: the
    /// one whom the box offers first.
    pub fn yes<'a>(&self, resident: &'a Resident) -> Answer<'a> {
        match resident.platform {
            Platform::Facebook => Answer { decision: "allow", ..Answer::default() },
            _ => Answer::allow(&resident.account),
        }
    }

    /// A person's whole way over the consent page.
    pub async fn consent(&self, wish: &Value, answer: &Answer<'_>) -> Stop {
        Browser::default().consent(&self.auth_url(wish).await, answer).await
    }

    /// The caller's word on what waits.
    pub async fn finalize(&self, session: &str, owner: &str) -> Reply {
        let path = format!("/v1/social-accounts/pending/{session}/finalize");
        self.caller.post(&path, json!({"external_id": owner})).await
    }

    /// Connects a profile on its network's consent page.
    ///
    /// # Panics
    /// When it is not connected.
    pub async fn connect_by_consent(&self, resident: Resident, owner: &str) -> Connected {
        let wish = self.wish(&resident, owner);
        let session = self.consent(&wish, &self.yes(&resident)).await.session();
        let done = self.finalize(&session, owner).await.expect(200);
        let account = &done["accounts"][0];
        assert_eq!(account["network_unique_id"], resident.account, "{done:#}");
        Connected { id: account["id"].as_str().expect("an id").to_owned(), resident }
    }

    /// Brings an app: here first, for its callback URL, then to the network, which takes that and no other.
    ///
    /// # Panics
    /// When one of them does not take it.
    pub async fn bring_app(&self, platform: Platform) -> OwnApp {
        let told = json!({"platform": platform, "client_id": "unknown", "client_secret": "unknown-too"});
        let brought = self.caller.post("/v1/social-networks", told).await;
        assert!(matches!(brought.status, 200 | 201), "{}", brought.text);
        let callback_url = brought.body["callback_url"].as_str().expect("a callback URL").to_owned();
        let asked = json!({"platform": platform, "redirect_uris": [callback_url]});
        let made = self.world.caller().post("/_sandbox/apps", asked).await.expect(201);
        let told = json!({
            "platform": platform, "client_id": made["client_id"], "client_secret": made["client_secret"],
        });
        let again = self.caller.post("/v1/social-networks", told).await.expect(200);
        assert_eq!(again["id"], brought.body["id"]);
        let client_id = made["client_id"].as_str().expect("a client id").to_owned();
        OwnApp { id: again["id"].as_str().expect("an id").to_owned(), callback_url, client_id }
    }
}
