//! Apps that callers bring.

use domain::{
    ids::{NetworkId, ProjectId},
    platform::Platform,
};
use store::{
    idempotency::Answer,
    networks::{self, NetworkChange, NewNetwork, Upserted},
    sessions::{self, Sought},
};
use uuid::Uuid;

use crate::{connecting::app, house::House};

#[tokio::test]
async fn an_app_that_is_brought_again_keeps_its_id_and_its_accounts() {
    // given
    let house = House::new().await;
    let id = house.app().await;
    let account = house.account().await;
    house
        .server
        .execute(&format!("UPDATE social_accounts SET social_network_id = '{}' WHERE id = '{}'", id.0, account.0))
        .await;
    let first = networks::get(&house.database, house.project, id).await.unwrap().unwrap();

    // when
    let again = NewNetwork { client_id: "other".to_owned(), sealed_secret: None, ..app(id) };
    let Upserted::Done(Answer::Done(changed)) =
        networks::upsert(&house.database, house.actor().await, again, None).await.unwrap()
    else {
        panic!("not done")
    };

    // then
    assert_eq!((changed.id, changed.client_id.as_str(), changed.created_at), (id, "other", first.created_at));
    let found = networks::find_app(&house.database, house.project, Platform::X, "default").await.unwrap().unwrap();
    assert_eq!((found.network, found.sealed_secret), (changed, None));
    assert_eq!(house.audited().await, ["network.upserted", "network.upserted"]);
    // and a secret that was sealed to another row is not kept
    let stray = networks::upsert(&house.database, house.actor().await, app(NetworkId(Uuid::now_v7())), None).await;
    assert_eq!(stray.unwrap(), Upserted::Raced);
    // and what a network hands out replaces nothing
    let handed = NewNetwork { client_id: "handed".to_owned(), ..app(NetworkId(Uuid::now_v7())) };
    assert!(!networks::insert_registered(&house.database, &house.actor().await, handed.clone()).await.unwrap());
    let elsewhere = NewNetwork { variant: "m.example".to_owned(), ..handed };
    assert!(networks::insert_registered(&house.database, &house.actor().await, elsewhere).await.unwrap());
    let all = networks::list(&house.database, house.project, Some(Platform::X), None, 10).await.unwrap();
    let all: Vec<_> = all.iter().map(|one| (one.client_id.as_str(), one.is_registered)).collect();
    assert_eq!(all, [("handed", true), ("other", false)]);
    assert_eq!(networks::list(&house.database, house.project, Some(Platform::Bluesky), None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn each_field_of_an_app_changes_alone() {
    // given
    let house = House::new().await;
    let (id, actor) = (house.app().await, house.actor().await);
    let before = networks::get_app(&house.database, house.project, id).await.unwrap().unwrap();
    let update = async |change| networks::update(&house.database, &actor, id, change).await.unwrap().unwrap();

    // when, then
    let off = update(NetworkChange { is_enabled: Some(false), ..NetworkChange::default() }).await;
    assert!(!off.is_enabled && off.client_id == before.network.client_id);
    let named = update(NetworkChange { display_name: Some(Some("Ours".to_owned())), ..NetworkChange::default() }).await;
    assert_eq!((named.display_name.as_deref(), named.is_enabled), (Some("Ours"), false));
    let secret =
        || async { networks::get_app(&house.database, house.project, id).await.unwrap().unwrap().sealed_secret };
    assert_eq!(secret().await, before.sealed_secret);
    update(NetworkChange { sealed_secret: Some(Some(b"new".to_vec())), ..NetworkChange::default() }).await;
    assert_eq!(secret().await.as_deref(), Some(&b"new"[..]));
    let nobodys = networks::update(&house.database, &actor, NetworkId(Uuid::now_v7()), NetworkChange::default()).await;
    assert_eq!(nobodys.unwrap(), None);
}

#[tokio::test]
async fn an_app_that_is_gone_takes_its_attempts_along_and_no_account() {
    // given
    let house = House::new().await;
    let app = house.app().await;
    let account = house.account().await;
    house
        .server
        .execute(&format!("UPDATE social_accounts SET social_network_id = '{}' WHERE id = '{}'", app.0, account.0))
        .await;
    house.begun("begun", None, Some(app)).await;
    house.begun("pending", None, Some(app)).await;
    let session = house.redeemed("pending").await.id;
    let choice = house.choice("1", "t").await;
    sessions::found(&house.database, session, &sessions::hash("pending"), &[choice]).await.unwrap();

    // when
    assert!(networks::delete(&house.database, &house.actor().await, app).await.unwrap());

    // then
    assert_eq!(sessions::redeem(&house.database, &sessions::hash("begun")).await.unwrap(), None);
    let pending = sessions::pending(&house.database, None, &sessions::hash("pending")).await.unwrap();
    assert_eq!(pending, Sought::Unknown);
    assert_eq!(house.server.count("SELECT count(*) FROM pending_accounts").await, 0);
    let left = "SELECT count(*) FROM social_accounts WHERE social_network_id IS NULL AND status = 'active'";
    assert_eq!(house.server.count(left).await, 1);
    assert!(!networks::delete(&house.database, &house.actor().await, app).await.unwrap());
}

#[tokio::test]
async fn a_foreign_app_is_not_there() {
    // given
    let house = House::new().await;
    let id = house.app().await;
    let stranger = ProjectId(Uuid::now_v7());
    let actor = store::audit::Actor { project_id: stranger, ..house.actor().await };

    // when, then
    assert_eq!(networks::get(&house.database, stranger, id).await.unwrap(), None);
    assert_eq!(networks::find_app(&house.database, stranger, Platform::X, "default").await.unwrap(), None);
    assert_eq!(networks::update(&house.database, &actor, id, NetworkChange::default()).await.unwrap(), None);
    assert!(!networks::delete(&house.database, &actor, id).await.unwrap());
    assert!(networks::get(&house.database, house.project, id).await.unwrap().is_some());
}
