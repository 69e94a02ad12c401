//! Comments and counters below a post (sections 5.7, 5.14 to 5.16).

mod create;
mod delete;
mod read;

use serde_json::{Value, json};

use super::fact::Comment;
use super::state::State;
use super::urn;

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use read::{list, summary};

/// The comment as answers show it. What it is about is called by its activity, whatever the request called it.
fn view(comment: &Comment, state: &State) -> Value {
    let activity = state.posts.get(&comment.post).map_or(0, |post| post.activity);
    let at = comment.at.as_millisecond();
    let mut view = json!({
        "id": comment.id.to_string(),
        "$URN": urn::comment(activity, comment.id),
        "commentUrn": urn::comment(activity, comment.id),
        "actor": comment.actor,
        "object": format!("urn:li:activity:{activity}"),
        "message": {"attributes": [], "text": comment.text},
        "created": {"actor": comment.actor, "time": at},
        "lastModified": {"actor": comment.actor, "time": at},
    });
    if let Some(parent) = comment.parent {
        view["parentComment"] = urn::comment(activity, parent).into();
    }
    if let Some(image) = &comment.image {
        view["content"] = json!([{"type": "IMAGE", "entity": {"image": image}}]);
    }
    view
}
