//! The bodies of a post and of a comment.

use domain::{
    post::Role,
    target::{ErrorCode, Refusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{author::Author, media::Handle, text, urn};
use crate::{Account, Part};

/// What is kept between composing and sending.
#[derive(Serialize, Deserialize)]
pub(super) struct Composed {
    /// The post that it is a comment on; `None` for a post.
    #[serde(default)]
    pub(super) on: Option<String>,
    /// The body.
    pub(super) body: Value,
    /// When the last of its images was uploaded.
    #[serde(default)]
    pub(super) uploaded_at: Option<Timestamp>,
}

impl Composed {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let composed: Self = serde_json::from_value(value.clone()).ok()?;
        let is_sound = composed.body.is_object() && composed.on.as_deref().is_none_or(urn::is_post);
        is_sound.then_some(composed)
    }

    /// The text as people see it.
    pub(super) fn visible(&self) -> String {
        match self.on {
            None => text::visible(self.body["commentary"].as_str().unwrap_or_default()),
            Some(_) => self.body["message"]["text"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// Where the link card leads.
    pub(super) fn article(&self) -> Option<&str> {
        self.body["content"]["article"]["source"].as_str()
    }

    /// The images, by their names.
    pub(super) fn images(&self) -> Vec<&str> {
        let content = &self.body["content"];
        let listed = content["multiImage"]["images"].as_array().into_iter().flatten().map(|image| &image["id"]);
        let of_comment = content.as_array().into_iter().flatten().map(|part| &part["entity"]["image"]);
        listed.chain([&content["media"]["id"]]).chain(of_comment).filter_map(Value::as_str).collect()
    }
}

/// An image with its alternative text.
pub(super) type Image = (String, Option<String>);

pub(super) fn compose(account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal> {
    let refused = |code, message: &str| Refusal::Rejected { code, message: message.to_owned(), http_status: None };
    let (mut images, mut uploaded_at) = (Vec::new(), None);
    for (handle, alt) in part.media {
        let handle = Handle::read(handle)
            .ok_or_else(|| refused(ErrorCode::MediaRejected, "the stored handle of an upload cannot be read"))?;
        uploaded_at = uploaded_at.max(Some(handle.uploaded_at));
        images.push((handle.image, alt.clone()));
    }
    let author = Author::of(account)?.urn();
    let (on, body) = match part.role {
        Role::Main => (None, post(&author, part.content, &images, part.options)),
        // LinkedIn has no threads: everything after the post is a comment on it (5.7).
        Role::FirstComment | Role::Thread => {
            let root = part.root.map(|root| root.id.as_str()).filter(|id| urn::is_post(id));
            let root = root
                .ok_or_else(|| refused(ErrorCode::ParentPartFailed, "the post has no name that LinkedIn could know"))?;
            (Some(root.to_owned()), comment(&author, root, part.content, &images))
        }
    };
    Ok(json!(Composed { on, body, uploaded_at }))
}

/// The body of `POST /rest/posts`, the same for preview and for real.
pub(super) fn post(author: &str, content: &str, images: &[Image], options: &Value) -> Value {
    let given = |name: &str| options.get(name).filter(|value| !value.is_null());
    let mut body = json!({
        "author": author,
        "commentary": text::commentary(content),
        "visibility": given("visibility").cloned().unwrap_or_else(|| json!("PUBLIC")),
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": given("is_reshare_disabled").cloned().unwrap_or(Value::Bool(false)),
    });
    let content = match images {
        [] => given("article").map(|article| json!({"article": present(article)})),
        [one] => Some(json!({"media": image(one)})),
        several => Some(json!({"multiImage": {"images": several.iter().map(image).collect::<Vec<_>>()}})),
    };
    if let Some(content) = content {
        body["content"] = content;
    }
    body
}

/// The body of `POST /rest/socialActions/{post}/comments`. Its text is plain.
pub(super) fn comment(actor: &str, on: &str, content: &str, images: &[Image]) -> Value {
    let mut body = json!({"actor": actor, "object": on, "message": {"text": content}});
    if !images.is_empty() {
        let entities = images.iter().map(|(image, _)| json!({"entity": {"image": image}}));
        body["content"] = entities.collect();
    }
    body
}

fn image((id, alt): &Image) -> Value {
    match alt.as_deref().filter(|alt| !alt.trim().is_empty()) {
        Some(alt) => json!({"id": id, "altText": alt}),
        None => json!({"id": id}),
    }
}

/// An option's fields that were given.
fn present(option: &Value) -> Value {
    let fields = option.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}
