//! Attempts to connect on a consent page, up to the accounts they end in.

use domain::{event::EventType, ids::ProjectId};
use futures::future::join_all;
use store::{
    accounts,
    idempotency::{Answer, Once},
    sessions::{self, Chosen, Finalized, Redeemed, Selection, Sought},
};
use uuid::Uuid;

use crate::house::House;

const OWNER: Option<&str> = Some("user_42");

fn ids(list: &[&str]) -> Vec<String> {
    list.iter().map(|id| (*id).to_owned()).collect()
}

/// Network ids of what was connected, and of what was rejected.
#[track_caller]
fn done(finalized: &Finalized) -> (Vec<&str>, Vec<&str>) {
    let Finalized::Done { accounts, rejected } = finalized else { panic!("{finalized:?}") };
    let accounts = accounts.iter().map(|account| account.network_unique_id.as_str()).collect();
    (accounts, rejected.iter().map(|one| one.page_id.as_str()).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_comes_back_once() {
    // given
    let house = House::new().await;
    let app = house.app().await;
    let id = house.begun("state", OWNER, Some(app)).await;

    // when
    let hash = sessions::hash("state");
    let came = join_all((0..4).map(|_| sessions::redeem(&house.database, &hash))).await;

    // then
    let came: Vec<_> = came.into_iter().filter_map(Result::unwrap).collect();
    let [Redeemed::InTime(session)] = came.as_slice() else { panic!("{came:?}") };
    assert_eq!((session.id, session.social_network_id), (id, Some(app)));
    assert_eq!((session.external_id.as_deref(), session.caller_state.as_deref()), (OWNER, Some("echo")));
    assert_eq!(session.sealed.as_deref(), Some(&b"verifier"[..]));
    assert_eq!(sessions::redeem(&house.database, &hash).await.unwrap(), None);
    assert_eq!(sessions::redeem(&house.database, &sessions::hash("")).await.unwrap(), None);
}

#[tokio::test]
async fn a_browser_that_comes_too_late_is_told_so_once() {
    // given
    let house = House::new().await;
    let id = house.begun("state", OWNER, None).await;
    house.server.execute("UPDATE connect_sessions SET expires_at = clock_timestamp()").await;
    assert_eq!(sessions::forget(&house.database, 10).await.unwrap(), 1, "what it kept is destroyed");
    assert_eq!(sessions::forget(&house.database, 10).await.unwrap(), 0);

    // when
    let late = sessions::redeem(&house.database, &sessions::hash("state")).await.unwrap();

    // then
    let Some(Redeemed::Late(session)) = late else { panic!("{late:?}") };
    assert_eq!((session.id, session.sealed), (id, None));
    assert_eq!(sessions::redeem(&house.database, &sessions::hash("state")).await.unwrap(), None);
    let found = sessions::found(&house.database, id, b"name", &[house.choice("1", "t").await]).await.unwrap();
    assert_eq!(found, None);
}

#[tokio::test]
async fn some_of_what_was_found_is_connected_and_the_rest_destroyed() {
    // given
    let house = House::new().await;
    house.pending("name", OWNER, &["1", "2", "2", "3"]).await;
    let Sought::Here(pending) =
        sessions::pending(&house.database, Some(house.project), &sessions::hash("name")).await.unwrap()
    else {
        panic!("not there")
    };
    assert_eq!(pending.pages.iter().map(|page| page.id.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!((pending.pages[0].name.as_str(), pending.pages[0].username.as_str()), ("Page 1", "at-1"));
    assert_eq!(pending.session.sealed, None, "what its beginning kept was used");

    // when
    let finalized = house.finalize("name", Selection::These(ids(&["3", "1"])), OWNER).await;

    // then
    assert_eq!(done(&finalized), (vec!["1", "3"], vec![]));
    let Finalized::Done { accounts, .. } = &finalized else { panic!() };
    assert!(accounts.iter().all(|account| account.external_id.as_deref() == OWNER));
    assert_eq!((house.tokens_of("1").await, house.tokens_of("2").await), (ids(&["name"]), ids(&[])));
    assert_eq!(house.server.count("SELECT count(*) FROM pending_accounts").await, 0);
    assert_eq!(house.events().await, ["account.connected", "account.connected"]);
    assert_eq!(house.audited().await, ["account.connected", "account.connected"]);
    // and once is enough
    assert_eq!(house.finalize("name", Selection::All, OWNER).await, Finalized::Over);
    let over = sessions::pending(&house.database, None, &sessions::hash("name")).await.unwrap();
    assert_eq!(over, Sought::Over);
}

#[tokio::test]
async fn what_cannot_be_meant_changes_nothing() {
    // given
    let house = House::new().await;
    let session = house.pending("name", OWNER, &["1", "2"]).await;
    let these = |list: &[&str]| Selection::These(ids(list));

    // when, then
    assert_eq!(house.finalize("name", these(&["1", "9"]), OWNER).await, Finalized::NotOffered(ids(&["9"])));
    assert_eq!(house.finalize("name", Selection::Chosen, OWNER).await, Finalized::Unchosen);
    assert_eq!(house.finalize("name", Selection::All, Some("user_43")).await, Finalized::ForeignOwner);
    assert_eq!(house.finalize("other", Selection::All, OWNER).await, Finalized::Unknown);
    let stranger = store::audit::Actor { project_id: ProjectId(Uuid::now_v7()), ..house.actor().await };
    let hash = sessions::hash("name");
    let word = sessions::Finalize {
        actor: &stranger,
        session_hash: &hash,
        selection: Selection::All,
        external_id: OWNER,
        trace: None,
    };
    assert_eq!(sessions::finalize(&house.database, &word).await.unwrap(), Finalized::Unknown);
    assert_eq!(sessions::pending(&house.database, Some(stranger.project_id), &hash).await.unwrap(), Sought::Unknown);
    assert_eq!(house.server.count("SELECT count(*) FROM social_accounts").await, 0);
    assert_eq!(house.server.count("SELECT count(*) FROM pending_accounts").await, 2);
    // and one that has failed is over
    assert!(sessions::fail(&house.database, &house.actor().await, session, "access_denied").await.unwrap());
    assert!(!sessions::fail(&house.database, &house.actor().await, session, "access_denied").await.unwrap());
    assert_eq!(house.finalize("name", Selection::All, OWNER).await, Finalized::Over);
    assert_eq!(house.server.count("SELECT count(*) FROM pending_accounts").await, 0);
    assert_eq!(house.audited().await, ["connect.failed"]);
}

#[tokio::test]
async fn a_choice_on_the_hosted_page_counts_when_the_caller_makes_none() {
    // given
    let house = House::new().await;
    house.pending("name", OWNER, &["1", "2", "3"]).await;
    let hash = sessions::hash("name");
    let choose = async |list: &[&str]| sessions::choose(&house.database, &hash, &ids(list)).await.unwrap();
    assert_eq!(choose(&["4"]).await, Chosen::NotOffered(ids(&["4"])));
    assert!(matches!(choose(&["1"]).await, Chosen::Done(_)));
    assert!(matches!(choose(&["2", "3"]).await, Chosen::Done(_)), "the last word counts");
    assert_eq!(house.server.count("SELECT count(*) FROM social_accounts").await, 0, "a choice connects nothing");

    // when
    let finalized = house.finalize("name", Selection::Chosen, OWNER).await;

    // then
    assert_eq!(done(&finalized), (vec!["2", "3"], vec![]));
    assert_eq!(choose(&["1"]).await, Chosen::Over);
    assert_eq!(sessions::choose(&house.database, b"nobody's", &[]).await.unwrap(), Chosen::Unknown);
    // and where there is one profile nobody has to choose, and the caller may name whom it is for
    house.pending("single", None, &["4"]).await;
    let finalized = house.finalize("single", Selection::Chosen, Some("user_7")).await;
    let Finalized::Done { accounts, .. } = &finalized else { panic!("{finalized:?}") };
    assert_eq!(accounts[0].external_id.as_deref(), Some("user_7"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_finalize_at_once_one_does() {
    // given
    let house = House::new().await;
    house.pending("name", OWNER, &["1", "2"]).await;

    // when
    let both = join_all((0..2).map(|_| house.finalize("name", Selection::All, OWNER))).await;

    // then
    assert_eq!(both.iter().filter(|one| **one == Finalized::Over).count(), 1, "{both:?}");
    assert_eq!(house.server.count("SELECT count(*) FROM social_accounts").await, 2);
    assert_eq!(house.events().await, ["account.connected", "account.connected"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_who_finalize_the_same_profiles_at_once_one_gets_them() {
    for _ in 0..8 {
        // given
        let house = House::new().await;
        house.pending("a", Some("user_a"), &["1", "2"]).await;
        house.pending("b", Some("user_b"), &["2", "1"]).await;

        // when
        let both = tokio::join!(house.finalize_anew("a", Some("user_a")), house.finalize_anew("b", Some("user_b")));

        // then
        let (a, b) = (done(&both.0), done(&both.1));
        let (winner, loser) = if a.0.is_empty() { (("b", b), a) } else { (("a", a), b) };
        assert_eq!((winner.1.0.len(), winner.1.1.len()), (2, 0), "{both:?}");
        assert_eq!((loser.0.len(), loser.1.len()), (0, 2), "{both:?}");
        for id in ["1", "2"] {
            assert_eq!(house.tokens_of(id).await, ids(&[winner.0]));
        }
        let mut events = house.events().await;
        events.sort_unstable();
        let (rejected, connected) = (EventType::AccountConnectRejected.name(), EventType::AccountConnected.name());
        assert_eq!(events, [rejected, rejected, connected, connected]);
    }
}

#[tokio::test]
async fn what_another_owner_has_is_left_as_it_is() {
    // given
    let house = House::new().await;
    house.pending("first", Some("user_a"), &["2"]).await;
    house.finalize("first", Selection::All, Some("user_a")).await;
    house.pending("second", Some("user_b"), &["1", "2", "3"]).await;

    // when
    let finalized = house.finalize("second", Selection::All, Some("user_b")).await;

    // then
    assert_eq!(done(&finalized), (vec!["1", "3"], vec!["2"]));
    assert_eq!(house.tokens_of("2").await, ids(&["first"]));
    assert_eq!(
        house.server.texts("SELECT external_id FROM social_accounts ORDER BY network_unique_id").await,
        ["user_b", "user_a", "user_b"]
    );
    // and its own owner connects it again
    house.pending("third", Some("user_a"), &["2"]).await;
    assert_eq!(done(&house.finalize("third", Selection::All, Some("user_a")).await), (vec!["2"], vec![]));
    assert_eq!(house.tokens_of("2").await, ids(&["third"]));
}

#[tokio::test]
async fn an_account_that_came_or_went_since_has_the_tokens_sealed_anew() {
    // given: two attempts that found the same profile before it had an account
    let house = House::new().await;
    house.pending("first", OWNER, &["1"]).await;
    let second = house.pending("second", OWNER, &["1"]).await;
    let first = house.finalize("first", Selection::All, OWNER).await;
    let Finalized::Done { accounts, .. } = first else { panic!("{first:?}") };

    // when, then
    assert_eq!(house.finalize("second", Selection::All, OWNER).await, Finalized::Raced { session: second });
    assert_eq!(house.tokens_of("1").await, ids(&["first"]));
    assert_eq!(done(&house.finalize_anew("second", OWNER).await), (vec!["1"], vec![]));
    assert_eq!(house.tokens_of("1").await, ids(&["second"]));
    // and a purged account is not brought back under its id
    house.pending("third", OWNER, &["1"]).await;
    let post = house.post(&[accounts[0].id]).await;
    house.accept(post).await;
    accounts::purge(&house.database, house.actor().await, accounts[0].id, None).await.unwrap();
    assert!(matches!(house.finalize("third", Selection::All, OWNER).await, Finalized::Raced { .. }));
    assert_eq!(done(&house.finalize_anew("third", OWNER).await), (vec!["1"], vec![]));
    assert_eq!(house.server.count("SELECT count(*) FROM social_accounts").await, 2);
}

#[tokio::test]
async fn what_is_over_is_destroyed_at_once_and_forgotten_after_a_day() {
    // given
    let house = House::new().await;
    house.pending("name", OWNER, &["1"]).await;
    house.pending("other", OWNER, &["2"]).await;
    let expire = "UPDATE connect_sessions SET expires_at = clock_timestamp() - interval '1 minute' \
        WHERE session_hash = sha256('name')";
    house.server.execute(expire).await;

    // when, then
    assert_eq!(house.finalize("name", Selection::All, OWNER).await, Finalized::Over);
    assert_eq!(sessions::forget(&house.database, 10).await.unwrap(), 1);
    assert_eq!(house.server.count("SELECT count(*) FROM pending_accounts").await, 1);
    assert_eq!(house.finalize("name", Selection::All, OWNER).await, Finalized::Over);
    house.server.execute(&expire.replace("1 minute", "25 hours")).await;
    assert_eq!(sessions::forget(&house.database, 10).await.unwrap(), 1);
    assert_eq!(house.finalize("name", Selection::All, OWNER).await, Finalized::Unknown);
    assert_eq!(done(&house.finalize("other", Selection::All, OWNER).await), (vec!["2"], vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_changes_hands_once() {
    // given
    let house = House::new().await;
    house.pending("name", Some("a"), &["1"]).await;
    let finalized = house.finalize("name", Selection::All, Some("a")).await;
    let Finalized::Done { accounts, .. } = &finalized else { panic!("{finalized:?}") };
    let id = accounts[0].id;
    let give = async |to: &str, once: Option<Once>| {
        let hands = ("a".to_owned(), to.to_owned());
        accounts::transfer(&house.database, house.actor().await, id, hands, None, once).await.unwrap()
    };

    // when
    let both = tokio::join!(give("b", None), give("c", None));

    // then
    let given: Vec<_> = [both.0, both.1].into_iter().flatten().collect();
    let [Answer::Done(account)] = given.as_slice() else { panic!("{given:?}") };
    let now = accounts::get(&house.database, house.project, id).await.unwrap().unwrap().account;
    assert_eq!(now, *account);
    assert_eq!(house.events().await, ["account.connected", "account.updated"]);
    assert_eq!(house.audited().await, ["account.connected", "account.transferred"]);
    assert_eq!(house.tokens_of("1").await, ids(&["name"]), "its tokens stay");
    assert_eq!(give("d", None).await, None);
}
