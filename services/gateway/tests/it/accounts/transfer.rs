//! `POST /v1/social-accounts/{id}/transfer`

use domain::{ids::AccountId, platform::Platform};
use gateway::Scope;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{House, faults};

fn path(id: AccountId) -> String {
    format!("/v1/social-accounts/{id}/transfer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_given_away_by_whoever_names_its_owner() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let id = house.account(&client, Platform::X, Some("user_42")).await;
    let give = json!({"from": "user_42", "to": "user_43"});
    // when
    let given = client.keyed(&path(id), "a", give.clone()).await.expect(200);
    // then
    assert_eq!((&given["external_id"], &given["id"]), (&json!("user_43"), &json!(id)));
    assert_eq!(client.get(&format!("/v1/social-accounts/{id}")).await.expect(200), given);
    let told = house.db.texts("SELECT body FROM events WHERE type = 'account.updated'").await;
    let told: Value = serde_json::from_str(&told[0]).unwrap();
    assert_eq!(told["data"]["account"], given);
    let audited = "SELECT details::text FROM audit_log WHERE action = 'account.transferred'";
    let audited: Vec<Value> =
        house.db.texts(audited).await.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(audited, std::slice::from_ref(&give));
    assert_eq!(house.count("SELECT count(*) FROM account_tokens").await, 1, "its tokens stay");
    // and the same call is answered as before, and another one finds another owner
    assert_eq!(client.keyed(&path(id), "a", give.clone()).await.expect(200), given);
    let problem = client.post(&path(id), give).await.problem(409, "account_owned");
    assert_eq!(problem["account_id"], json!(id));
    assert_eq!(house.count("SELECT count(*) FROM events WHERE type = 'account.updated'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_given_stays_where_it_is() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let nobodys = house.account(&client, Platform::X, None).await;
    let id = house.account(&client, Platform::X, Some("user_42")).await;
    let give = json!({"from": "user_42", "to": "user_43"});
    // when, then
    client.post(&path(nobodys), give.clone()).await.problem(409, "conflict");
    client.post(&path(AccountId(Uuid::now_v7())), give.clone()).await.problem(404, "not_found");
    house.client().await.post(&path(id), give.clone()).await.problem(404, "not_found");
    assert_eq!(
        client.post(&path(id), json!({"from": "", "surprise": 1})).await.faults(),
        faults(&[("/from", "too_short"), ("/surprise", "unknown_field"), ("/to", "required")])
    );
    let bound = house.key(client.project, Some("user_42"), &[Scope::AccountsTransfer]).await;
    bound.post(&path(id), give.clone()).await.problem(403, "forbidden");
    let writer = house.key(client.project, None, &[Scope::AccountsWrite]).await;
    writer.post(&path(id), give).await.problem(403, "scope_missing");
    assert_eq!(client.get(&format!("/v1/social-accounts/{id}")).await.expect(200)["external_id"], "user_42");
}
