//! LinkedIn's rules that can be known beforehand, and what would be sent.

use domain::post::Role;
use serde_json::{Value, json};
use url::Url;

use super::{
    author, compose, publish,
    spec::{
        ARTICLE_DESCRIPTION_MAX, ARTICLE_TITLE_MAX, BASE, COMMENT_MAX, DEFAULT_BASE, OPTIONS, SPEC, VERSION,
        VISIBILITIES,
    },
    text,
};
use crate::{
    Account, Bases, PreviewRequest, RuleFault, TargetDraft, TextRule,
    options::Options,
    rules::{FileLimits, PartFaults},
};

pub(super) fn check(draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault> {
    let has_article = draft.options.get("article").is_some_and(|article| !article.is_null());
    let mut faults = options(draft, facts);
    let of_post = FileLimits::from(&SPEC.media);
    // A comment has room for one image and none for words about it (5.7).
    let of_comment = FileLimits { images: 1, alt_text_max: 0, ..of_post.clone() };
    for (index, part) in draft.parts.iter().enumerate() {
        let mut at = PartFaults::new(SPEC.name, index, &mut faults);
        if part.role == Role::Main {
            at.length(SPEC.text, text::visible_length(part.content));
            at.files(&of_post, part);
        } else {
            at.length(TextRule { max: COMMENT_MAX, ..SPEC.text }, text::utf16(part.content));
            at.files(&of_comment, part);
        }
        if !(part.role == Role::Main && has_article) {
            at.not_empty(part);
        }
    }
    faults
}

fn options(draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault> {
    let mut options = Options::new(SPEC.name, &draft.options, OPTIONS);
    let visibility = options.choice("visibility", VISIBILITIES);
    if visibility.is_some_and(|visibility| visibility != "PUBLIC") && author::is_organization(facts) {
        options.fault("visibility", "conflicting_options", "an organisation's posts are always PUBLIC".to_owned());
    }
    options.flag("is_reshare_disabled");
    if let Some(mut article) = options.object("article", &["source", "title", "description"]) {
        article.require("source");
        article.require("title");
        if article.text("source").is_some_and(|source| !is_web_link(source)) {
            article.fault("source", "invalid_option", "must be an http or https URL".to_owned());
        }
        for (name, min, max) in [("title", 1, ARTICLE_TITLE_MAX), ("description", 0, ARTICLE_DESCRIPTION_MAX)] {
            let length = article.text(name).map(|text| text.chars().count());
            if let Some(length) = length.filter(|length| !(min..=max).contains(length)) {
                let detail = format!("must have {min} to {max} characters; this has {length}");
                article.fault(name, "invalid_option", detail);
            }
        }
        options.merge(article);
        if draft.parts.first().is_some_and(|part| !part.media.is_empty()) {
            let detail = "LinkedIn does not take `article` together with media".to_owned();
            options.fault("article", "conflicting_options", detail);
        }
    }
    options.finish()
}

fn is_web_link(text: &str) -> bool {
    text.is_ascii() && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

pub(super) fn preview(draft: &TargetDraft<'_>, account: &Account<'_>, bases: &Bases) -> Vec<PreviewRequest> {
    let base = bases.get(BASE, DEFAULT_BASE);
    let author = account.network_unique_id;
    let root = "<urn of part 0>";
    let mut requests = Vec::new();
    for (index, part) in draft.parts.iter().enumerate() {
        let mut images = Vec::new();
        for (file_index, file) in part.media.iter().enumerate() {
            let begin = json!({"initializeUploadRequest": {"owner": author}});
            requests.push(rest("POST", format!("{base}/rest/images?action=initializeUpload"), begin));
            let bytes = json!(format!("<bytes of file {index}.{file_index}>"));
            let content_type = file.content_type.unwrap_or("<content type>");
            let mut upload = PreviewRequest::json("PUT", format!("<upload URL {index}.{file_index}>"), bytes);
            upload.headers.insert("content-type".to_owned(), json!(content_type));
            requests.push(upload);
            images.push((format!("<image {index}.{file_index}>"), file.alt_text.map(str::to_owned)));
        }
        requests.push(match part.role {
            Role::Main => {
                let body = compose::post(author, part.content, &images, &draft.options);
                rest("POST", format!("{base}/rest/posts"), body)
            }
            Role::FirstComment | Role::Thread => {
                let body = compose::comment(author, root, part.content, &images);
                rest("POST", format!("{base}/rest{}", publish::comments_path(root)), body)
            }
        });
    }
    requests
}

fn rest(method: &'static str, url: String, body: Value) -> PreviewRequest {
    let mut request = PreviewRequest::json(method, url, body);
    request.headers.insert("linkedin-version".to_owned(), json!(VERSION));
    request.headers.insert("x-restli-protocol-version".to_owned(), json!("2.0.0"));
    request
}
