//! A container as it is asked for (section 3.6).

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::users::is_behind_facebook;
use super::{Instagram, error};
use crate::graph::{Form, Params, Problem, Visit};

const KNOWN: [&str; 16] = [
    "media_type",
    "image_url",
    "video_url",
    "caption",
    "alt_text",
    "user_tags",
    "location_id",
    "collaborators",
    "is_carousel_item",
    "children",
    "share_to_feed",
    "cover_url",
    "thumb_offset",
    "audio_name",
    "trial_params",
    "upload_type",
];
/// Section 3.9.
const LONGEST: usize = 2_200;
const MOST_HASHTAGS: usize = 30;
const MOST_MENTIONS: usize = 20;
const LONGEST_ALT: usize = 1_000;
const MOST_TAGGED: usize = 20;
const MOST_COLLABORATORS: usize = 3;

static HASHTAG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"#[\p{L}\p{M}\p{N}_]+").expect("a fixed pattern"));
static MENTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"@[A-Za-z0-9_.]+").expect("a fixed pattern"));

pub(super) struct Draft {
    pub(super) form: Form,
    pub(super) is_story: bool,
    pub(super) is_item: bool,
    pub(super) caption: String,
    pub(super) address: Option<String>,
    /// The bytes come by another call.
    pub(super) awaits_upload: bool,
    pub(super) alt_text: Option<String>,
    pub(super) children: Vec<u64>,
}

impl Draft {
    pub(super) fn read(visit: &Visit<Instagram>) -> Result<Self, Problem> {
        let params = &visit.params;
        params.only(&KNOWN)?;
        let is_item = params.flag("is_carousel_item")?.unwrap_or(false);
        let kind = params.word("media_type")?;
        let awaits_upload = is_resumable(visit)?;
        let form = match kind.as_deref() {
            None | Some("IMAGE") => Form::Image,
            Some("REELS") => Form::Video,
            // Since July 2023 a single video is a reel.
            Some("VIDEO") if is_item => Form::Video,
            Some("STORIES") if params.has("video_url") || awaits_upload => Form::Video,
            Some("STORIES") => Form::Image,
            Some("CAROUSEL") => Form::Carousel,
            Some(_) => return Err(error::unknown_type()),
        };
        let draft = Self {
            form,
            is_story: kind.as_deref() == Some("STORIES"),
            is_item,
            caption: params.text("caption")?.unwrap_or_default(),
            address: if awaits_upload { None } else { address(params, form)? },
            awaits_upload,
            alt_text: params.word("alt_text")?,
            children: params.ids("children")?,
        };
        draft.fits(params, kind.as_deref())?;
        Ok(draft)
    }

    fn fits(&self, params: &Params, kind: Option<&str>) -> Result<(), Problem> {
        let is_long = self.caption.chars().count() > LONGEST;
        let hashtags = HASHTAG.find_iter(&self.caption).count();
        if is_long || hashtags > MOST_HASHTAGS || MENTION.find_iter(&self.caption).count() > MOST_MENTIONS {
            return Err(error::caption_too_long());
        }
        if self.is_item && (self.is_story || matches!(kind, Some("REELS" | "CAROUSEL"))) {
            return Err(Problem::invalid("A carousel item is an image or a VIDEO"));
        }
        if self.awaits_upload && (self.form != Form::Video || params.has("video_url") || params.has("image_url")) {
            return Err(Problem::invalid("Param upload_type=resumable is for one video without an address"));
        }
        if (self.form == Form::Carousel) == self.children.is_empty() {
            return Err(Problem::invalid("Param children goes with CAROUSEL"));
        }
        if self.form == Form::Carousel && !(2..=10).contains(&self.children.len()) {
            return Err(error::carousel_count());
        }
        if self.alt_text.is_some() && self.form != Form::Image {
            return Err(Problem::invalid("Param alt_text is only for images"));
        }
        if self.alt_text.as_ref().is_some_and(|alt| alt.chars().count() > LONGEST_ALT) {
            return Err(Problem::invalid(format!("Param alt_text must be at most {LONGEST_ALT} characters long")));
        }
        if params.list("collaborators")?.len() > MOST_COLLABORATORS {
            return Err(error::too_many_tags());
        }
        tags(params)?;
        of_reels(params, kind)
    }
}

/// Sending bytes is for those who came in with Facebook.
fn is_resumable(visit: &Visit<Instagram>) -> Result<bool, Problem> {
    match visit.params.word("upload_type")?.as_deref() {
        None => Ok(false),
        Some("resumable") if is_behind_facebook(&visit.call) => Ok(true),
        Some(_) => Err(Problem::invalid("Param upload_type must be resumable, and is only for Facebook Login")),
    }
}

/// What only a reel has.
fn of_reels(params: &Params, kind: Option<&str>) -> Result<(), Problem> {
    params.flag("share_to_feed")?;
    let offset = params.word("thumb_offset")?;
    if offset.is_some_and(|offset| offset.parse::<u32>().is_err()) {
        return Err(Problem::new(1, "The thumbnail offset must be a number of milliseconds within the video")
            .subcode(2_207_057)
            .status(actix_web::http::StatusCode::BAD_REQUEST));
    }
    let only_reels = ["share_to_feed", "cover_url", "thumb_offset", "audio_name", "trial_params"];
    match only_reels.into_iter().find(|name| params.has(name)).filter(|_| kind != Some("REELS")) {
        Some(name) => Err(Problem::invalid(format!("Param {name} is only for REELS"))),
        None => Ok(()),
    }
}

/// `[{"username": "..", "x": 0.5, "y": 0.5}]`, the place within the picture.
fn tags(params: &Params) -> Result<(), Problem> {
    let tags = params.list("user_tags")?;
    if tags.len() > MOST_TAGGED {
        return Err(error::too_many_tags());
    }
    let inside =
        |place: Option<&Value>| place.is_none_or(|place| place.as_f64().is_some_and(|at| (0.0..=1.0).contains(&at)));
    let whole = |tag: &Value| tag["username"].is_string() && inside(tag.get("x")) && inside(tag.get("y"));
    if tags.iter().all(whole) {
        Ok(())
    } else {
        Err(Problem::invalid("Param user_tags must name users and places from 0 to 1"))
    }
}

/// The address that goes with the form, and no other.
fn address(params: &Params, form: Form) -> Result<Option<String>, Problem> {
    let (wanted, others): (Option<&str>, &[&str]) = match form {
        Form::Video => (Some("video_url"), &["image_url"]),
        Form::Image => (Some("image_url"), &["video_url"]),
        Form::Text | Form::Carousel => (None, &["image_url", "video_url"]),
    };
    match others.iter().find(|name| params.has(name)) {
        Some(name) => Err(Problem::invalid(format!("Param {name} does not go with this media_type"))),
        None => wanted.map(|name| params.needed(name)).transpose(),
    }
}
