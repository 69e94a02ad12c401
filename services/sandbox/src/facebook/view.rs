//! Facebook's nodes as answers show them: each view holds every field there is of its type, for `fields` to pick from.

use serde_json::{Value, json};

use super::fact::{Comment, Photo, Post, PostKind};
use super::state::{Page, State, User};
use crate::core::Core;
use crate::graph::{File, moment};

/// What a node has when a request names no fields.
pub(super) const USER: &str = "id,name";
pub(super) const PAGE: &str = "id,name";
pub(super) const LISTED_PAGE: &str = "access_token,category,category_list,name,id,tasks";
pub(super) const POST: &str = "created_time,message,id";
pub(super) const PHOTO: &str = "created_time,id,name";
pub(super) const COMMENT: &str = "created_time,from,message,id";

const WWW: &str = "https://www.facebook.com";
const SILHOUETTE: &str = "https://static.xx.fbcdn.net/rsrc.php/default_profile.png";
const TASKS: [&str; 5] = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE"];

/// Where the sandbox shows an upload.
pub(super) fn source(file: &File, core: &Core) -> String {
    format!("{}/_sandbox/media/facebook/{}", core.origin, file.name)
}

fn picture() -> Value {
    json!({"data": {"height": 50, "is_silhouette": true, "url": SILHOUETTE, "width": 50}})
}

pub(super) fn user(user: &User) -> Value {
    json!({"id": user.id.to_string(), "name": user.name, "email": null, "picture": picture()})
}

/// A page as the caller sees it: its token shows only to a person of it, or to itself.
pub(super) fn page(page: &Page, token: Option<String>) -> Value {
    let tasks = token.is_some().then_some(TASKS);
    json!({
        "id": page.id.to_string(),
        "name": page.username,
        "username": page.username,
        "access_token": token,
        "tasks": tasks,
        "category": "Media",
        "category_list": [{"id": "1", "name": "Media"}],
        "about": null,
        "link": format!("{WWW}/{}", page.username),
        "fan_count": 0,
        "followers_count": 0,
        "picture": picture(),
        "instagram_business_account": page.instagram.as_ref().map(|account| json!({
            "id": account.id.to_string(),
            "username": account.username,
            "name": account.username,
            "profile_picture_url": SILHOUETTE,
        })),
    })
}

fn author(page: u64, state: &State) -> Value {
    let name = state.pages.get(&page).map_or("", |page| page.username.as_str());
    json!({"id": page.to_string(), "name": name})
}

fn nobody() -> Value {
    json!({"data": [], "summary": {"total_count": 0, "can_like": true, "has_liked": false}})
}

pub(super) fn permalink(post: &Post) -> String {
    format!("{WWW}/{}/posts/{}", post.page, post.id)
}

pub(super) fn post(post: &Post, state: &State, core: &Core) -> Value {
    let comments = state.comments.values().filter(|comment| comment.post == post.id);
    let comments: Vec<Value> = comments.map(|comment| self::comment(comment, state, core)).collect();
    let photos: Vec<&Photo> = post.photos.iter().filter_map(|id| state.photos.get(id)).collect();
    let count = comments.len();
    json!({
        "id": post.full_id(),
        "message": Some(&post.message).filter(|text| !text.is_empty()),
        "story": null,
        "created_time": moment::written(post.at),
        "updated_time": moment::written(post.at),
        "permalink_url": permalink(post),
        "from": author(post.page, state),
        "is_published": post.is_published,
        "is_hidden": false,
        "is_expired": false,
        "status_type": if post.kind == PostKind::Photo { "added_photos" } else { "mobile_status_update" },
        "full_picture": photos.first().map(|photo| source(&photo.file, core)),
        "attachments": attachments(post, &photos, core),
        "shares": null,
        "likes": nobody(),
        "reactions": nobody(),
        "comments": {
            "data": comments,
            "summary": {"order": "chronological", "total_count": count, "can_comment": true},
        },
    })
}

fn attachments(post: &Post, photos: &[&Photo], core: &Core) -> Value {
    let one = |photo: &&Photo| {
        let link = format!("{WWW}/photo.php?fbid={}", photo.id);
        json!({
            "media_type": "photo",
            "type": "photo",
            "media": {"image": {"src": source(&photo.file, core)}},
            "target": {"id": photo.id.to_string(), "url": link},
            "url": link,
        })
    };
    match (photos, &post.link) {
        ([], None) => Value::Null,
        ([], Some(link)) => json!({"data": [{
            "media_type": "link",
            "type": "share",
            "target": {"url": link},
            "title": link,
            "url": link,
        }]}),
        ([photo], _) => json!({"data": [one(photo)]}),
        (several, _) => json!({"data": [{
            "media_type": "album",
            "type": "album",
            "target": {"id": post.id.to_string(), "url": permalink(post)},
            "url": permalink(post),
            "subattachments": {"data": several.iter().map(one).collect::<Vec<_>>()},
        }]}),
    }
}

pub(super) fn photo(photo: &Photo, state: &State, core: &Core) -> Value {
    let post = state.posts.values().find(|post| post.photos.contains(&photo.id));
    json!({
        "id": photo.id.to_string(),
        "created_time": moment::written(photo.at),
        "name": Some(&photo.caption).filter(|text| !text.is_empty()),
        "alt_text": photo.file.alt_text,
        "alt_text_custom": photo.file.alt_text,
        "from": author(photo.page, state),
        "link": format!("{WWW}/photo.php?fbid={}", photo.id),
        "images": [{"source": source(&photo.file, core)}],
        "picture": source(&photo.file, core),
        "page_story_id": post.map(Post::full_id),
        "permalink_url": post.map(permalink),
    })
}

pub(super) fn comment(comment: &Comment, state: &State, core: &Core) -> Value {
    let parent = comment.parent.and_then(|parent| state.comments.get(&parent));
    let page = state.posts.get(&comment.post).map_or(0, |post| post.page);
    json!({
        "id": comment.full_id(),
        "message": comment.message,
        "created_time": moment::written(comment.at),
        "from": author(comment.page, state),
        "parent": parent.map(|parent| json!({"id": parent.full_id(), "message": parent.message})),
        "like_count": 0,
        "user_likes": false,
        "comment_count": state.replies(comment.post, Some(comment.id)).count(),
        "is_hidden": comment.is_hidden,
        "can_hide": true,
        "can_comment": true,
        "can_remove": true,
        "permalink_url": format!("{WWW}/{page}/posts/{}?comment_id={}", comment.post, comment.id),
        "attachment": comment.file.as_ref().map(|file| json!({
            "type": "photo",
            "media": {"image": {"src": source(file, core)}},
        })),
    })
}
