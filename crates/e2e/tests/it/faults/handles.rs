//! Class B: what became of a container can be asked.

use e2e::{
    eventually,
    played::{Class, Fault, Operation},
    tally::Tally,
    tenant::Policies,
    waits,
};
use futures::future::join_all;
use serde_json::json;

use super::{Scene, outcomes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_asked_about() {
    // given: each fault on an account of its own, and an account without
    let scene = Scene::of(Class::Handle, Policies::default()).await;
    let faults: Vec<_> = Fault::LIVED_THROUGH.into_iter().chain([Fault::Spoil]).collect();
    let people = scene.people(faults.len() + 1).await;
    for (fault, who) in faults.iter().zip(&people) {
        scene.stage.fault(&who.account, *fault);
    }

    // when
    let posts = scene.posts("what becomes of this?", &people).await;

    // then: what was done is found by its handle, what was not is done again, once each
    let again = faults.iter().filter(|fault| !fault.is_done()).count();
    let expected = Tally {
        targets: people.len(),
        published: people.len(),
        attempts: (people.len() + again) as u64,
        live: people.len(),
        ..Tally::default()
    };
    assert_eq!(scene.tally(&posts, &people), expected, "{posts:#?}");
    assert_eq!(scene.stage.struck(), faults.len());
    for (fault, post) in faults.iter().zip(&posts) {
        let expected: &[&str] = if fault.is_done() { &["ambiguous"] } else { &["ambiguous", "published"] };
        assert_eq!(outcomes(&scene.tenant, post, "send").await, expected, "{fault:?}");
        let found = if fault.is_done() { "published" } else { "not_sent" };
        assert_eq!(outcomes(&scene.tenant, post, "probe").await, [found], "{fault:?}");
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_dies_and_comes_back() {
    for (fault, attempts) in [(Fault::DieAfter, 1), (Fault::DieBefore, 2)] {
        // given: it dies of this very send
        let mut scene = Scene::of(Class::Handle, Policies::default()).await;
        let people = scene.people(2).await;
        scene.stage.fault(&people[0].account, fault);
        let struck = scene.post("the last words", &people[0]).await;
        scene.stage.dies().await;

        // when: something new comes while it is away, and cannot even be begun
        let kept = scene.post("nobody there", &people[1]).await;
        eventually("it was tried in vain", async || {
            outcomes(&scene.tenant, &kept, "container").await.contains(&"not_sent".to_owned()).then_some(())
        })
        .await;
        scene.stage.rise().await;
        eventually("all of it is out", async || {
            waits::are_over(&scene.house.db).await;
            (scene.stage.public().len() == 2).then_some(())
        })
        .await;

        // then
        waits::are_over(&scene.house.db).await;
        let posts = scene.settled(&[struck, kept]).await;
        let expected = Tally { targets: 2, published: 2, attempts: attempts + 1, live: 2, ..Tally::default() };
        assert_eq!(scene.tally(&posts, &people), expected, "{fault:?}: {posts:#?}");
        scene.end().await;
    }
}

/// What the network works on is followed, whatever becomes of a question, and only its own word ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_worked_on_is_followed_and_never_sent_again() {
    // given: questions that get lost, one that ends badly, one whose very submission was not answered
    let scene = Scene::of(Class::Slow, Policies::default()).await;
    let people = scene.people(8).await;
    let lost = [
        Some(Fault::ErrorBefore),
        Some(Fault::Drop),
        Some(Fault::DropReply),
        Some(Fault::GarbageAfter),
        Some(Fault::Hang),
        None,
    ];
    for (fault, who) in lost.iter().zip(&people) {
        scene.stage.plan(&who.account, Operation::Status, [None, *fault]);
    }
    let [spoiled, unanswered] = &people[lost.len()..] else { panic!("two more people") };
    scene.stage.fault(&spoiled.account, Fault::SpoilLater);
    scene.stage.fault(&unanswered.account, Fault::DropReply);

    // when
    let posted = join_all(people.iter().map(|who| scene.post("it takes a while", who))).await;
    eventually("all is settled", async || {
        waits::are_over(&scene.house.db).await;
        (scene.house.db.count("SELECT count(*) FROM publish_queue").await == 0).then_some(())
    })
    .await;
    let posts = scene.settled(&posted).await;

    // then
    let expected = Tally { targets: 8, published: 7, failed: 1, attempts: 8, live: 7, ..Tally::default() };
    assert_eq!(scene.tally(&posts, &people), expected, "{posts:#?}");
    assert_eq!(posts[lost.len()]["targets"][0]["error_code"], "media_rejected", "{posts:#?}");
    for post in &posts[..=lost.len()] {
        assert_eq!(outcomes(&scene.tenant, post, "send").await, ["accepted"], "{post:#}");
        assert!(outcomes(&scene.tenant, post, "probe").await.is_empty(), "{post:#}");
    }
    scene.end().await;
}

/// Who cannot be asked may have it or not: nothing is sent again by itself, and the caller has the last word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_never_answered_about_waits_for_the_callers_word() {
    // given: three that are out and three that are not, and nobody who says so
    let scene = Scene::of(Class::Handle, Policies::default()).await;
    let people = scene.people(6).await;
    let (out, not_out) = people.split_at(3);
    for who in &people {
        let fault = if out.iter().any(|other| other.id == who.id) { Fault::DropReply } else { Fault::Drop };
        scene.stage.fault(&who.account, fault);
        scene.stage.plan(&who.account, Operation::Status, [Some(Fault::ErrorBefore); 99]);
    }

    // when: a server that does not answer is waited for as long as a send would be
    let posted = join_all(people.iter().map(async |who| {
        let body = json!({"content": "who knows?", "accounts": [who.id], "max_lateness": "PT3S"});
        scene.tenant.post_body(body).await
    }))
    .await;
    eventually("all were asked about", async || {
        let asked = join_all(posted.iter().map(|post| outcomes(&scene.tenant, post, "probe"))).await;
        asked.iter().all(|asked| !asked.is_empty()).then_some(())
    })
    .await;
    waits::are_all_but_over(&scene.house.db).await;
    let posts = scene.settled(&posted).await;

    // then
    let mut expected = Tally { targets: 6, unconfirmed: 6, attempts: 6, live: 3, ..Tally::default() };
    assert_eq!(scene.tally(&posts, &people), expected, "{posts:#?}");

    // when: the caller looked
    for (who, post) in out.iter().zip(&posts) {
        let live = &scene.stage.public_of(&who.account)[0].id;
        scene.resolve(post, json!({"as": "published", "platform_post_id": live})).await;
    }
    for post in &posts[3..5] {
        scene.resolve(post, json!({"as": "retry"})).await;
    }
    scene.resolve(&posts[5], json!({"as": "failed"})).await;

    // then
    assert_eq!(not_out.len(), 3);
    let posts = scene.settled(&posts).await;
    (expected.unconfirmed, expected.published, expected.failed) = (0, 5, 1);
    (expected.attempts, expected.live) = (8, 5);
    assert_eq!(scene.tally(&posts, &people), expected, "{posts:#?}");
    scene.end().await;
}
