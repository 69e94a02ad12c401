//! 100,000 targets due within one minute over 5,000 accounts of one network, and another project's single posts beside.

use std::time::Duration;

use e2e::{Transport, storm::Storm};

use crate::report::{Report, millis, quantile};

const TARGETS: usize = 100_000;
const ACCOUNTS: usize = 5_000;
const OVER: Duration = Duration::from_secs(60);
/// Making the posts has to be over by then, on a slow machine too.
const AHEAD: Duration = Duration::from_secs(75);

pub(crate) async fn measure(report: &mut Report) {
    for (name, transport) in [("one process", Transport::Local), ("RabbitMQ", Transport::RabbitMq)] {
        let storm = Storm { transport, targets: TARGETS, accounts: ACCOUNTS, over: OVER, ahead: AHEAD };
        let mut came = storm.happen().await;
        let lag = |part| quantile(&mut came.lags, part);
        let [half, most, all] = [0.5, 0.99, 1.0].map(lag);
        report.note(&format!("100,000 within a minute, due to first call, {name}, p50"), millis(half));
        report.within(
            &format!("100,000 within a minute, due to first call, {name}, p99"),
            most,
            Duration::from_millis(50),
        );
        report.note(&format!("100,000 within a minute, due to first call, {name}, max"), millis(all));
        let is_right = (came.early, came.twice, came.lost, came.overlaps) == (0, 0, 0, 0);
        report.holds(&format!("100,000 within a minute, none early, twice, lost or overlapping, {name}"), is_right);
        let [half, most] = [0.5, 0.99].map(|part| quantile(&mut came.others, part));
        report.note(&format!("another project's post meanwhile, asked to first call, {name}, p50"), millis(half));
        report.within(
            &format!("another project's post meanwhile, asked to first call, {name}, p99"),
            most,
            Duration::from_secs(1),
        );
    }
}
