//! Posts and containers as answers show them, with every field there is of their type.

use serde_json::{Value, json};

use super::fact::Post;
use super::state::State;
use super::text;
use crate::core::Core;
use crate::graph::{Container, File, moment, secret};

pub(super) fn permalink(post: &Post, state: &State) -> String {
    let name = state.users.get(&post.user).map_or("", |user| user.username.as_str());
    format!("https://www.threads.net/@{name}/post/{}", secret::shortcode(post.id))
}

fn address(file: &File, core: &Core) -> String {
    format!("{}/_sandbox/media/threads/{}", core.origin, file.name)
}

fn media_type(files: &[File]) -> &'static str {
    match files {
        [] => "TEXT_POST",
        [file] if file.is_video => "VIDEO",
        [_] => "IMAGE",
        _ => "CAROUSEL_ALBUM",
    }
}

pub(super) fn post(post: &Post, state: &State, core: &Core, reader: u64) -> Value {
    let name = state.users.get(&post.user).map(|user| user.username.as_str());
    let root = state.root(post);
    let own_root = state.posts.get(&root).is_some_and(|root| root.user == reader);
    let single = post.files.first().filter(|_| post.files.len() == 1);
    let child = |file: &File| {
        json!({
            "media_type": media_type(std::slice::from_ref(file)),
            "media_url": address(file, core),
            "alt_text": file.alt_text,
        })
    };
    let children: Vec<Value> = post.files.iter().map(child).collect();
    let id = |id: u64| json!({"id": id.to_string()});
    json!({
        "id": post.id.to_string(),
        "media_product_type": "THREADS",
        "media_type": media_type(&post.files),
        "media_url": single.map(|file| address(file, core)),
        "thumbnail_url": null,
        "alt_text": single.and_then(|file| file.alt_text.as_ref()),
        "children": if children.len() > 1 { json!({"data": children}) } else { Value::Null },
        "permalink": permalink(post, state),
        "shortcode": secret::shortcode(post.id),
        "owner": id(post.user),
        "username": name,
        "text": Some(&post.text).filter(|text| !text.is_empty()),
        "timestamp": moment::written(post.at),
        "is_quote_post": post.quoted.is_some(),
        "quoted_post": post.quoted.map(id),
        "reposted_post": null,
        "has_replies": state.replies(post.id).next().is_some(),
        "is_reply": post.parent.is_some(),
        "is_reply_owned_by_me": post.parent.is_some() && post.user == reader,
        "root_post": post.parent.filter(|_| own_root || root != post.id).map(|_| id(root)),
        "replied_to": post.parent.map(id),
        "hide_status": if post.is_hidden { "HIDDEN" } else { "NOT_HUSHED" },
        "reply_audience": "EVERYONE",
        "link_attachment_url": post.link.as_deref().or_else(|| text::first_link(&post.text)),
        "topic_tag": null,
        "gif_url": null,
        "poll_attachment": null,
    })
}

pub(super) fn container(container: &Container, now: jiff::Timestamp) -> Value {
    let status = container.status(now);
    let failed = container.failure.as_ref().filter(|_| status == crate::graph::Status::Error);
    json!({"id": container.id.to_string(), "status": status, "error_message": failed})
}
