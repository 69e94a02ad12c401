//! Instagram's rules that can be known beforehand.

use domain::{media::MediaKind, post::Role};
use serde_json::{Value, json};

use super::{
    compose::{self, Kind, Post},
    media::File,
    spec::{COMMENT_MAX, HASHTAGS_MAX, MENTIONS_MAX, OF_REELS, OPTIONS, PLACEMENTS, RATIO, SPEC, TRIALS, WIDTH_MIN},
    tokens::{Login, below},
};
use crate::{
    Account, Bases, DraftMedia, DraftPart, PreviewRequest, RuleFault, TargetDraft, TextRule,
    options::Options,
    rules::{FileLimits, PartFaults},
};

pub(super) fn check(draft: &TargetDraft<'_>) -> Vec<RuleFault> {
    let placement = draft.options.get("placement").and_then(Value::as_str);
    let mut faults = options(draft, placement);
    let limits = FileLimits::from(&SPEC.media);
    for (index, part) in draft.parts.iter().enumerate() {
        let mut at = PartFaults::new(SPEC.name, index, &mut faults);
        let max = if part.role == Role::Main { SPEC.text.max } else { COMMENT_MAX };
        at.length(TextRule { max, ..SPEC.text }, part.content.chars().count());
        match part.role {
            Role::Main => main(&mut at, &limits, part, placement),
            _ => comment(&mut at, part),
        }
    }
    faults
}

fn main(at: &mut PartFaults<'_>, limits: &FileLimits, part: &DraftPart<'_>, placement: Option<&str>) {
    at.not_empty(part);
    if part.media.is_empty() && !part.content.trim().is_empty() {
        at.add("/media", "media_missing", "Instagram takes no post without a picture or a video".to_owned());
    }
    at.files(limits, part);
    for (what, sign, max) in [("hashtags", '#', HASHTAGS_MAX), ("mentions", '@', MENTIONS_MAX)] {
        let found = marked(part.content, sign);
        if found > max {
            let detail = format!("Instagram allows {max} {what} in a caption; this has {found}");
            at.add("/content", "too_many_tags", detail);
        }
    }
    match placement {
        Some("stories") => {
            if part.media.len() > 1 {
                at.add("/media", "too_many_media", "Instagram shows one file in a story".to_owned());
            }
            if !part.content.trim().is_empty() {
                at.add("/content", "text_not_shown", "Instagram shows no text with a story".to_owned());
            }
        }
        Some("reels") if !is_one_video(part) => {
            at.add("/media", "media_kind", "Instagram makes a reel of one video and nothing else".to_owned());
        }
        _ => part.media.iter().enumerate().for_each(|(index, file)| shape(at, index, file)),
    }
}

fn comment(at: &mut PartFaults<'_>, part: &DraftPart<'_>) {
    if !part.media.is_empty() {
        at.add("/media", "media_kind", "Instagram takes no files in comments, which later parts are".to_owned());
    }
    if part.content.trim().is_empty() {
        at.add("/content", "text_missing", "Instagram needs text in every comment, which later parts are".to_owned());
    }
}

/// A picture of the feed.
fn shape(at: &mut PartFaults<'_>, index: usize, file: &DraftMedia<'_>) {
    let (Some(MediaKind::Image), Some((width, height))) = (file.kind, file.dimensions) else { return };
    let pointer = format!("/media/{index}");
    let ratio = f64::from(width) / f64::from(height.max(1));
    if !(RATIO.0..=RATIO.1).contains(&ratio) {
        let detail = format!("Instagram takes pictures from 4:5 to 1.91:1; this has {width} by {height} pixels");
        at.add(pointer.as_str(), "media_ratio", detail);
    }
    if width < WIDTH_MIN {
        let detail = format!("Instagram needs pictures of at least {WIDTH_MIN} pixels across; this has {width}");
        at.add(pointer.as_str(), "media_too_small", detail);
    }
}

/// Words that begin with a sign and go on with something.
fn marked(text: &str, sign: char) -> usize {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    let mut count = 0;
    while let Some(letter) = letters.next() {
        let goes_on = letters.peek().is_some_and(|next| is_word(*next));
        count += usize::from(letter == sign && goes_on && !is_word(before));
        before = letter;
    }
    count
}

/// A file behind an address may be one.
fn is_one_video(part: &DraftPart<'_>) -> bool {
    matches!(part.media.as_slice(), [file] if file.kind.is_none_or(|kind| kind == MediaKind::Video))
}

fn options(draft: &TargetDraft<'_>, placement: Option<&str>) -> Vec<RuleFault> {
    let mut options = Options::new(SPEC.name, &draft.options, OPTIONS);
    options.choice("placement", PLACEMENTS);
    options.flag("share_to_feed");
    options.choice("trial_reel", TRIALS);
    options.integer("thumb_offset", 0, 900_000);
    options.exclusive(&["cover_url", "thumb_offset"]);
    if options.texts("collaborators", 1, 3).is_some_and(|names| !names.iter().all(|name| is_username(name))) {
        options.fault("collaborators", "invalid_option", "must hold usernames without `@`".to_owned());
    }
    let is_place = |id: &str| (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if options.text("location_id").is_some_and(|id| !is_place(id)) {
        options.fault("location_id", "invalid_option", "must be an id of 1 to 20 digits".to_owned());
    }
    let is_link = |link: &str| {
        link.len() <= 2_048
            && url::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    if options.text("cover_url").is_some_and(|link| !is_link(link)) {
        options.fault("cover_url", "invalid_option", "must be an address like https://example.com/a.jpg".to_owned());
    }
    if options.text("audio_name").is_some_and(|name| !(1..=255).contains(&name.chars().count())) {
        options.fault("audio_name", "invalid_option", "must have 1 to 255 characters".to_owned());
    }
    tags(&mut options, draft);
    let main = draft.parts.first();
    let is_reel = main.is_some_and(is_one_video) && placement != Some("stories");
    for name in OF_REELS.iter().filter(|_| !is_reel) {
        if options.has(name) {
            options.fault(name, "conflicting_options", format!("Instagram takes `{name}` only with a reel: one video"));
        }
    }
    for name in ["collaborators", "location_id"] {
        if placement == Some("stories") && options.has(name) {
            options.fault(name, "conflicting_options", format!("Instagram does not take `{name}` with a story"));
        }
    }
    options.finish()
}

/// Each tag names somebody; where in the picture is told of pictures and of nothing else.
fn tags(options: &mut Options<'_>, draft: &TargetDraft<'_>) {
    if !options.has("user_tags") {
        return;
    }
    let first = draft.parts.first().and_then(|part| part.media.first()).and_then(|file| file.kind);
    let given = draft.options["user_tags"].as_array().filter(|tags| (1..=20).contains(&tags.len()));
    let fault = match given {
        None => Some("must be a list of 1 to 20 objects"),
        Some(tags) => tags.iter().find_map(|tag| tag_fault(tag, first)),
    };
    if let Some(fault) = fault {
        options.fault("user_tags", "invalid_option", fault.to_owned());
    }
}

fn tag_fault(tag: &Value, file: Option<MediaKind>) -> Option<&'static str> {
    let Some(tag) = tag.as_object() else { return Some("must hold objects") };
    if tag.keys().any(|name| !matches!(name.as_str(), "username" | "x" | "y")) {
        return Some("must hold objects of `username`, `x` and `y`");
    }
    if !tag.get("username").and_then(Value::as_str).is_some_and(is_username) {
        return Some("must name each `username` without `@`");
    }
    let place = |name: &str| tag.get(name).filter(|value| !value.is_null());
    let is_share = |value: &Value| value.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share));
    match (place("x"), place("y"), file) {
        (None, None, Some(MediaKind::Image)) => Some("must say `x` and `y` in a picture"),
        (None, None, _) => None,
        (_, _, Some(MediaKind::Video)) => Some("must not say `x` and `y` in a video"),
        (Some(x), Some(y), _) if is_share(x) && is_share(y) => None,
        _ => Some("must say both `x` and `y`, from 0 to 1"),
    }
}

fn is_username(name: &str) -> bool {
    (1..=30).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
}

pub(super) fn preview(draft: &TargetDraft<'_>, account: &Account<'_>, bases: &Bases) -> Vec<PreviewRequest> {
    let base = Login::of_facts(account.facts).base(bases);
    let mut requests = Vec::new();
    let mut post = |path: &str, form: Vec<(String, String)>| {
        let body: Value = form.into_iter().map(|(name, value)| (name, json!(value))).collect();
        requests.push(PreviewRequest::json("POST", format!("{base}{}", below(path)), body));
    };
    let id = account.network_unique_id;
    for (index, part) in draft.parts.iter().enumerate() {
        if part.role != Role::Main {
            let form = vec![("message".to_owned(), part.content.to_owned())];
            post("<id of part 0>/comments", form);
            continue;
        }
        let mut planned = planned(index, part, &draft.options);
        if planned.kind == Kind::Carousel {
            for (place, file) in planned.files.iter().enumerate() {
                post(&format!("{id}/media"), compose::child(file, place == 0, &draft.options));
                let id = format!("<container {index}.{place}>");
                planned.children.push(compose::Container { id, state: compose::State::Made, asked: 0 });
            }
        }
        post(&format!("{id}/media"), compose::parent(&planned));
        post(&format!("{id}/media_publish"), vec![("creation_id".to_owned(), format!("<container {index}>"))]);
    }
    requests
}

/// The post as it would be composed, with names in place of what only the network knows.
fn planned(index: usize, part: &DraftPart<'_>, options: &Value) -> Post {
    let file = |(place, file): (usize, &DraftMedia<'_>)| File {
        url: format!("<media {index}.{place}>"),
        is_video: file.kind == Some(MediaKind::Video),
        alt_text: file.alt_text.map(str::to_owned),
    };
    let files: Vec<File> = part.media.iter().enumerate().map(file).collect();
    let are_videos: Vec<bool> = files.iter().map(|file| file.is_video).collect();
    Post {
        caption: part.content.to_owned(),
        kind: Kind::of(options.get("placement").and_then(Value::as_str), &are_videos),
        files,
        options: options.clone(),
        children: Vec::new(),
        container: None,
        restarts: 0,
    }
}
