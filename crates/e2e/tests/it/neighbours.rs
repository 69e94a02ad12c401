//! One account with thousands of due posts beside two hundred with one each.

use std::time::Duration;

use e2e::{Transport, neighbours::measure};

/// The benchmark does it with 10,000.
const BACKLOG: usize = 2_000;
const OTHERS: usize = 200;

over_both!(a_backlog_is_its_own_accounts_affair);

async fn a_backlog_is_its_own_accounts_affair(transport: Transport) {
    let came = measure(transport, BACKLOG, OTHERS).await;
    tracing::info!("{OTHERS} others: {:?} alone, {:?} beside a backlog of {BACKLOG}", came.alone, came.beside);
    assert!(came.gone < BACKLOG, "the backlog was gone before the others were done");
    assert!(came.beside < came.alone + Duration::from_secs(2), "{:?} alone, {:?} beside", came.alone, came.beside);
    assert_eq!(came.order, (0..BACKLOG).collect::<Vec<_>>(), "in order, each once");
    assert_eq!(came.overlaps, 0);
}
