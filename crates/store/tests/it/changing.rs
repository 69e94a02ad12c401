//! What a caller does to a post that is there.

use domain::{post::PostStatus, target::Status};
use jiff::SignedDuration;
use store::posts::{Change, Changed};

use crate::house::House;

#[tokio::test]
async fn a_draft_is_published_and_goes_into_the_queue() {
    let house = House::new().await;
    let account = house.account().await;
    let mut draft = house.post(&[account]).await;
    draft.due = None;
    let draft = house.accepted(draft).await;

    let changed = house.posts.change(house.project, draft.id, Change::Publish).await.unwrap();

    let Changed::Done(post) = changed else { panic!("{changed:?}") };
    assert_eq!((post.status, post.targets[0].status), (PostStatus::Queued, Status::Queued));
    assert_eq!(house.server.count("SELECT count(*) FROM publish_queue").await, 1);
    assert_eq!(house.lanes.due().await.unwrap().queues.len(), 1);
}

#[tokio::test]
async fn publishing_a_scheduled_post_now_moves_its_item() {
    let house = House::new().await;
    let account = house.account().await;
    let mut post = house.post(&[account]).await;
    post.due = Some(post.created_at + SignedDuration::from_hours(1));
    post.scheduled_at = post.due;
    let post = house.accepted(post).await;
    assert_eq!(house.lanes.due().await.unwrap().queues, []);

    house.posts.change(house.project, post.id, Change::Publish).await.unwrap();

    assert_eq!(house.lanes.due().await.unwrap().queues.len(), 1);
    assert_eq!(house.server.count("SELECT count(*) FROM publish_queue WHERE due_at <= now()").await, 1);
    assert_eq!(house.server.count("SELECT count(*) FROM publish_queue").await, 1);
}

#[tokio::test]
async fn a_removed_draft_is_gone_and_told() {
    let house = House::new().await;
    let account = house.account().await;
    let mut draft = house.post(&[account]).await;
    draft.due = None;
    let draft = house.accepted(draft).await;

    let removed = house.posts.change(house.project, draft.id, Change::Remove).await.unwrap();

    assert!(matches!(removed, Changed::Removed), "{removed:?}");
    assert_eq!(house.posts.get(house.project, draft.id).await.unwrap(), None);
    assert_eq!(house.events().await, ["post.created", "post.deleted"]);
    assert_eq!(house.server.count("SELECT count(*) FROM post_targets").await, 0);
}

#[tokio::test]
async fn a_foreign_post_is_not_there() {
    let house = House::new().await;
    let account = house.account().await;
    let post = house.accepted(house.post(&[account]).await).await;
    let other = domain::ids::ProjectId(uuid::Uuid::now_v7());
    assert!(matches!(house.posts.change(other, post.id, Change::Cancel).await.unwrap(), Changed::NotFound));
    assert_eq!(house.posts.get(other, post.id).await.unwrap(), None);
}
