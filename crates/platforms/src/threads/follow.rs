//! Where people see a post that was published.

use domain::target::Progress;
use serde_json::Value;

use super::{publish::live, tokens::ThreadsTokens, wire::Post};
use crate::{Account, Cx, stored};

/// The id in a handle of ours.
pub(super) fn post_of(handle: &Value) -> Option<&str> {
    handle["post"].as_str().filter(|id| super::is_id(id))
}

/// It is live, whatever comes of the question.
pub(super) async fn follow(cx: &Cx<'_>, account: &Account<'_>, handle: &Value) -> Progress {
    let Some(id) = post_of(handle) else {
        return Progress::Unknown { message: "the stored handle of the post cannot be read".to_owned() };
    };
    Progress::Live(live(id.to_owned(), permalink(cx, account, id).await))
}

async fn permalink(cx: &Cx<'_>, account: &Account<'_>, id: &str) -> Option<String> {
    let tokens: ThreadsTokens = stored::open(account).ok()?;
    let ask = super::get(cx, id).query("fields", "id,permalink").bearer(&tokens.access_token);
    ask.call(cx).await.ok()?.success::<Post>().filter(|post| post.id == id)?.permalink
}
