//! Many targets due within a short time. How late they may be on an idle machine is measured by the benchmark, with twenty
//! times as many.

use std::time::Duration;

use e2e::{Transport, storm::Storm};

over_both!(a_storm_is_sent_once_each_and_not_before_its_time);

/// On however busy a machine, with programs that are not optimised.
const LATEST: Duration = Duration::from_secs(30);

async fn a_storm_is_sent_once_each_and_not_before_its_time(transport: Transport) {
    // given
    let storm = Storm {
        transport,
        targets: 5_000,
        accounts: 500,
        over: Duration::from_secs(10),
        ahead: Duration::from_secs(30),
    };

    // when
    let mut came = storm.happen().await;

    // then
    came.lags.sort_unstable();
    tracing::info!(half = ?came.lags.get(came.lags.len() / 2), latest = ?came.lags.last(), others = ?came.others.iter().max());
    assert_eq!((came.early, came.twice, came.lost, came.overlaps), (0, 0, 0, 0), "early, twice, lost, overlapping");
    assert_eq!(came.lags.len(), storm.targets);
    assert!(came.lags.last().is_some_and(|latest| *latest < LATEST), "{:?}", came.lags.last());
    assert!(came.others.iter().all(|late| *late < LATEST), "{:?}", came.others);
}
