//! Mastodon's rules that can be known beforehand, and what would be sent.

use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use super::{
    compose,
    facts::Facts,
    spec::{OPTIONS, POLL_OPTIONS, SPEC, VISIBILITIES},
    text,
};
use crate::{Account, PreviewRequest, RuleFault, TargetDraft, TextRule, options::Options, rules::PartFaults};

pub(super) fn check(draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault> {
    let facts = Facts::read(facts);
    let mut faults = options(draft, &facts);
    let limits = facts.files();
    let rule = TextRule { max: facts.max_characters, ..SPEC.text };
    let spoiler = draft.options.get("spoiler_text").and_then(Value::as_str).unwrap_or_default();
    let has_poll = draft.options.get("poll").is_some_and(|poll| !poll.is_null());
    for (index, part) in draft.parts.iter().enumerate() {
        let mut at = PartFaults::new(SPEC.name, index, &mut faults);
        at.length(rule, text::status_length(spoiler, part.content, facts.url_length));
        at.not_empty(part);
        at.files(&limits, part);
        if index == 0 && has_poll && !part.media.is_empty() {
            at.add("/media", "conflicting_options", "Mastodon does not take media together with a poll".to_owned());
        }
    }
    faults
}

fn options(draft: &TargetDraft<'_>, facts: &Facts) -> Vec<RuleFault> {
    let mut options = Options::new(SPEC.name, &draft.options, OPTIONS);
    options.choice("visibility", VISIBILITIES);
    options.flag("sensitive");
    options.text("spoiler_text");
    if options.text("language").is_some_and(|code| !is_language(code)) {
        options.fault("language", "invalid_option", "must be an ISO 639 code such as en".to_owned());
    }
    if let Some(mut poll) = options.object("poll", POLL_OPTIONS) {
        poll.require("options");
        poll.require("expires_in");
        poll.integer("expires_in", facts.poll_min_seconds, facts.poll_max_seconds);
        poll.flag("multiple");
        poll.flag("hide_totals");
        let choices = poll.texts("options", 2, facts.poll_max_options as usize).unwrap_or_default();
        let length = |choice: &&str| choice.graphemes(true).count();
        let max = facts.poll_option_max as usize;
        if let Some(length) = choices.iter().map(length).find(|length| !(1..=max).contains(length)) {
            let detail = format!("Mastodon allows 1 to {max} characters in a poll's option; one has {length}");
            poll.fault("options", "invalid_option", detail);
        }
        let twice = choices.iter().enumerate().any(|(index, choice)| choices[..index].contains(choice));
        if twice {
            poll.fault("options", "invalid_option", "must not hold the same option twice".to_owned());
        }
        options.merge(poll);
    }
    options.finish()
}

/// The form of an ISO 639 code, with a region or script where an instance knows such.
fn is_language(code: &str) -> bool {
    let (first, rest) = code.split_once('-').unwrap_or((code, "x"));
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && (1..=8).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

pub(super) fn preview(draft: &TargetDraft<'_>, account: &Account<'_>) -> Vec<PreviewRequest> {
    let facts = Facts::read(account.facts);
    let base = if facts.base.is_empty() { "<instance>" } else { &facts.base };
    let mut requests = Vec::new();
    for (index, part) in draft.parts.iter().enumerate() {
        let mut ids = Vec::new();
        for (file_index, file) in part.media.iter().enumerate() {
            let mut body = json!({"file": format!("<bytes of file {index}.{file_index}>")});
            if let Some(text) = file.alt_text {
                body["description"] = json!(text);
            }
            let mut upload = PreviewRequest::json("POST", format!("{base}/api/v2/media"), body);
            upload.headers.insert("content-type".to_owned(), json!("multipart/form-data"));
            requests.push(upload);
            ids.push(format!("<media {index}.{file_index}>"));
        }
        let parent = index.checked_sub(1).map(|before| format!("<id of part {before}>"));
        let body = compose::body(part.role, part.content, &ids, parent.as_deref(), &draft.options);
        let mut request = PreviewRequest::json("POST", format!("{base}/api/v1/statuses"), body);
        request.headers.insert("idempotency-key".to_owned(), json!(format!("<key of part {index}>")));
        requests.push(request);
    }
    requests
}
