//! Threads whose second part of three gets lost.

use e2e::{
    crowd::Somebody,
    played::{Class, Fault, Operation},
    tally::{Public, Tally},
    tenant::Policies,
};
use futures::future::join_all;
use serde_json::{Value, json};

use super::Scene;

const TEXTS: [&str; 3] = ["the beginning", "the middle", "the end"];

fn containers(texts: [&str; 3]) -> Value {
    texts.iter().map(|text| json!({"content": text})).collect()
}

async fn thread(scene: &Scene, who: &Somebody) -> Value {
    scene.tenant.post_body(json!({"containers": containers(TEXTS), "accounts": [who.id]})).await
}

fn statuses(post: &Value) -> Vec<&str> {
    let parts = post["targets"][0]["parts"].as_array().expect("parts");
    parts.iter().filter_map(|part| part["status"].as_str()).collect()
}

/// Each says what its place says, below the one before.
fn is_a_chain(public: &[Public]) {
    assert_eq!(public.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(), TEXTS);
    let parents: Vec<_> = public.iter().map(|one| one.parent.as_deref()).collect();
    assert_eq!(parents, [None, Some(public[0].id.as_str()), Some(public[1].id.as_str())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_can_be_asked_about_is_found_and_the_thread_goes_on() {
    let scene = Scene::of(Class::Handle, Policies::default()).await;
    let faults = Fault::LIVED_THROUGH;
    let people = scene.people(faults.len()).await;
    for (fault, who) in faults.iter().zip(&people) {
        scene.stage.plan(&who.account, Operation::Publish, [None, Some(*fault)]);
    }

    let posted = join_all(people.iter().map(|who| thread(&scene, who))).await;
    let posts = scene.settled(&posted).await;

    let again = faults.iter().filter(|fault| !fault.is_done()).count();
    let expected = Tally {
        targets: faults.len(),
        published: faults.len(),
        attempts: (3 * faults.len() + again) as u64,
        live: 3 * faults.len(),
        ..Tally::default()
    };
    assert_eq!(scene.tally(&posts, &people), expected, "{posts:#?}");
    for who in &people {
        is_a_chain(&scene.stage.public_of(&who.account));
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_nobody_can_know_of_stops_the_thread_until_the_caller_says() {
    // given: four owners who will say different things
    let scene = Scene::of(Class::Blind, Policies::default()).await;
    let people = scene.people(4).await;
    let lost = [Fault::DropReply, Fault::DropReply, Fault::Drop, Fault::Drop];
    for (fault, who) in lost.iter().zip(&people) {
        scene.stage.plan(&who.account, Operation::Publish, [None, Some(*fault)]);
    }
    let posted = join_all(people.iter().map(|who| thread(&scene, who))).await;
    let posts = scene.settled(&posted).await;
    let stopped = Tally { targets: 4, unconfirmed: 4, attempts: 8, live: 6, ..Tally::default() };
    assert_eq!(scene.tally(&posts, &people), stopped, "{posts:#?}");
    assert!(posts.iter().all(|post| statuses(post) == ["published", "unconfirmed", "pending"]), "{posts:#?}");

    // when: known with its id, known without, not there, to be sent again
    let middle = &scene.stage.public_of(&people[0].account)[1].id;
    scene.resolve(&posts[0], json!({"as": "published", "platform_post_id": middle})).await;
    scene.resolve(&posts[1], json!({"as": "published"})).await;
    scene.resolve(&posts[2], json!({"as": "failed"})).await;
    scene.resolve(&posts[3], json!({"as": "retry"})).await;

    // then: what has nothing to hang on is not sent
    let posts = scene.settled(&posts).await;
    assert_eq!(statuses(&posts[0]), ["published"; 3], "{posts:#?}");
    assert_eq!(statuses(&posts[1]), ["published", "published", "failed"], "{posts:#?}");
    assert_eq!(statuses(&posts[2]), ["published", "failed", "failed"], "{posts:#?}");
    assert_eq!(statuses(&posts[3]), ["published"; 3], "{posts:#?}");
    let tally = scene.tally(&posts, &people);
    // One part says it is public under no id, as its owner did: no ledger can hold that against it.
    let expected = Tally { targets: 4, published: 2, partial: 2, attempts: 11, live: 9, lost: 1, ..Tally::default() };
    assert_eq!(tally, expected, "{posts:#?}");
    for who in [&people[0], &people[3]] {
        is_a_chain(&scene.stage.public_of(&who.account));
    }
    scene.end().await;
}
