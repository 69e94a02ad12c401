//! Files, as far as a caller does not upload them.

use domain::{
    ids::{MediaId, ProjectId},
    media::MediaKind,
};
use jiff::SignedDuration;
use store::media::{self, Media, MediaStatus};
use uuid::Uuid;

use crate::house::House;

/// A network fetches it by a link, and the sweep finds it once nobody does any more.
#[tokio::test]
async fn a_copy_is_there_at_once_and_runs_out() {
    // given
    let house = House::new().await;
    let now = house.now().await;
    let copy = |hours: i64| Media {
        id: MediaId(Uuid::now_v7()),
        status: MediaStatus::Ready,
        kind: Some(MediaKind::Image),
        filename: "a.jpg".to_owned(),
        content_type: "image/jpeg".to_owned(),
        size: Some(4),
        width: Some(800),
        height: Some(600),
        duration_ms: None,
        created_at: now - SignedDuration::from_hours(30),
        expires_at: now + SignedDuration::from_hours(hours),
    };
    let (fresh, old) = (copy(24), copy(-2));
    // when
    for copy in [&fresh, &old] {
        media::insert_copy(&house.database, house.project, copy.clone()).await.unwrap();
    }
    // then
    let linked = media::find_linked(&house.database, fresh.id).await.unwrap().unwrap();
    assert_eq!((linked.status, linked.kind, linked.size), (MediaStatus::Ready, fresh.kind, fresh.size));
    assert_eq!(media::find_linked(&house.database, old.id).await.unwrap(), None);
    assert_eq!(media::list_expired(&house.database, 10).await.unwrap(), [old.id]);
    // and: it is nobody else's
    assert_eq!(media::find(&house.database, ProjectId(Uuid::now_v7()), fresh.id).await.unwrap(), None);
    let nobody = media::insert_copy(&house.database, ProjectId(Uuid::now_v7()), copy(1)).await;
    assert!(nobody.is_err());
}
