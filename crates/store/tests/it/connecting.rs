//! What tests of connecting share: who acts, an app, an attempt, and what it found.

use std::time::Duration;

use domain::{
    ids::{AccountId, NetworkId},
    platform::Platform,
};
use serde_json::{Value, json};
use store::{
    accounts::{self, Profile},
    audit::Actor,
    networks::{self, NewNetwork, Upserted},
    sessions::{self, Choice, Finalize, Finalized, NewSession, Redeemed, Resealed, Selection, Session, Sought},
};
use uuid::Uuid;

use crate::house::House;

impl House {
    pub(crate) async fn actor(&self) -> Actor {
        Actor { project_id: self.project, name: "test".to_owned(), at: self.now().await }
    }

    /// An app of X's.
    pub(crate) async fn app(&self) -> NetworkId {
        let id = NetworkId(Uuid::now_v7());
        let done = networks::upsert(&self.database, self.actor().await, app(id), None).await.unwrap();
        assert!(matches!(done, Upserted::Done(_)), "{done:?}");
        id
    }

    /// An attempt whose browser has not come back.
    pub(crate) async fn begun(&self, state: &str, owner: Option<&str>, app: Option<NetworkId>) -> Uuid {
        let new = NewSession {
            id: Uuid::now_v7(),
            project_id: self.project,
            platform: Platform::X,
            variant: "default".to_owned(),
            social_network_id: app,
            state_hash: sessions::hash(state),
            external_id: owner.map(str::to_owned),
            redirect_uri: "https://app.example/return?a=b".to_owned(),
            caller_state: Some("echo".to_owned()),
            scopes: vec!["tweet.write".to_owned()],
            auto_finalize: false,
            platform_data: json!({"a": 1}),
            dialect: None,
            sealed: b"verifier".to_vec(),
            trace: None,
            lifetime: Duration::from_secs(600),
        };
        let id = new.id;
        assert!(sessions::begin(&self.database, new).await.unwrap().is_some());
        id
    }

    /// Its browser comes back.
    pub(crate) async fn redeemed(&self, state: &str) -> Session {
        match sessions::redeem(&self.database, &sessions::hash(state)).await.unwrap() {
            Some(Redeemed::InTime(session)) => *session,
            other => panic!("{other:?}"),
        }
    }

    /// An attempt, named as its state, that found profiles with these ids.
    pub(crate) async fn pending(&self, name: &str, owner: Option<&str>, ids: &[&str]) -> Uuid {
        self.begun(name, owner, None).await;
        let session = self.redeemed(name).await.id;
        let mut choices = Vec::new();
        for id in ids {
            choices.push(self.choice(id, name).await);
        }
        let expires = sessions::found(&self.database, session, &sessions::hash(name), &choices).await.unwrap();
        assert!(expires.unwrap() > self.now().await);
        session
    }

    /// A profile, sealed to the account that it has.
    pub(crate) async fn choice(&self, id: &str, tokens: &str) -> Choice {
        Choice {
            account_id: self.account_of(id).await,
            realm: String::new(),
            network_unique_id: id.to_owned(),
            username: format!("at-{id}"),
            display_name: Some(format!("Page {id}")),
            profile_image_url: None,
            profile_url: None,
            account_type: "page".to_owned(),
            scopes: vec!["tweet.write".to_owned()],
            facts: Value::Null,
            token_expires_at: None,
            refresh_at: None,
            sealed_tokens: tokens.as_bytes().to_vec(),
        }
    }

    async fn account_of(&self, id: &str) -> AccountId {
        let profile = Profile { platform: Platform::X, realm: String::new(), network_unique_id: id.to_owned() };
        let found = accounts::find_profile(&self.database, self.project, &profile).await.unwrap();
        found.unwrap_or_else(|| AccountId(Uuid::now_v7()))
    }

    pub(crate) async fn finalize(&self, name: &str, selection: Selection, owner: Option<&str>) -> Finalized {
        let (actor, session_hash) = (self.actor().await, sessions::hash(name));
        let word = Finalize { actor: &actor, session_hash: &session_hash, selection, external_id: owner, trace: None };
        sessions::finalize(&self.database, &word).await.unwrap()
    }

    /// As the gateway does it: raced attempts are sealed anew, by moving the tokens, and tried again.
    pub(crate) async fn finalize_anew(&self, name: &str, owner: Option<&str>) -> Finalized {
        for _ in 0..4 {
            match self.finalize(name, Selection::All, owner).await {
                Finalized::Raced { session } => self.reseal(session).await,
                done => return done,
            }
        }
        panic!("raced all the while");
    }

    async fn reseal(&self, session: Uuid) {
        let Sought::Here(choices) = sessions::list_sealed(&self.database, self.project, session).await.unwrap() else {
            panic!("it is over");
        };
        let mut resealed = Vec::new();
        for choice in choices {
            let account_id = self.account_of(&choice.network_unique_id).await;
            resealed.push(Resealed { was: choice.account_id, account_id, sealed_tokens: choice.sealed_tokens });
        }
        assert!(sessions::reseal(&self.database, self.project, session, &resealed).await.unwrap());
    }

    /// The tokens of a profile's account, readable since nobody sealed them.
    pub(crate) async fn tokens_of(&self, id: &str) -> Vec<String> {
        let sql = format!(
            "SELECT convert_from(k.sealed, 'UTF8') FROM account_tokens k JOIN social_accounts a ON a.id = k.account_id \
             WHERE a.network_unique_id = '{id}'"
        );
        self.server.texts(&sql).await
    }

    pub(crate) async fn audited(&self) -> Vec<String> {
        self.server.texts("SELECT action FROM audit_log ORDER BY id").await
    }
}

pub(crate) fn app(id: NetworkId) -> NewNetwork {
    NewNetwork {
        id,
        platform: Platform::X,
        variant: "default".to_owned(),
        display_name: None,
        client_id: "client".to_owned(),
        sealed_secret: Some(b"secret".to_vec()),
        scopes: vec!["tweet.write".to_owned()],
        extra: json!({}),
    }
}
