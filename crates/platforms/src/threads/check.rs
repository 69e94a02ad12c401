//! Threads' rules that can be known beforehand, and what would be sent.

use domain::{media::MediaKind, post::Role};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    compose::{self, Form},
    media::Handle,
    spec::{BASE, DEFAULT_BASE, LINKS_MAX, OPTIONS, REPLY_CONTROLS, SPEC, TOPIC_MAX, VERSION},
    text,
};
use crate::{
    Account, Bases, PreviewRequest, RuleFault, TargetDraft,
    links::{self, Scheme},
    options::Options,
    rules::{FileLimits, PartFaults},
};

pub(super) fn check(draft: &TargetDraft<'_>) -> Vec<RuleFault> {
    let mut faults = options(draft);
    let limits = FileLimits::from(&SPEC.media);
    for (index, part) in draft.parts.iter().enumerate() {
        let mut at = PartFaults::new(SPEC.name, index, &mut faults);
        at.length(SPEC.text, text::post_length(part.content));
        at.not_empty(part);
        let links = links::find(part.content, Scheme::Required).len();
        if links > LINKS_MAX {
            let detail = format!("Threads allows {LINKS_MAX} links in a post; this has {links}");
            at.add("/content", "too_many_links", detail);
        }
        at.files(&limits, part);
    }
    faults
}

fn options(draft: &TargetDraft<'_>) -> Vec<RuleFault> {
    let mut options = Options::new(SPEC.name, &draft.options, OPTIONS);
    options.choice("reply_control", REPLY_CONTROLS);
    options.flag("is_spoiler_media");
    if options.text("topic_tag").is_some_and(|tag| !is_topic(tag)) {
        let detail = format!("must have 1 to {TOPIC_MAX} characters, and no period or ampersand");
        options.fault("topic_tag", "invalid_option", detail);
    }
    if options.text("quote_post_id").is_some_and(|id| !super::is_id(id)) {
        options.fault("quote_post_id", "invalid_option", "must be an id of 1 to 20 digits".to_owned());
    }
    if options.text("link_attachment").is_some_and(|link| !is_web_link(link)) {
        options.fault("link_attachment", "invalid_option", "must be an http or https URL".to_owned());
    }
    let has_media = draft.parts.first().is_some_and(|part| !part.media.is_empty());
    if has_media && options.has("link_attachment") {
        let detail = "Threads does not take `link_attachment` together with media".to_owned();
        options.fault("link_attachment", "conflicting_options", detail);
    }
    options.finish()
}

fn is_topic(tag: &str) -> bool {
    (1..=TOPIC_MAX).contains(&tag.chars().count())
        && !tag.trim().is_empty()
        && !tag.chars().any(|letter| matches!(letter, '.' | '&') || letter.is_control())
}

fn is_web_link(text: &str) -> bool {
    text.is_ascii() && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

pub(super) fn preview(draft: &TargetDraft<'_>, account: &Account<'_>, bases: &Bases) -> Vec<PreviewRequest> {
    let base = format!("{}/{VERSION}/{}", bases.get(BASE, DEFAULT_BASE), account.network_unique_id);
    let mut requests = Vec::new();
    for (index, part) in draft.parts.iter().enumerate() {
        let files = part.media.iter().enumerate().map(|(file_index, file)| {
            let is_video = file.kind == Some(MediaKind::Video);
            let url = format!("<address of file {index}.{file_index}>");
            (Handle { url, is_video }, file.alt_text.map(str::to_owned))
        });
        let files: Vec<_> = files.collect();
        let parent = (part.role != Role::Main).then(|| format!("<id of part {}>", index.saturating_sub(1)));
        let made = compose::containers(part.role, part.content, &files, parent.as_deref(), &draft.options);
        let mut children = Vec::new();
        for (file_index, child) in made.children.into_iter().enumerate() {
            requests.push(form(format!("{base}/threads"), child.form));
            children.push(format!("<container {index}.{file_index}>"));
        }
        let mut fields = made.post.form;
        if !children.is_empty() {
            fields.push(("children".to_owned(), children.join(",")));
        }
        requests.push(form(format!("{base}/threads"), fields));
        let publish = vec![("creation_id".to_owned(), format!("<container {index}>"))];
        requests.push(form(format!("{base}/threads_publish"), publish));
    }
    requests
}

fn form(url: String, fields: Form) -> PreviewRequest {
    let fields = fields.into_iter().map(|(name, value)| (name, Value::String(value)));
    let mut request = PreviewRequest::json("POST", url, Value::Object(fields.collect::<Map<_, _>>()));
    request.headers.insert("content-type".to_owned(), json!("application/x-www-form-urlencoded"));
    request
}
