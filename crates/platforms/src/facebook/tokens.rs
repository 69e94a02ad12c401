//! What is kept of a page.

use serde::{Deserialize, Serialize};

/// The sealed JSON. A page's token that came from a long-lived one of a person's has no end (fact sheet part 1, 2.4).
#[derive(Serialize, Deserialize)]
pub(super) struct PageToken {
    pub(super) access_token: String,
}
