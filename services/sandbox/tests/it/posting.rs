//! Publishing on any of the networks, so that a test can be the same for all.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::given::{Account, Answer, Given, answer, read};

pub(crate) const ALL: [Network; 4] = [Network::Bluesky, Network::LinkedIn, Network::Mastodon, Network::X];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Network {
    Bluesky,
    LinkedIn,
    Mastodon,
    X,
}

/// An account that is logged in.
pub(crate) struct Author {
    pub(crate) network: Network,
    pub(crate) account: Account,
    pub(crate) token: String,
    /// Of Bluesky's session, or X's token.
    pub(crate) refresh: String,
}

impl Network {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bluesky => "bluesky",
            Self::LinkedIn => "linkedin",
            Self::Mastodon => "mastodon",
            Self::X => "x",
        }
    }

    pub(crate) async fn author(self, given: &Given, username: &str) -> Author {
        let account = match self {
            // An organization, whose posts can be read back.
            Self::LinkedIn => given.organization(username).await,
            _ => given.account(self.name(), username).await,
        };
        let word = |key: &str| account.credentials[key].as_str().unwrap_or_default().to_owned();
        let (token, refresh) = match self {
            Self::Bluesky => {
                let session = log_in(given, &account).await.expect(200);
                (session.text_at("/accessJwt"), session.text_at("/refreshJwt"))
            }
            Self::LinkedIn | Self::Mastodon | Self::X => (word("access_token"), word("refresh_token")),
        };
        Author { network: self, account, token, refresh }
    }

    /// What the network answers when it published.
    pub(crate) fn accepts(self) -> u16 {
        if matches!(self, Self::LinkedIn | Self::X) { 201 } else { 200 }
    }
}

pub(crate) async fn log_in(given: &Given, account: &Account) -> Answer {
    let (identifier, password) = (&account.credentials["identifier"], &account.credentials["app_password"]);
    let login = json!({"identifier": identifier, "password": password});
    answer(given.post("/xrpc/com.atproto.server.createSession").json(&login)).await
}

/// A request to LinkedIn's versioned API.
pub(crate) fn linkedin(request: RequestBuilder, token: &str) -> RequestBuilder {
    let request = request.bearer_auth(token).header("linkedin-version", "202609");
    request.header("x-restli-protocol-version", "2.0.0")
}

/// A text as LinkedIn wants it, with backslashes before what is reserved.
pub(crate) fn escaped(text: &str) -> String {
    let reserved = |letter: char| "\\|{}@[]()<>#*_~".contains(letter);
    text.chars().flat_map(|letter| reserved(letter).then_some('\\').into_iter().chain([letter])).collect()
}

/// A record with a text and nothing else.
pub(crate) fn record(text: &str) -> Value {
    json!({"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-11-22T10:00:00.000Z"})
}

impl Author {
    /// A request that publishes a text.
    pub(crate) fn publishing(&self, given: &Given, text: &str) -> RequestBuilder {
        match self.network {
            Network::Bluesky => {
                let body = json!({"repo": self.account.id, "collection": "app.bsky.feed.post", "record": record(text)});
                given.post("/xrpc/com.atproto.repo.createRecord").bearer_auth(&self.token).json(&body)
            }
            Network::LinkedIn => linkedin(given.post("/linkedin/rest/posts"), &self.token).json(&json!({
                "author": self.account.id,
                "commentary": escaped(text),
                "visibility": "PUBLIC",
                "distribution":
                    {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
                "lifecycleState": "PUBLISHED",
                "isReshareDisabledByAuthor": false,
            })),
            Network::Mastodon => given.post("/api/v1/statuses").bearer_auth(&self.token).json(&json!({"status": text})),
            Network::X => given.post("/x/2/tweets").bearer_auth(&self.token).json(&json!({"text": text})),
        }
    }

    /// The answer, or the connection's error.
    pub(crate) async fn publish(&self, given: &Given, text: &str) -> Result<Answer, reqwest::Error> {
        Ok(read(self.publishing(given, text).send().await?).await)
    }

    /// Everything of this account that became public.
    pub(crate) async fn public(&self, given: &Given) -> Vec<String> {
        let entries = given.ledger(&format!("?account={}", self.account.id)).await;
        entries.iter().map(|entry| entry["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A read that a publisher does to learn what became of a post.
    pub(crate) fn probing(&self, given: &Given) -> RequestBuilder {
        let id = &self.account.id;
        match self.network {
            Network::Bluesky => {
                given.get(&format!("/xrpc/com.atproto.repo.listRecords?repo={id}&collection=app.bsky.feed.post"))
            }
            Network::LinkedIn => {
                linkedin(given.get(&format!("/linkedin/rest/posts?q=author&author={id}")), &self.token)
            }
            Network::Mastodon => given.get(&format!("/api/v1/accounts/{id}/statuses")).bearer_auth(&self.token),
            Network::X => given.get(&format!("/x/2/users/{id}/tweets?max_results=5")).bearer_auth(&self.token),
        }
    }
}
