//! What a post's containers are made of.

use domain::{
    post::Role,
    target::{ErrorCode, Refusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::media::Handle;
use crate::Part;

/// Fields of a form, in the order in which they are sent.
pub(super) type Form = Vec<(String, String)>;

/// What is kept from composing to sending: what to make, and how far it is made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Composed {
    /// The files of a carousel, each a container of its own.
    #[serde(default)]
    pub(super) children: Vec<Container>,
    /// The post's container; of a carousel without the names of its files.
    pub(super) post: Container,
    /// Whether the container was found published. There is nothing left to send then, only to look up.
    #[serde(default)]
    pub(super) is_published: bool,
}

/// A container, made or to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Container {
    pub(super) form: Form,
    /// Threads' name of it, once it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) made_at: Option<Timestamp>,
    /// Whether Threads is done with it.
    #[serde(default)]
    pub(super) is_finished: bool,
}

impl Container {
    fn new(form: Form) -> Self {
        Self { form, ..Self::default() }
    }

    /// To be made anew.
    pub(super) fn forget(&mut self) {
        (self.id, self.made_at, self.is_finished) = (None, None, false);
    }

    fn is_sound(&self) -> bool {
        self.id.as_deref().is_none_or(super::is_id)
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl Composed {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let composed: Self = serde_json::from_value(value.clone()).ok()?;
        (composed.post.is_sound() && composed.children.iter().all(Container::is_sound)).then_some(composed)
    }

    pub(super) fn text(&self) -> &str {
        self.post.field("text").unwrap_or_default()
    }

    pub(super) fn parent(&self) -> Option<&str> {
        self.post.field("reply_to_id")
    }
}

pub(super) fn compose(part: &Part<'_>) -> Result<Value, Refusal> {
    let refused = |code, message: &str| Refusal::Rejected { code, message: message.to_owned(), http_status: None };
    let mut files = Vec::new();
    for (handle, alt) in part.media {
        let handle = Handle::read(handle)
            .ok_or_else(|| refused(ErrorCode::MediaRejected, "the stored address of a file cannot be read"))?;
        files.push((handle, alt.clone()));
    }
    let parent = part.parent.map(|parent| parent.id.as_str());
    if parent.is_some_and(|id| !super::is_id(id)) {
        let message = "the part before has no id that Threads could know";
        return Err(refused(ErrorCode::ParentPartFailed, message));
    }
    Ok(json!(containers(part.role, part.content, &files, parent, part.options)))
}

/// A file with its alternative text.
pub(super) type File = (Handle, Option<String>);

/// The same for preview and for real.
pub(super) fn containers(role: Role, content: &str, files: &[File], parent: Option<&str>, options: &Value) -> Composed {
    let (children, mut form) = match files {
        [] => (Vec::new(), vec![field("media_type", "TEXT")]),
        [one] => (Vec::new(), file(one, options)),
        several => {
            let child = |one| Container::new([file(one, options), vec![field("is_carousel_item", "true")]].concat());
            (several.iter().map(child).collect(), vec![field("media_type", "CAROUSEL")])
        }
    };
    if !content.is_empty() {
        form.push(field("text", content));
    }
    if let Some(parent) = parent {
        form.push(field("reply_to_id", parent));
    }
    // Who may reply is said of every part; what makes a post a quote, a card or part of a topic of the first one only.
    let of_main: &[&str] = if role == Role::Main { &["topic_tag", "link_attachment", "quote_post_id"] } else { &[] };
    for name in ["reply_control"].iter().chain(of_main) {
        if let Some(text) = options.get(*name).and_then(Value::as_str) {
            form.push(field(name, text));
        }
    }
    Composed { children, post: Container::new(form), is_published: false }
}

fn file((handle, alt): &File, options: &Value) -> Form {
    let (kind, name) = if handle.is_video { ("VIDEO", "video_url") } else { ("IMAGE", "image_url") };
    let mut form = vec![field("media_type", kind), field(name, &handle.url)];
    if let Some(alt) = alt.as_deref().filter(|alt| !alt.trim().is_empty()) {
        form.push(field("alt_text", alt));
    }
    if options.get("is_spoiler_media").and_then(Value::as_bool) == Some(true) {
        form.push(field("is_spoiler_media", "true"));
    }
    form
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
