//! One account with ten thousand due posts beside two hundred with one each.

use std::time::Duration;

use e2e::{Transport, neighbours};

use crate::report::{Report, millis};

const BACKLOG: usize = 10_000;
const OTHERS: usize = 200;

pub(crate) async fn measure(report: &mut Report) {
    let came = neighbours::measure(Transport::RabbitMq, BACKLOG, OTHERS).await;
    report.note("200 accounts with one post each, alone", millis(came.alone));
    let more = came.beside.saturating_sub(came.alone);
    report.within("the same beside one with 10,000, longer by", more, Duration::from_secs(2));
    let in_order = came.order.iter().copied().eq(0..BACKLOG);
    report.holds("the 10,000 in order, each once, none overlapping", in_order && came.overlaps == 0);
}
