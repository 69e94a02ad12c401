//! Class D: nobody can be asked, so nobody guesses.

use domain::policy::OnUnconfirmed;
use e2e::{
    eventually,
    played::{Class, Fault},
    tally::Tally,
    tenant::Policies,
    waits,
};
use serde_json::json;

use super::{Scene, outcomes};

/// Two accounts for each fault: one whose owner says what is true, one whose owner wants it sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_stays_unconfirmed_until_the_caller_says_what_it_is() {
    // given
    let scene = Scene::of(Class::Blind, Policies::default()).await;
    let faults = Fault::LIVED_THROUGH;
    let people = scene.people(2 * faults.len()).await;
    for (fault, who) in faults.iter().cycle().zip(&people) {
        scene.stage.fault(&who.account, *fault);
    }
    let done = faults.iter().filter(|fault| fault.is_done()).count();

    // when
    let posts = scene.posts("said into the dark", &people).await;

    // then: one send each, whatever became of it
    let mut expected = Tally {
        targets: people.len(),
        unconfirmed: people.len(),
        attempts: people.len() as u64,
        live: 2 * done,
        ..Tally::default()
    };
    assert_eq!(scene.tally(&posts, &people), expected, "{posts:#?}");
    assert_eq!(scene.stage.struck(), people.len());
    for post in &posts {
        assert_eq!(post["targets"][0]["error_code"], "outcome_unknown", "{post:#}");
        assert_eq!(post["targets"][0]["next_attempt_at"], json!(null), "{post:#}");
    }

    // when
    let (told, again) = posts.split_at(faults.len());
    for ((fault, who), post) in faults.iter().zip(&people).zip(told) {
        let word = match scene.stage.public_of(&who.account).first() {
            Some(live) => json!({"as": "published", "platform_post_id": live.id}),
            None => json!({"as": "failed"}),
        };
        assert_eq!(fault.is_done(), word["as"] == "published", "{fault:?}");
        scene.resolve(post, word).await;
    }
    for post in again {
        scene.resolve(post, json!({"as": "retry"})).await;
    }

    // then: the only doubles are those that were asked for
    let posts = scene.settled(&posts).await;
    expected.unconfirmed = 0;
    expected.published = done + faults.len();
    expected.failed = faults.len() - done;
    expected.attempts += faults.len() as u64;
    expected.live += faults.len();
    expected.doubled = done;
    assert_eq!(scene.tally(&posts, &people), expected, "{posts:#?}");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_accepts_doubles_has_it_sent_again_and_no_more_than_that() {
    // given: each fault once, and one account where the second send is lost as well
    let policies = Policies { on_unconfirmed: OnUnconfirmed::Retry, ..Policies::default() };
    let scene = Scene::of(Class::Blind, policies).await;
    let faults = Fault::LIVED_THROUGH;
    let people = scene.people(faults.len() + 1).await;
    let (unlucky, others) = people.split_last().expect("people");
    for (fault, who) in faults.iter().zip(others) {
        scene.stage.fault(&who.account, *fault);
    }
    scene.stage.fault(&unlucky.account, Fault::DropReply);
    scene.stage.fault(&unlucky.account, Fault::Drop);

    // when
    let posts = scene.posts("better twice than never", &people).await;

    // then
    let done = faults.iter().filter(|fault| fault.is_done()).count();
    let expected = Tally {
        targets: people.len(),
        published: others.len(),
        unconfirmed: 1,
        attempts: 2 * people.len() as u64,
        live: done + others.len() + 1,
        doubled: done,
        ..Tally::default()
    };
    assert_eq!(scene.tally(&posts, &people), expected, "{posts:#?}");
    assert_eq!(scene.stage.struck(), faults.len() + 2);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_dies_and_comes_back() {
    for (fault, live) in [(Fault::DieAfter, 2), (Fault::DieBefore, 1)] {
        // given: it dies of this very send
        let mut scene = Scene::of(Class::Blind, Policies::default()).await;
        let people = scene.people(2).await;
        scene.stage.fault(&people[0].account, fault);
        let struck = scene.post("the last words", &people[0]).await;
        scene.stage.dies().await;

        // when: the next finds nobody there, and is tried again when somebody is
        let kept = scene.post("nobody there", &people[1]).await;
        eventually("it was tried in vain", async || {
            outcomes(&scene.tenant, &kept, "send").await.contains(&"not_sent".to_owned()).then_some(())
        })
        .await;
        scene.stage.rise().await;
        waits::are_over(&scene.house.db).await;

        // then: what may have been heard is not said again
        let posts = scene.settled(&[struck, kept]).await;
        let tally = scene.tally(&posts, &people);
        let sends = posts[1]["targets"][0]["attempts"].as_u64().unwrap_or_default();
        assert!(sends >= 2, "{posts:#?}");
        let expected =
            Tally { targets: 2, published: 1, unconfirmed: 1, attempts: 1 + sends, live, ..Tally::default() };
        assert_eq!(tally, expected, "{fault:?}: {posts:#?}");
        scene.end().await;
    }
}
