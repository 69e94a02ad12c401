//! X's rules that can be known beforehand.

use domain::post::Role;
use serde_json::{Value, json};

use super::{
    compose,
    spec::{BASE, DEFAULT_BASE, OPTIONS, REPLY_SETTINGS, SPEC, TEXT_MAX, TEXT_MAX_PAID},
    text,
};
use crate::{
    Bases, PreviewRequest, RuleFault, TargetDraft, TextRule,
    options::Options,
    rules::{FileLimits, PartFaults},
};

const POLL_MINUTES: (u64, u64) = (5, 10_080);
const POLL_OPTION_MAX: usize = 25;

pub(super) fn check(draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault> {
    let mut faults = options(draft);
    let limits = FileLimits::from(&SPEC.media);
    let rule = TextRule { max: text_max(facts), ..SPEC.text };
    for (index, part) in draft.parts.iter().enumerate() {
        let mut at = PartFaults::new(SPEC.name, index, &mut faults);
        at.length(rule, text::weighted_length(part.content));
        at.not_empty(part);
        if let Some(letter) = text::invalid_character(part.content) {
            at.add("/content", "invalid_character", format!("X takes no U+{:04X}", u32::from(letter)));
        }
        let cashtags = text::cashtags(part.content);
        if cashtags > 1 {
            let detail = format!("X allows 1 cashtag in a post; this has {cashtags}");
            at.add("/content", "too_many_cashtags", detail);
        }
        at.files(&limits, part);
    }
    faults
}

/// By the subscription the account had when it was connected.
fn text_max(facts: &Value) -> u32 {
    match facts["subscription_type"].as_str() {
        Some("Basic" | "Premium" | "PremiumPlus") => TEXT_MAX_PAID,
        _ => TEXT_MAX,
    }
}

fn options(draft: &TargetDraft<'_>) -> Vec<RuleFault> {
    let mut options = Options::new(SPEC.name, &draft.options, OPTIONS);
    options.choice("reply_settings", REPLY_SETTINGS);
    options.flag("made_with_ai");
    options.flag("paid_partnership");
    for name in ["quote_tweet_id", "community_id"] {
        if options.text(name).is_some_and(|id| !super::is_id(id)) {
            options.fault(name, "invalid_option", "must be an id of 1 to 19 digits".to_owned());
        }
    }
    if options.texts("tagged_user_ids", 1, 10).is_some_and(|ids| !ids.iter().all(|id| super::is_id(id))) {
        options.fault("tagged_user_ids", "invalid_option", "must hold ids of 1 to 19 digits".to_owned());
    }
    if let Some(mut poll) = options.object("poll", &["options", "duration_minutes"]) {
        poll.require("options");
        poll.require("duration_minutes");
        poll.integer("duration_minutes", POLL_MINUTES.0, POLL_MINUTES.1);
        let choices = poll.texts("options", 2, 4).unwrap_or_default();
        if let Some(choice) = choices.iter().find(|choice| !(1..=POLL_OPTION_MAX).contains(&choice.chars().count())) {
            let length = choice.chars().count();
            let detail = format!("X allows 1 to {POLL_OPTION_MAX} characters in a poll's option; one has {length}");
            poll.fault("options", "invalid_option", detail);
        }
        options.merge(poll);
    }
    options.exclusive(&["poll", "quote_tweet_id"]);
    let has_media = draft.parts.first().is_some_and(|part| !part.media.is_empty());
    for name in ["poll", "quote_tweet_id"] {
        if has_media && options.has(name) {
            options.fault(name, "conflicting_options", format!("X does not take `{name}` together with media"));
        }
    }
    if !has_media && options.has("tagged_user_ids") {
        let detail = "X takes `tagged_user_ids` only with media in the main part".to_owned();
        options.fault("tagged_user_ids", "conflicting_options", detail);
    }
    options.finish()
}

pub(super) fn preview(draft: &TargetDraft<'_>, bases: &Bases) -> Vec<PreviewRequest> {
    let base = bases.get(BASE, DEFAULT_BASE);
    let mut requests = Vec::new();
    for (index, part) in draft.parts.iter().enumerate() {
        let mut ids = Vec::new();
        for (file_index, file) in part.media.iter().enumerate() {
            let id = format!("<media {index}.{file_index}>");
            let mut request = |path: &str, body| {
                requests.push(PreviewRequest::json("POST", format!("{base}/2/media/{path}"), body));
            };
            let media_type = file.content_type.unwrap_or("<content type>");
            request(
                "upload/initialize",
                json!({
                    "media_type": media_type,
                    "total_bytes": file.size.map_or_else(|| json!("<size>"), |size| json!(size)),
                    "media_category": "<tweet_image, tweet_gif or tweet_video>",
                }),
            );
            request(&format!("upload/{id}/append"), json!("multipart: segment_index, media; 1 MiB each"));
            request(&format!("upload/{id}/finalize"), Value::Null);
            if let Some(text) = file.alt_text {
                request("metadata", json!({"id": id, "metadata": {"alt_text": {"text": text}}}));
            }
            ids.push(id);
        }
        let parent = (part.role != Role::Main).then(|| format!("<id of part {}>", index.saturating_sub(1)));
        let body = compose::body(part.role, part.content, &ids, parent.as_deref(), &draft.options);
        requests.push(PreviewRequest::json("POST", format!("{base}/2/tweets"), body));
    }
    requests
}
