use std::sync::{Arc, Mutex};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    account::{Account, AccountStatus},
    connection::{ConnectAnswer, ConnectQuestion, ConnectRequest, SEALED_IN},
    ids::AccountId,
    job::Call,
    platform::Platform,
    policy::Mode,
};
use gateway::Scope;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;
use vault::Context;

use crate::house::{House, faults};

const SECRET: &str = "hunter2-hunter2";

/// A connector that always says the same and remembers what it was asked.
async fn connector(house: &House, answer: ConnectAnswer) -> Arc<Mutex<Vec<ConnectRequest>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let mut questions = house.bus.answer(Call::Connect, 4).await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let Ok(ConnectQuestion::Credentials(request)) = serde_json::from_slice(&question.body) else {
                panic!("another question")
            };
            seen.lock().unwrap().push(request);
            question.reply(serde_json::to_vec(&answer).unwrap()).await;
        }
    });
    asked
}

fn account() -> Account {
    Account {
        id: AccountId(Uuid::now_v7()),
        platform: Platform::Bluesky,
        external_id: Some("user_42".into()),
        social_network_id: None,
        network_unique_id: "did:plc:a".into(),
        username: "alice.example".into(),
        display_name: None,
        profile_image_url: None,
        profile_url: None,
        account_type: "person".into(),
        status: AccountStatus::Active,
        scopes: Vec::new(),
        token_expires_at: None,
        last_synced_at: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn body() -> Value {
    json!({"platform": "bluesky", "external_id": "user_42", "credentials": {"identifier": "alice", "app_password": SECRET}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_reach_the_connector_sealed_and_nobody_else() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let account = account();
    let asked = connector(&house, ConnectAnswer::Connected { account: Box::new(account.clone()), is_new: true }).await;
    // when
    let answer = client.keyed("/v1/social-accounts", "c", body()).await;
    // then
    assert!(!String::from_utf8_lossy(&answer.bytes).contains(SECRET));
    assert_eq!(answer.expect(201), serde_json::to_value(&account).unwrap());
    let request = asked.lock().unwrap()[0].clone();
    assert_eq!((request.project_id, request.mode, request.platform), (client.project, Mode::Test, Platform::Bluesky));
    assert_eq!(request.external_id.as_deref(), Some("user_42"));
    let sealed = STANDARD.decode(&request.sealed_credentials).unwrap();
    let (table, column) = SEALED_IN;
    let context = Context { table, column, row: request.id, project: client.project.0 };
    let opened: Value = serde_json::from_slice(&house.ring.open(&sealed, &context).unwrap()).unwrap();
    assert_eq!(opened, body()["credentials"]);
    // and the same call under the same key asks nobody again
    let replay = client.keyed("/v1/social-accounts", "c", body()).await;
    assert_eq!(replay.header("idempotency-replayed"), "true");
    replay.expect(201);
    assert_eq!(asked.lock().unwrap().len(), 1);
    let kept = house.db.texts("SELECT body::text FROM idempotency_keys").await;
    assert!(!kept.concat().contains(SECRET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_of_the_connector_has_its_status() {
    let id = AccountId(Uuid::now_v7());
    let cases = [
        (ConnectAnswer::Connected { account: Box::new(account()), is_new: false }, 200, ""),
        (ConnectAnswer::Owned { account_id: id }, 409, "account_owned"),
        (ConnectAnswer::Unavailable { detail: "down".into() }, 503, "unavailable"),
    ];
    for (answer, status, code) in cases {
        // given
        let house = House::start().await;
        let client = house.client().await;
        connector(&house, answer).await;
        // when
        let answer = client.keyed("/v1/social-accounts", "c", body()).await;
        // then
        assert_eq!(answer.header("retry-after").is_empty(), status != 503);
        assert_eq!(answer.expect(status)["code"].as_str().unwrap_or_default(), code);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_network_refuses_names_the_field() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let refused = ConnectAnswer::Refused {
        pointer: "/app_password".into(),
        code: "invalid_credentials".into(),
        detail: "Invalid identifier or password".into(),
    };
    connector(&house, refused).await;
    // when
    let answer = client.keyed("/v1/social-accounts", "c", body()).await;
    // then
    assert_eq!(answer.faults(), faults(&[("/credentials/app_password", "invalid_credentials")]));
    // and what is no field's fault is that of all of them, in the words that targets' errors have
    let house = House::start().await;
    let client = house.client().await;
    let refused =
        ConnectAnswer::Refused { pointer: String::new(), code: "token_revoked".into(), detail: "Revoked".into() };
    let asked = connector(&house, refused).await;
    let answer = client.keyed("/v1/social-accounts", "c", body()).await;
    assert_eq!(answer.faults(), faults(&[("/credentials", "token_revoked")]));
    // and the key may be used to try again
    client.keyed("/v1/social-accounts", "c", body()).await.expect(422);
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_good_is_asked_of_nobody() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let asked = connector(&house, ConnectAnswer::Unavailable { detail: String::new() }).await;
    let post = async |body: Value| client.post("/v1/social-accounts", body).await;
    // when, then
    assert_eq!(
        post(json!({"external_id": "", "credentials": "x", "surprise": 1})).await.faults(),
        faults(&[
            ("/platform", "required"),
            ("/external_id", "too_short"),
            ("/credentials", "wrong_type"),
            ("/surprise", "unknown_field"),
        ])
    );
    assert_eq!(
        post(json!({"platform": "x", "credentials": {"access_token": "a\0"}})).await.faults(),
        faults(&[("/credentials/access_token", "nul_character")])
    );
    assert_eq!(
        post(json!({"platform": "x", "credentials": {"access_token": "a".repeat(500_000)}})).await.faults(),
        faults(&[("/credentials", "too_long")])
    );
    assert_eq!(
        post(json!({"platform": "x", "credentials": {}, "legacy_ids": ["acc_1"]})).await.faults(),
        faults(&[("/legacy_ids", "not_available")])
    );
    assert_eq!(post(json!({"platform": "vimeo"})).await.expect(422)["code"], "unsupported_platform");
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_keys_need_a_sandbox() {
    let house = House::without_sandbox().await;
    let client = house.client().await;
    assert_eq!(client.post("/v1/social-accounts", body()).await.expect(422)["code"], "sandbox_unavailable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_connector_cannot_be_asked_it_is_put_off() {
    let house = House::start().await;
    let client = house.client().await;
    house.bus.close().await;
    let answer = client.post("/v1/social-accounts", body()).await;
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(answer.expect(503)["code"], "unavailable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_key_connects_for_its_owner_only() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let bound = house.key(client.project, Some("user_42"), &[Scope::AccountsWrite]).await;
    let asked = connector(&house, ConnectAnswer::Connected { account: Box::new(account()), is_new: true }).await;
    // when, then
    let mut body = body();
    body["external_id"] = json!("user_43");
    assert_eq!(bound.post("/v1/social-accounts", body.clone()).await.expect(403)["code"], "forbidden");
    body["external_id"] = Value::Null;
    bound.post("/v1/social-accounts", body).await.expect(201);
    assert_eq!(asked.lock().unwrap()[0].external_id.as_deref(), Some("user_42"));
    let reader = house.key(client.project, None, &[Scope::AccountsRead]).await;
    assert_eq!(reader.post("/v1/social-accounts", json!({})).await.expect(403)["code"], "scope_missing");
}
