//! A person's browser, and the caller's backend that sends it somewhere.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    connection::{BeginAnswer, BeginRequest, ConnectQuestion},
    ids::NetworkId,
    platform::Platform,
    policy::Mode,
};
use egress::{Body, Deadline, Door, EgressSettings, Limits, Method, Request};
use serde_json::json;
use store::networks::{self, NewNetwork, Upserted};
use url::Url;
use uuid::Uuid;
use vault::Context;

use crate::world::World;

/// Where callers want their browsers back.
pub(crate) const RETURN: &str = "https://app.example/return?kept=1";

/// What a browser is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Shown {
    /// Where it is sent on.
    pub(crate) fn to(&self) -> Url {
        assert_eq!(self.status, 303, "{}", self.text);
        self.headers["location"].parse().expect("an address")
    }

    /// What it takes to its caller.
    pub(crate) fn brought(&self) -> BTreeMap<String, String> {
        let to = self.to();
        assert!(to.as_str().starts_with(RETURN), "{to}");
        to.query_pairs().into_owned().collect()
    }

    /// With what code.
    pub(crate) fn failed(&self) -> String {
        let brought = self.brought();
        assert_eq!(brought["status"], "error", "{brought:?}");
        assert!(!brought["message"].is_empty());
        brought["code"].clone()
    }

    /// Under what name something waits.
    pub(crate) fn session(&self) -> String {
        let brought = self.brought();
        assert_eq!(brought["status"], "pending", "{brought:?}");
        brought["session"].clone()
    }
}

/// Goes to an address of ours.
pub(crate) async fn visit(method: Method, url: Url, form: Option<&[(&str, &str)]>) -> Shown {
    let settings = EgressSettings { allow: vec!["127.0.0.1:*".to_owned()], ..EgressSettings::default() };
    let body = form.map_or(Body::Empty, |form| {
        Body::Form(form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    });
    let limits = Limits::new(Deadline::after(Duration::from_secs(30)), 1 << 20);
    let answer =
        Door::new(&settings).unwrap().exchange(Request::new(method, url).body(body), limits).await.expect("an answer");
    Shown {
        status: answer.status.as_u16(),
        headers: answer
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect(),
        text: String::from_utf8_lossy(&answer.body).into_owned(),
    }
}

impl World {
    /// The app of a project for X.
    pub(crate) async fn app(&self, client_id: &str) -> NetworkId {
        let id = NetworkId(Uuid::now_v7());
        let context = Context { table: "social_networks", column: "sealed_secret", row: id.0, project: self.project.0 };
        let new = NewNetwork {
            id,
            platform: Platform::X,
            variant: "default".to_owned(),
            display_name: None,
            client_id: client_id.to_owned(),
            sealed_secret: Some(self.ring.public().seal(b"s3cr3t-of-the-app", &context).unwrap()),
            scopes: vec!["read".to_owned(), "write".to_owned(), "offline".to_owned()],
            extra: json!({}),
        };
        let done = networks::upsert(&self.store, self.actor(), new, None).await.unwrap();
        assert!(matches!(done, Upserted::Done(_)));
        id
    }

    pub(crate) fn begin_request(&self, owner: Option<&str>) -> BeginRequest {
        BeginRequest {
            id: Uuid::now_v7(),
            project_id: self.project,
            mode: Mode::Live,
            platform: Platform::X,
            external_id: owner.map(str::to_owned),
            redirect_uri: RETURN.to_owned(),
            scopes: None,
            auto_finalize: false,
            state: Some("the caller's".to_owned()),
            platform_data: json!({}),
            dialect: None,
            trace: None,
        }
    }

    pub(crate) async fn begin(&self, request: &BeginRequest) -> BeginAnswer {
        self.question(&ConnectQuestion::Begin(Box::new(request.clone()))).await
    }

    /// The network's page that a browser is sent to.
    pub(crate) async fn begun(&self, request: &BeginRequest) -> Page {
        match self.begin(request).await {
            BeginAnswer::Begun { auth_url, .. } => Page(auth_url.parse().expect("an address")),
            other => panic!("not begun: {other:?}"),
        }
    }
}

/// A network's consent page.
#[derive(Debug, Clone)]
pub(crate) struct Page(pub(crate) Url);

impl Page {
    pub(crate) fn parameter(&self, name: &str) -> String {
        self.0
            .query_pairs()
            .find(|(key, _)| key == name)
            .unwrap_or_else(|| panic!("no {name}: {}", self.0))
            .1
            .into_owned()
    }

    /// The address that the network sends the browser back to.
    pub(crate) fn back(&self, brings: &[(&str, &str)]) -> Url {
        let mut url: Url = self.parameter("redirect_uri").parse().unwrap();
        url.query_pairs_mut().append_pair("state", &self.parameter("state")).extend_pairs(brings);
        url
    }

    /// The person says yes, and the browser comes back.
    pub(crate) async fn allow(&self, code: &str) -> Shown {
        visit(Method::GET, self.back(&[("code", code)]), None).await
    }
}
