//! What a post or a comment is made of, and what its containers are asked for with.

use domain::{
    post::Role,
    target::{ErrorCode, Refusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::media::File;
use crate::{Part, words};

/// What is kept between composing and sending, and grows while containers are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Composed {
    #[serde(flatten)]
    pub(super) call: Call,
    /// When it was composed.
    pub(super) composed_at: Timestamp,
}

/// Which call publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub(super) enum Call {
    /// A container is published.
    Post(Post),
    /// A comment is written.
    Comment {
        /// The post it hangs on.
        on: String,
        /// The text.
        message: String,
    },
}

/// A post that is made of containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Post {
    /// What people read.
    pub(super) caption: String,
    /// What it becomes.
    pub(super) kind: Kind,
    /// In order.
    pub(super) files: Vec<File>,
    /// As the caller gave them.
    pub(super) options: Value,
    /// Of a carousel's files, as far as they are made.
    #[serde(default)]
    pub(super) children: Vec<Container>,
    /// Of the whole, once it is made.
    #[serde(default)]
    pub(super) container: Option<Container>,
    /// How often all of it was made anew.
    #[serde(default)]
    pub(super) restarts: u8,
}

/// What a post becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// One picture.
    Image,
    /// One video, whatever it was meant to be.
    Reel,
    /// One file for a day.
    Story,
    /// Several files.
    Carousel,
}

impl Kind {
    /// By the placement that was asked for and the files. A single video is always a reel.
    pub(super) fn of(placement: Option<&str>, are_videos: &[bool]) -> Self {
        match (placement, are_videos) {
            (Some("stories"), _) => Self::Story,
            (_, [true]) => Self::Reel,
            (_, [false] | []) => Self::Image,
            _ => Self::Carousel,
        }
    }
}

/// A container at Instagram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Container {
    pub(super) id: String,
    #[serde(default)]
    pub(super) state: State,
    /// How often it was asked for and not ready.
    #[serde(default)]
    pub(super) asked: u32,
}

/// What is known of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Made.
    #[default]
    Made,
    /// May be used.
    Finished,
    /// Was published, whatever we know of it.
    Published,
}

impl Composed {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let composed: Self = serde_json::from_value(value.clone()).ok()?;
        let is_sound = match &composed.call {
            Call::Post(post) => {
                post.children.iter().chain(&post.container).all(|container| words::is_id(&container.id))
            }
            Call::Comment { on, .. } => words::is_id(on),
        };
        is_sound.then_some(composed)
    }
}

pub(super) fn compose(now: Timestamp, part: &Part<'_>) -> Result<Value, Refusal> {
    let refused = |code, message: &str| Err(Refusal::Rejected { code, message: message.to_owned(), http_status: None });
    if part.role != Role::Main {
        // Answers to a comment land below the comment above it, so all later parts are comments on the post.
        let Some(root) = part.root.filter(|root| words::is_id(&root.id)) else {
            return refused(ErrorCode::ParentPartFailed, "the main part has no id that Instagram could know");
        };
        let call = Call::Comment { on: root.id.clone(), message: part.content.to_owned() };
        return Ok(json!(Composed { call, composed_at: now }));
    }
    let mut files = Vec::new();
    for (handle, alt_text) in part.media {
        match File::read(handle) {
            Some(file) => files.push(File { alt_text: alt_text.clone(), ..file }),
            None => return refused(ErrorCode::MediaRejected, "the stored address of a file cannot be read"),
        }
    }
    if files.is_empty() {
        return refused(ErrorCode::ContentRejected, "Instagram takes no post without a picture or a video");
    }
    let are_videos: Vec<bool> = files.iter().map(|file| file.is_video).collect();
    let post = Post {
        caption: part.content.to_owned(),
        kind: Kind::of(part.options["placement"].as_str(), &are_videos),
        files,
        options: part.options.clone(),
        children: Vec::new(),
        container: None,
        restarts: 0,
    };
    Ok(json!(Composed { call: Call::Post(post), composed_at: now }))
}

/// A request's fields, in order.
pub(super) type Form = Vec<(String, String)>;

fn field(form: &mut Form, name: &str, value: impl Into<String>) {
    form.push((name.to_owned(), value.into()));
}

/// One file of a carousel. Who is tagged is tagged in the first.
pub(super) fn child(file: &File, is_first: bool, options: &Value) -> Form {
    let mut form = Form::new();
    field(&mut form, "is_carousel_item", "true");
    if file.is_video {
        field(&mut form, "media_type", "VIDEO");
    }
    of_file(&mut form, file);
    if is_first {
        json_option(&mut form, "user_tags", options);
    }
    form
}

fn of_file(form: &mut Form, file: &File) {
    field(form, if file.is_video { "video_url" } else { "image_url" }, file.url.as_str());
    if let Some(text) = file.alt_text.as_deref().filter(|text| !file.is_video && !text.trim().is_empty()) {
        field(form, "alt_text", text);
    }
}

/// The container that is published.
pub(super) fn parent(post: &Post) -> Form {
    let mut form = Form::new();
    let options = &post.options;
    match post.kind {
        Kind::Image => {}
        Kind::Reel => field(&mut form, "media_type", "REELS"),
        Kind::Story => field(&mut form, "media_type", "STORIES"),
        Kind::Carousel => {
            field(&mut form, "media_type", "CAROUSEL");
            let ids: Vec<&str> = post.children.iter().map(|child| child.id.as_str()).collect();
            field(&mut form, "children", ids.join(","));
        }
    }
    if let ([file], true) = (post.files.as_slice(), post.kind != Kind::Carousel) {
        of_file(&mut form, file);
        json_option(&mut form, "user_tags", options);
    }
    if post.kind == Kind::Story {
        return form;
    }
    if !post.caption.is_empty() {
        field(&mut form, "caption", post.caption.as_str());
    }
    json_option(&mut form, "collaborators", options);
    plain_option(&mut form, "location_id", options);
    if post.kind == Kind::Reel {
        for name in ["share_to_feed", "cover_url", "thumb_offset", "audio_name"] {
            plain_option(&mut form, name, options);
        }
        let strategy = match options["trial_reel"].as_str() {
            Some("manual") => Some("MANUAL"),
            Some("performance") => Some("SS_PERFORMANCE"),
            _ => None,
        };
        if let Some(strategy) = strategy {
            field(&mut form, "trial_params", json!({"graduation_strategy": strategy}).to_string());
        }
    }
    form
}

fn json_option(form: &mut Form, name: &str, options: &Value) {
    if let Some(value) = options.get(name).filter(|value| !value.is_null()) {
        field(form, name, value.to_string());
    }
}

fn plain_option(form: &mut Form, name: &str, options: &Value) {
    match options.get(name) {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => field(form, name, text.as_str()),
        Some(value) => field(form, name, value.to_string()),
    }
}
