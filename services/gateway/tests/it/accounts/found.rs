//! `/v1/social-accounts/pending/{session}` and its `finalize`.

use std::{sync::Arc, time::Duration};

use domain::{
    connection::{ConnectQuestion, ResealAnswer, ResealRequest},
    ids::AccountId,
    job::Call,
    platform::Platform,
};
use gateway::Scope;
use serde_json::{Value, json};
use store::{
    Database,
    accounts::{self, Profile},
    sessions::{self, Choice, NewSession, Redeemed, Resealed, Sought},
};
use uuid::Uuid;

use crate::house::{Client, House, faults};

fn path(name: &str) -> String {
    format!("/v1/social-accounts/pending/{name}")
}

fn finalize(name: &str) -> String {
    format!("{}/finalize", path(name))
}

async fn account_of(database: &Database, client: &Client, id: &str) -> AccountId {
    let profile = Profile { platform: Platform::X, realm: String::new(), network_unique_id: id.to_owned() };
    let found = accounts::find_profile(database, client.project, &profile).await.unwrap();
    found.unwrap_or_else(|| AccountId(Uuid::now_v7()))
}

/// An attempt that found profiles with these ids.
async fn pending(house: &House, client: &Client, name: &str, owner: Option<&str>, ids: &[&str]) -> Uuid {
    let id = Uuid::now_v7();
    let new = NewSession {
        id,
        project_id: client.project,
        platform: Platform::X,
        variant: "default".to_owned(),
        social_network_id: None,
        state_hash: sessions::hash(name),
        external_id: owner.map(str::to_owned),
        redirect_uri: "https://app.example/return".to_owned(),
        caller_state: None,
        scopes: Vec::new(),
        auto_finalize: false,
        platform_data: json!({}),
        dialect: None,
        sealed: Vec::new(),
        trace: None,
        lifetime: Duration::from_secs(600),
    };
    sessions::begin(&house.store, new).await.unwrap().unwrap();
    let redeemed = sessions::redeem(&house.store, &sessions::hash(name)).await.unwrap();
    assert!(matches!(redeemed, Some(Redeemed::InTime(_))), "{redeemed:?}");
    let mut choices = Vec::new();
    for unique in ids {
        choices.push(Choice {
            account_id: account_of(&house.store, client, unique).await,
            realm: String::new(),
            network_unique_id: (*unique).to_owned(),
            username: format!("at-{unique}"),
            display_name: None,
            profile_image_url: Some("https://a.example/b.png".to_owned()),
            profile_url: None,
            account_type: "page".to_owned(),
            scopes: Vec::new(),
            facts: Value::Null,
            token_expires_at: None,
            refresh_at: None,
            sealed_tokens: name.as_bytes().to_vec(),
        });
    }
    sessions::found(&house.store, id, &sessions::hash(name), &choices).await.unwrap().unwrap();
    id
}

/// A connector that seals anew what it is asked for, by moving it, once it has put that off so many times.
async fn connector(house: &House, client: &Client, mut put_off: usize) {
    let (database, client) = (house.store.clone(), Arc::new(client.clone()));
    let mut questions = house.bus.answer(Call::Connect, 4).await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            let Ok(ConnectQuestion::Reseal(request)) = serde_json::from_slice(&question.body) else {
                panic!("another question")
            };
            let answer = match put_off {
                0 => reseal(&database, &client, request).await,
                _ => ResealAnswer::Unavailable { detail: "down".to_owned() },
            };
            put_off = put_off.saturating_sub(1);
            question.reply(serde_json::to_vec(&answer).unwrap()).await;
        }
    });
}

async fn reseal(database: &Database, client: &Client, request: ResealRequest) -> ResealAnswer {
    let found = sessions::list_sealed(database, request.project_id, request.session).await.unwrap();
    let Sought::Here(choices) = found else { return ResealAnswer::Gone };
    let mut resealed = Vec::new();
    for choice in choices {
        let account_id = account_of(database, client, &choice.network_unique_id).await;
        resealed.push(Resealed { was: choice.account_id, account_id, sealed_tokens: choice.sealed_tokens });
    }
    match sessions::reseal(database, request.project_id, request.session, &resealed).await.unwrap() {
        true => ResealAnswer::Done,
        false => ResealAnswer::Gone,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_found_is_shown_and_some_of_it_connected_once() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    pending(&house, &client, "name", Some("user_42"), &["1", "2"]).await;
    // when
    let shown = client.get(&path("name")).await.expect(200);
    // then
    assert_eq!((&shown["platform"], &shown["external_id"]), (&json!("x"), &json!("user_42")));
    let page = json!({
        "id": "1", "type": "page", "name": "at-1", "username": "at-1", "profile_image_url": "https://a.example/b.png",
    });
    assert_eq!((&shown["pages"][0], &shown["pages"][1]["id"]), (&page, &json!("2")));
    assert_eq!(shown["chosen_page_ids"], Value::Null);
    // when
    let body = json!({"selected_page_ids": ["2"], "external_id": "user_42"});
    let answer = client.keyed(&finalize("name"), "a", body.clone()).await.expect(200);
    // then
    assert_eq!(answer["rejected"], json!([]));
    let account = &answer["accounts"][0];
    assert_eq!((&account["network_unique_id"], &account["external_id"]), (&json!("2"), &json!("user_42")));
    let id = account["id"].as_str().unwrap();
    assert_eq!(client.get(&format!("/v1/social-accounts/{id}")).await.expect(200), *account);
    assert_eq!(house.count("SELECT count(*) FROM social_accounts").await, 1);
    assert_eq!(client.keyed(&finalize("name"), "a", body.clone()).await.expect(200), answer, "as before");
    client.post(&finalize("name"), body).await.problem(410, "session_expired");
    client.get(&path("name")).await.problem(410, "session_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_meant_is_told_and_changes_nothing() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    pending(&house, &client, "name", Some("user_42"), &["1", "2"]).await;
    let post = async |body: Value| client.post(&finalize("name"), body).await;
    // when, then
    assert_eq!(
        post(json!({"selected_page_ids": ["1", "8", "9"], "external_id": "user_42"})).await.faults(),
        faults(&[("/selected_page_ids/1", "unknown_page"), ("/selected_page_ids/2", "unknown_page")])
    );
    assert_eq!(post(json!({"external_id": "user_42"})).await.faults(), faults(&[("/selected_page_ids", "required")]));
    assert_eq!(
        post(json!({"selected_page_ids": ["1"], "external_id": "user_43"})).await.faults(),
        faults(&[("/external_id", "foreign_owner")])
    );
    assert_eq!(
        post(json!({"selected_page_ids": [], "surprise": 1})).await.faults(),
        faults(&[("/external_id", "required"), ("/selected_page_ids", "too_few"), ("/surprise", "unknown_field"),])
    );
    client.get(&path("other")).await.problem(404, "not_found");
    let body = json!({"external_id": "user_42"});
    client.post(&finalize("other"), body.clone()).await.problem(404, "not_found");
    let stranger = house.client().await;
    stranger.get(&path("name")).await.problem(404, "not_found");
    stranger.post(&finalize("name"), body.clone()).await.problem(404, "not_found");
    assert_eq!(house.count("SELECT count(*) FROM social_accounts").await, 0);
    assert_eq!(house.count("SELECT count(*) FROM pending_accounts").await, 2);
    // and too late is too late
    house.db.execute("UPDATE connect_sessions SET expires_at = clock_timestamp()").await;
    client.get(&path("name")).await.problem(410, "session_expired");
    client.post(&finalize("name"), body).await.problem(410, "session_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_somebody_else_has_is_left_alone() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    pending(&house, &client, "first", Some("user_a"), &["1"]).await;
    let first = client.post(&finalize("first"), json!({"external_id": "user_a"})).await.expect(200);
    let held = first["accounts"][0]["id"].clone();
    // when, then
    pending(&house, &client, "second", Some("user_b"), &["1", "2"]).await;
    let body = json!({"external_id": "user_b", "selected_page_ids": ["1", "2"]});
    let answer = client.post(&finalize("second"), body).await.expect(200);
    assert_eq!(answer["rejected"], json!([{"page_id": "1", "code": "account_owned"}]));
    assert_eq!(answer["accounts"][0]["network_unique_id"], "2");
    pending(&house, &client, "third", Some("user_b"), &["1"]).await;
    let problem = client.post(&finalize("third"), json!({"external_id": "user_b"})).await.problem(409, "account_owned");
    assert_eq!(problem["account_id"], held);
    let tokens = "SELECT convert_from(k.sealed, 'UTF8') FROM account_tokens k JOIN social_accounts a \
        ON a.id = k.account_id WHERE a.network_unique_id = '1'";
    assert_eq!(house.db.texts(tokens).await, ["first"]);
    let rejected = "SELECT count(*) FROM events WHERE type = 'account.connect_rejected'";
    assert_eq!(house.count(rejected).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_sealed_anew_for_an_account_that_came_since() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    connector(&house, &client, 0).await;
    pending(&house, &client, "first", Some("user_a"), &["1"]).await;
    pending(&house, &client, "second", Some("user_a"), &["1"]).await;
    let body = json!({"external_id": "user_a"});
    let first = client.post(&finalize("first"), body.clone()).await.expect(200);
    // when
    let second = client.post(&finalize("second"), body).await.expect(200);
    // then
    assert_eq!(second["accounts"][0]["id"], first["accounts"][0]["id"]);
    assert_eq!(house.db.texts("SELECT convert_from(sealed, 'UTF8') FROM account_tokens").await, ["second"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_sealed_anew_is_put_off_and_not_lost() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    connector(&house, &client, 1).await;
    pending(&house, &client, "first", Some("user_a"), &["1"]).await;
    pending(&house, &client, "second", Some("user_a"), &["1"]).await;
    let body = json!({"external_id": "user_a"});
    client.post(&finalize("first"), body.clone()).await.expect(200);
    // when, then
    client.keyed(&finalize("second"), "a", body.clone()).await.problem(503, "unavailable");
    client.keyed(&finalize("second"), "a", body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_key_sees_and_finalizes_its_owners_attempts_only() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let scopes = [Scope::AccountsRead, Scope::AccountsWrite];
    let bound = house.key(client.project, Some("user_42"), &scopes).await;
    pending(&house, &client, "mine", Some("user_42"), &["1"]).await;
    pending(&house, &client, "other", Some("user_43"), &["2"]).await;
    pending(&house, &client, "nobodys", None, &["3"]).await;
    // when, then
    for name in ["other", "nobodys"] {
        bound.get(&path(name)).await.problem(404, "not_found");
        bound.post(&finalize(name), json!({})).await.problem(404, "not_found");
    }
    bound.get(&path("mine")).await.expect(200);
    bound.post(&finalize("mine"), json!({"external_id": "user_43"})).await.problem(403, "forbidden");
    let answer = bound.post(&finalize("mine"), json!({})).await.expect(200);
    assert_eq!(answer["accounts"][0]["external_id"], "user_42");
    // and an attempt that was begun for nobody is finalized for whom the caller says
    let answer = client.post(&finalize("nobodys"), json!({"external_id": "user_7"})).await.expect(200);
    assert_eq!(answer["accounts"][0]["external_id"], "user_7");
    let reader = house.key(client.project, None, &[Scope::AccountsRead]).await;
    reader.post(&finalize("other"), json!({})).await.problem(403, "scope_missing");
    let writer = house.key(client.project, None, &[Scope::AccountsWrite]).await;
    writer.get(&path("other")).await.problem(403, "scope_missing");
}
