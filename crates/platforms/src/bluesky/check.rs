//! Bluesky's rules that can be known beforehand, and what would be sent.

use serde_json::json;
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use super::{
    compose,
    facets::facets,
    spec::{CARD_TEXT_MAX, COLLECTION, LABELS, LANGS_MAX, OPTIONS, SPEC, TEXT_MAX_BYTES},
};
use crate::{
    Account, PreviewRequest, RuleFault, TargetDraft,
    options::Options,
    rules::{FileLimits, PartFaults},
};

pub(super) fn check(draft: &TargetDraft<'_>) -> Vec<RuleFault> {
    let has_card = draft.options.get("external").is_some_and(|card| !card.is_null());
    let mut faults = options(draft);
    let limits = FileLimits::from(&SPEC.media);
    for (index, part) in draft.parts.iter().enumerate() {
        let mut at = PartFaults::new(SPEC.name, index, &mut faults);
        at.length(SPEC.text, part.content.graphemes(true).count());
        let bytes = part.content.len();
        if bytes > TEXT_MAX_BYTES {
            let detail = format!("Bluesky allows {TEXT_MAX_BYTES} bytes; this has {bytes}");
            at.add("/content", "text_too_long", detail);
        }
        if !(index == 0 && has_card) {
            at.not_empty(part);
        }
        at.files(&limits, part);
    }
    faults
}

fn options(draft: &TargetDraft<'_>) -> Vec<RuleFault> {
    let mut options = Options::new(SPEC.name, &draft.options, OPTIONS);
    if options.texts("langs", 1, LANGS_MAX).is_some_and(|langs| !langs.iter().all(|lang| is_language(lang))) {
        options.fault("langs", "invalid_option", "must hold BCP 47 tags such as en or pt-BR".to_owned());
    }
    if let Some(labels) = options.texts("labels", 1, LABELS.len()) {
        let known = labels.iter().all(|label| LABELS.contains(label));
        let twice = labels.iter().enumerate().any(|(index, label)| labels[..index].contains(label));
        if !known || twice {
            options.fault("labels", "invalid_option", format!("must hold some of {}, each once", LABELS.join(", ")));
        }
    }
    if let Some(mut card) = options.object("external", &["uri", "title", "description"]) {
        card.require("uri");
        card.require("title");
        if card.text("uri").is_some_and(|uri| !is_web_link(uri)) {
            card.fault("uri", "invalid_option", "must be an http or https URL".to_owned());
        }
        for (name, min) in [("title", 1), ("description", 0)] {
            let length = card.text(name).map(|text| text.chars().count());
            if let Some(length) = length.filter(|length| !(min..=CARD_TEXT_MAX).contains(length)) {
                let detail = format!("must have {min} to {CARD_TEXT_MAX} characters; this has {length}");
                card.fault(name, "invalid_option", detail);
            }
        }
        options.merge(card);
        if draft.parts.first().is_some_and(|part| !part.media.is_empty()) {
            let detail = "Bluesky does not take `external` together with media".to_owned();
            options.fault("external", "conflicting_options", detail);
        }
    }
    options.finish()
}

fn is_web_link(text: &str) -> bool {
    text.is_ascii() && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// The form of a BCP 47 tag, without asking the registry.
fn is_language(text: &str) -> bool {
    let mut subtags = text.split('-');
    let first = subtags.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && text.len() <= 35
}

pub(super) fn preview(draft: &TargetDraft<'_>, account: &Account<'_>) -> Vec<PreviewRequest> {
    let pds = account.facts["pds"].as_str().unwrap_or("<pds>");
    // An account that was connected on a consent page proves each call (`issuer` is known of those only).
    let is_proven = account.facts["issuer"].is_string();
    let post = |method: &str, body| {
        let mut request = PreviewRequest::json("POST", format!("{pds}/xrpc/{method}"), body);
        if is_proven {
            request.headers.insert("authorization".to_owned(), json!("DPoP <access token>"));
            request.headers.insert("dpop".to_owned(), json!("<proof>"));
        }
        request
    };
    let mut requests = Vec::new();
    for (index, part) in draft.parts.iter().enumerate() {
        let mut images = Vec::new();
        for (file_index, file) in part.media.iter().enumerate() {
            let content_type = file.content_type.unwrap_or("<content type>");
            let bytes = json!(format!("<bytes of file {index}.{file_index}>"));
            let mut upload = post("com.atproto.repo.uploadBlob", bytes);
            upload.headers.insert("content-type".to_owned(), json!(content_type));
            requests.push(upload);
            images.push(compose::image(json!(format!("<blob {index}.{file_index}>")), file.dimensions, file.alt_text));
        }
        let facets = compose::with_dids(&facets(part.content), |handle| Some(format!("<did of {handle}>")));
        let reply = index.checked_sub(1).map(|before| {
            let named =
                |part: usize| json!({"uri": format!("<uri of part {part}>"), "cid": format!("<cid of part {part}>")});
            json!({"root": named(0), "parent": named(before)})
        });
        let record = compose::record("<now>", part.role, part.content, facets, images, reply, &draft.options);
        let body =
            json!({"repo": account.network_unique_id, "collection": COLLECTION, "rkey": "<tid>", "record": record});
        requests.push(post("com.atproto.repo.putRecord", body));
    }
    requests
}
