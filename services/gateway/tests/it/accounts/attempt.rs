//! `POST /v1/social-accounts/auth-url`

use std::sync::{Arc, Mutex};

use domain::{
    connection::{BeginAnswer, BeginRequest, ConnectQuestion},
    job::Call,
    platform::Platform,
    policy::Mode,
};
use gateway::Scope;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::house::{House, faults};

const PATH: &str = "/v1/social-accounts/auth-url";

/// A connector that always says the same and remembers what it was asked.
async fn connector(house: &House, answer: BeginAnswer) -> Arc<Mutex<Vec<BeginRequest>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let mut questions = house.bus.answer(Call::Connect, 4).await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let Ok(ConnectQuestion::Begin(request)) = serde_json::from_slice(&question.body) else {
                panic!("another question")
            };
            seen.lock().unwrap().push(*request);
            question.reply(serde_json::to_vec(&answer).unwrap()).await;
        }
    });
    asked
}

fn begun() -> BeginAnswer {
    BeginAnswer::Begun { auth_url: "https://x.example/authorize?state=s".to_owned(), expires_at: Timestamp::UNIX_EPOCH }
}

fn body() -> Value {
    json!({"platform": "x", "external_id": "user_42", "redirect_uri": "http://127.0.0.1:3000/return"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_is_begun_by_the_connector_with_all_that_the_caller_said() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let asked = connector(&house, begun()).await;
    client.patch("/v1/project", json!({"redirect_uris": ["https://app.example/return?a=b"]})).await.expect(200);
    // when
    let all = json!({
        "platform": "mastodon", "external_id": "user_42", "redirect_uri": "https://app.example/return?a=b",
        "scopes": ["read", "write"], "auto_finalize": true, "state": "mine & yours",
        "platform_data": {"instance": "m.example"},
    });
    let answer = client.keyed(PATH, "a", all.clone()).await.expect(201);
    // then
    assert_eq!(
        answer,
        json!({"auth_url": "https://x.example/authorize?state=s", "expires_at": "1970-01-01T00:00:00Z"})
    );
    let request = asked.lock().unwrap()[0].clone();
    assert_eq!((request.project_id, request.mode, request.platform), (client.project, Mode::Test, Platform::Mastodon));
    assert_eq!(request.external_id.as_deref(), Some("user_42"));
    assert_eq!(request.redirect_uri, "https://app.example/return?a=b");
    assert_eq!(request.scopes, Some(vec!["read".to_owned(), "write".to_owned()]));
    assert_eq!((request.auto_finalize, request.state.as_deref()), (true, Some("mine & yours")));
    assert_eq!(request.platform_data, json!({"instance": "m.example"}));
    assert!(request.trace.is_some() && request.dialect.is_none());
    // and each call begins another one, since no address is kept
    client.keyed(PATH, "a", all).await.expect(201);
    assert_ne!(asked.lock().unwrap()[1].id, request.id);
    assert_eq!(house.count("SELECT count(*) FROM idempotency_keys").await, 0);
    // and what is left out is left to the connector
    client.post(PATH, body()).await.expect(201);
    let request = asked.lock().unwrap()[2].clone();
    assert_eq!((request.scopes, request.auto_finalize, request.state), (None, false, None));
    assert_eq!(request.platform_data, json!({}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_of_the_connector_has_its_status() {
    let refused = BeginAnswer::Refused {
        pointer: "/platform_data/instance".to_owned(),
        code: "surprise".to_owned(),
        detail: "There is nobody".to_owned(),
    };
    let cases = [
        (BeginAnswer::NoApp { variant: "default".to_owned() }, 422, "/platform", "missing_app"),
        (refused, 422, "/platform_data/instance", "invalid_option"),
        (BeginAnswer::Unavailable { detail: "down".to_owned() }, 503, "", "unavailable"),
    ];
    for (answer, status, pointer, code) in cases {
        // given
        let house = House::start().await;
        let client = house.client().await;
        connector(&house, answer).await;
        // when
        let answer = client.post(PATH, body()).await;
        // then
        match status {
            422 => assert_eq!(answer.faults(), faults(&[(pointer, code)])),
            _ => drop(answer.problem(status, code)),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_granted_is_asked_of_nobody() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let asked = connector(&house, begun()).await;
    let post = async |body: Value| client.post(PATH, body).await;
    // when, then
    assert_eq!(
        post(json!({
            "platform": "mastodon", "redirect_uri": "https://evil.example/", "scopes": "write", "auto_finalize": 1,
            "state": 1, "platform_data": {"instance": "not a host"}, "dialect": "outstand",
        }))
        .await
        .faults(),
        faults(&[
            ("/auto_finalize", "wrong_type"),
            ("/dialect", "unknown_field"),
            ("/external_id", "required"),
            ("/platform_data/instance", "invalid_option"),
            ("/redirect_uri", "unlisted_url"),
            ("/scopes", "wrong_type"),
            ("/state", "wrong_type"),
        ])
    );
    let mut wrong = body();
    wrong["platform_data"] = json!([]);
    assert_eq!(post(wrong.clone()).await.faults(), faults(&[("/platform_data", "wrong_type")]));
    wrong["platform_data"] = json!({"instance": "m.example"});
    wrong["external_id"] = json!("");
    let found = post(wrong.clone()).await.faults();
    assert!(found.contains(&("/external_id".to_owned(), "too_short".to_owned())) && found.len() == 2, "{found:?}");
    wrong["platform_data"] = json!({"a": "b".repeat(10_001)});
    wrong["external_id"] = json!("user\0");
    assert_eq!(
        post(wrong).await.faults(),
        faults(&[("/external_id", "nul_character"), ("/platform_data", "too_long")])
    );
    assert_eq!(post(json!({"platform": "vimeo"})).await.expect(422)["code"], "unsupported_platform");
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_key_begins_for_its_owner_only() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let bound = house.key(client.project, Some("user_42"), &[Scope::AccountsWrite]).await;
    let asked = connector(&house, begun()).await;
    let mut body = body();
    // when, then
    body["external_id"] = json!("user_43");
    assert_eq!(bound.post(PATH, body.clone()).await.expect(403)["code"], "forbidden");
    body["external_id"] = Value::Null;
    bound.post(PATH, body.clone()).await.expect(201);
    assert_eq!(asked.lock().unwrap()[0].external_id.as_deref(), Some("user_42"));
    assert_eq!(client.post(PATH, body).await.faults(), faults(&[("/external_id", "required")]));
    let reader = house.key(client.project, None, &[Scope::AccountsRead]).await;
    assert_eq!(reader.post(PATH, json!({})).await.expect(403)["code"], "scope_missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_keys_need_a_sandbox() {
    let house = House::without_sandbox().await;
    let client = house.client().await;
    assert_eq!(client.post(PATH, body()).await.expect(422)["code"], "sandbox_unavailable");
}
