//! Publishing that is held: by the operator, or in a copy of another database.

use domain::{target::ErrorCode, transition::Error};
use jiff::SignedDuration;
use store::targets::Work;

use crate::{
    lane::{Ended, Lane},
    server::Worker,
    step::Flow,
};

/// When a lane that was taken before the hold is looked at again. It is not handed over before the release.
const PAUSE: SignedDuration = SignedDuration::from_secs(2);

/// Nothing of the account is sent for now.
pub(crate) fn stop(worker: &Worker) -> Flow {
    Flow::End(Ended::Blocks(worker.now() + PAUSE))
}

/// What kept everything from going out when this target should have.
pub(crate) fn held_by(lane: &Lane, work: &Work) -> Option<Error> {
    let hold = lane.account.last_hold.as_ref()?;
    let was_held = hold.from < work.state.expire_at && hold.until.is_none_or(|until| until > work.first_due_at);
    let message = format!("Publishing was held: {}", hold.because);
    was_held.then_some(Error { code: ErrorCode::TooLate, message })
}
