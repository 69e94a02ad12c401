//! Facebook's rules that can be known beforehand.

use domain::post::Role;
use serde_json::{Value, json};

use super::{
    compose,
    spec::{self, COMMENT_MAX, IMAGE_MIN_SIDE, OPTIONS, SPEC, TITLE_MAX},
};
use crate::{
    Account, Bases, DraftPart, PreviewRequest, RuleFault, TargetDraft, TextRule,
    options::Options,
    rules::{FileLimits, PartFaults},
};

pub(super) fn check(draft: &TargetDraft<'_>) -> Vec<RuleFault> {
    let mut faults = options(draft);
    let limits = FileLimits::from(&SPEC.media);
    for (index, part) in draft.parts.iter().enumerate() {
        let mut at = PartFaults::new(SPEC.name, index, &mut faults);
        let is_main = part.role == Role::Main;
        let max = if is_main { SPEC.text.max } else { COMMENT_MAX };
        at.length(TextRule { max, ..SPEC.text }, part.content.encode_utf16().count());
        if is_main {
            at.not_empty(part);
            at.files(&limits, part);
            sides(&mut at, part);
        } else {
            comment(&mut at, part);
        }
    }
    faults
}

/// A comment's file would have to be fetched by Facebook; by bytes there is no way.
fn comment(at: &mut PartFaults<'_>, part: &DraftPart<'_>) {
    if !part.media.is_empty() {
        at.add("/media", "media_kind", "Facebook takes no files in comments, which later parts are".to_owned());
    }
    if part.content.trim().is_empty() {
        at.add("/content", "text_missing", "Facebook needs text in every comment, which later parts are".to_owned());
    }
}

fn sides(at: &mut PartFaults<'_>, part: &DraftPart<'_>) {
    for (index, file) in part.media.iter().enumerate() {
        let is_picture = file.content_type.is_some_and(|content_type| content_type.starts_with("image/"));
        if let Some((width, height)) = file.dimensions.filter(|_| is_picture)
            && width.min(height) < IMAGE_MIN_SIDE
        {
            let detail = format!(
                "Facebook needs pictures of at least {IMAGE_MIN_SIDE} pixels a side; this has {width} by {height}"
            );
            at.add(format!("/media/{index}"), "media_too_small", detail);
        }
    }
}

fn options(draft: &TargetDraft<'_>) -> Vec<RuleFault> {
    let mut options = Options::new(SPEC.name, &draft.options, OPTIONS);
    let media = draft.parts.first().map_or(&[][..], |part| &part.media);
    if let Some(link) = options.text("link") {
        let is_link = link.len() <= 2_048
            && url::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_link {
            options.fault("link", "invalid_option", "must be an address like https://example.com/page".to_owned());
        } else if !media.is_empty() {
            let detail = "Facebook does not take `link` together with media".to_owned();
            options.fault("link", "conflicting_options", detail);
        }
    }
    if let Some(title) = options.text("title") {
        let length = title.chars().count();
        if title.trim().is_empty() || length > TITLE_MAX {
            let detail = format!("Facebook allows 1 to {TITLE_MAX} characters in a title; this has {length}");
            options.fault("title", "invalid_option", detail);
        } else if !media.iter().any(|file| file.kind.is_none_or(|kind| kind == domain::media::MediaKind::Video)) {
            let detail = "Facebook takes `title` only with a video in the main part".to_owned();
            options.fault("title", "conflicting_options", detail);
        }
    }
    options.finish()
}

pub(super) fn preview(draft: &TargetDraft<'_>, account: &Account<'_>, bases: &Bases) -> Vec<PreviewRequest> {
    let base = bases.get(spec::BASE, spec::DEFAULT_BASE);
    let page = account.network_unique_id;
    let mut requests = Vec::new();
    let mut post = |path: &str, body: Value| {
        let url = format!("{base}/{}/{path}", spec::VERSION);
        requests.push(PreviewRequest::json("POST", url, body));
    };
    for (index, part) in draft.parts.iter().enumerate() {
        if part.role != Role::Main {
            post("<id of part 0>/comments", json!({"message": part.content}));
            continue;
        }
        let mut photos = Vec::new();
        let mut is_video = false;
        for (file_index, file) in part.media.iter().enumerate() {
            is_video = file.content_type.is_some_and(|content_type| content_type.starts_with("video/"));
            if is_video {
                let size = file.size.map_or_else(|| json!("<size>"), |size| json!(size));
                post(&format!("{page}/videos"), json!({"upload_phase": "start", "file_size": size}));
                post(
                    &format!("{page}/videos"),
                    json!("multipart: upload_phase=transfer, upload_session_id, start_offset, video_file_chunk"),
                );
                continue;
            }
            let alt = if file.alt_text.is_some() { ", alt_text_custom" } else { "" };
            post(&format!("{page}/photos"), json!(format!("multipart: published=false{alt}, source")));
            photos.push(format!("<media {index}.{file_index}>"));
        }
        match is_video {
            true => {
                post(&format!("{page}/videos"), compose::video_body(part.content, "<session>", &draft.options));
            }
            false => {
                let body = compose::feed_body(part.content, &photos, &draft.options);
                post(&format!("{page}/feed?fields=id%2Cpermalink_url"), body);
            }
        }
    }
    requests
}
