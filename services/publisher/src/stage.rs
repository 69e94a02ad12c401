//! A post that the network prepares before it is published: made there step by step, each of them checkpointed.

use jiff::SignedDuration;
use platforms::Staged;
use serde_json::Value;
use store::targets::Work;

use crate::{
    lane::Lane,
    prepare::{self, PROCESSING, Trouble},
    server::Worker,
};

/// The step's name in the checkpoints.
pub(crate) const CONTAINER: &str = "container";

/// Goes on from what was composed, or from where it was left, until it may be sent; for as long as a file may take.
pub(crate) async fn stage(
    worker: &Worker,
    lane: &Lane,
    work: &Work,
    part: usize,
    mut composed: Value,
) -> Result<Value, Trouble> {
    let Some(stager) = worker.network(lane.platform()).stager() else { return Ok(composed) };
    let refused = |refusal| Trouble::Refused(CONTAINER, refusal);
    let give_up = worker.now() + PROCESSING;
    loop {
        let way = prepare::way(worker, lane).map_err(refused)?;
        let account = prepare::account(lane).map_err(refused)?;
        let staged = stager.stage(&way.cx(worker), &account, &composed).await;
        let (next, check_at) = match way.heard(lane, staged).map_err(refused)? {
            Staged::Ready(ready) => (ready, None),
            Staged::Waiting { composed, check_at } => (composed, Some(check_at)),
        };
        if next != composed {
            prepare::keep_checkpoint(worker, work, part, CONTAINER, next.clone()).await?;
        }
        let Some(check_at) = check_at else { return Ok(next) };
        if worker.now() > give_up {
            return Err(refused(prepare::not_now("The network is still preparing the post")));
        }
        composed = next;
        let wait = check_at.duration_since(worker.now());
        tokio::time::sleep(wait.max(SignedDuration::ZERO).unsigned_abs()).await;
    }
}
