//! Accepting posts: together, once, and in order.

use domain::{post::PostStatus, target::Status};
use futures::future::join_all;
use store::posts::Created;

use crate::house::{House, keyed};

#[tokio::test]
async fn a_post_is_read_back_as_it_was_accepted() {
    let house = House::new().await;
    let account = house.account().await;
    let post = house.accepted(house.post(&[account]).await).await;

    assert_eq!(post.status, PostStatus::Queued);
    assert_eq!(house.read(post.id).await, post);
    assert_eq!(house.events().await, ["post.created"]);
}

#[tokio::test]
async fn a_hundred_calls_with_one_key_make_one_post() {
    let house = House::new().await;
    let account = house.account().await;
    let mut posts = Vec::new();
    for _ in 0..100 {
        let mut post = house.post(&[account]).await;
        post.idempotency = keyed("launch", "same", post.created_at);
        posts.push(post);
    }

    let answers = join_all(posts.into_iter().map(|post| house.accept(post))).await;

    let fresh: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            Created::Fresh(post) => Some(serde_json::to_value(post).unwrap()),
            _ => None,
        })
        .collect();
    assert_eq!(fresh.len(), 1);
    let replayed =
        answers.iter().filter(|answer| matches!(answer, Created::Replayed { status: 201, body } if *body == fresh[0]));
    assert_eq!(replayed.count(), 99);
    assert_eq!(house.server.count("SELECT count(*) FROM posts").await, 1);
    assert_eq!(house.server.count("SELECT count(*) FROM publish_queue").await, 1);
}

#[tokio::test]
async fn a_key_is_not_lent_to_another_call() {
    let house = House::new().await;
    let account = house.account().await;
    for (fingerprint, is_reused) in [("one", false), ("two", true)] {
        let mut post = house.post(&[account]).await;
        post.idempotency = keyed("launch", fingerprint, post.created_at);
        assert_eq!(matches!(house.accept(post).await, Created::KeyReused), is_reused);
    }
    assert_eq!(house.server.count("SELECT count(*) FROM posts").await, 1);
}

#[tokio::test]
async fn an_external_ref_names_one_post_and_a_loser_keeps_no_key() {
    let house = House::new().await;
    let account = house.account().await;
    let mut posts = Vec::new();
    for fingerprint in ["same", "same", "other"] {
        let mut post = house.post(&[account]).await;
        post.external_ref = Some("campaign".to_owned());
        post.fingerprint = fingerprint.as_bytes().to_vec();
        post.idempotency = keyed(&post.id.to_string(), fingerprint, post.created_at);
        posts.push(post);
    }
    let first = posts[0].id;

    let answers = join_all(posts.into_iter().map(|post| house.accept(post))).await;

    assert!(matches!(answers[0], Created::Fresh(_)), "{answers:?}");
    assert!(matches!(answers[1], Created::SameRef(id) if id == first), "{answers:?}");
    assert!(matches!(answers[2], Created::RefTaken), "{answers:?}");
    assert_eq!(house.server.count("SELECT count(*) FROM idempotency_keys").await, 1);
    assert_eq!(house.server.count("SELECT count(*) FROM publish_queue").await, 1);
}

#[tokio::test]
async fn a_row_the_database_refuses_never_fails_its_neighbours() {
    let house = House::new().await;
    let account = house.account().await;
    let mut posts = Vec::new();
    for at in 0..9 {
        let mut post = house.post(&[account]).await;
        if at == 4 {
            post.containers[0].content = "nul \0".to_owned();
        }
        posts.push(post);
    }

    let answers = join_all(posts.into_iter().map(|post| house.posts.create(post))).await;

    let refused: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().is_err()).collect();
    assert_eq!(refused, [false, false, false, false, true, false, false, false, false]);
    assert_eq!(house.server.count("SELECT count(*) FROM posts").await, 8);
}

#[tokio::test]
async fn posts_of_an_account_are_numbered_in_the_order_they_were_accepted() {
    let house = House::new().await;
    let account = house.account().await;
    let mut posts = Vec::new();
    for _ in 0..50 {
        posts.push(house.post(&[account]).await);
    }
    join_all(posts.into_iter().map(|post| house.accept(post))).await;
    let seqs = house.server.count("SELECT count(DISTINCT seq) FROM publish_queue").await;
    let last = house.server.count("SELECT max(seq) FROM publish_queue").await;
    assert_eq!((seqs, last), (50, 50));
}

#[tokio::test]
async fn a_draft_waits_for_nobody() {
    let house = House::new().await;
    let account = house.account().await;
    let mut draft = house.post(&[account]).await;
    draft.due = None;
    let draft = house.accepted(draft).await;
    assert_eq!((draft.status, draft.targets[0].status), (PostStatus::Draft, Status::Draft));
    assert_eq!(house.server.count("SELECT count(*) FROM jobs").await, 0);
}
