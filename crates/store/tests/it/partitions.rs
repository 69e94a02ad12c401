//! History is kept by the week.

use jiff::SignedDuration;
use store::partitions;

use crate::house::House;

#[tokio::test]
async fn weeks_are_made_ahead_and_dropped_when_they_are_old() {
    let house = House::new().await;
    let now = house.now().await;

    let first = partitions::turn(&house.database, now).await.unwrap();
    assert_eq!((first.made.len(), first.dropped.len()), (20, 0));
    assert_eq!(partitions::turn(&house.database, now).await.unwrap(), partitions::Turned::default());

    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    assert_eq!(house.server.count("SELECT count(*) FROM events_default").await, 0);
    assert_eq!(house.events().await, ["post.created"]);

    let later = partitions::turn(&house.database, now + SignedDuration::from_hours(24 * 70)).await.unwrap();
    assert!(later.dropped.iter().any(|name| name.starts_with("events_")), "{later:?}");
    assert!(later.dropped.iter().all(|name| !name.starts_with("publish_attempts")), "{later:?}");
    assert_eq!(house.events().await, Vec::<String>::new());
}

#[tokio::test]
async fn rows_that_were_there_first_stay_in_the_default_partition() {
    let house = House::new().await;
    let account = house.account().await;
    house.accepted(house.post(&[account]).await).await;
    let turned = partitions::turn(&house.database, house.now().await).await.unwrap();
    assert_eq!(turned.made.iter().filter(|name| name.starts_with("events_")).count(), 3);
    assert_eq!(house.server.count("SELECT count(*) FROM events_default").await, 1);
}
