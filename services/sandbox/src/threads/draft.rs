//! A container as it is asked for.

use serde_json::Value;
use url::Url;

use super::state::State;
use super::{Threads, error, text};
use crate::graph::{Form, Problem, Visit};

const KNOWN: [&str; 18] = [
    "media_type",
    "text",
    "image_url",
    "video_url",
    "alt_text",
    "is_spoiler_media",
    "is_carousel_item",
    "children",
    "reply_to_id",
    "reply_control",
    "quote_post_id",
    "topic_tag",
    "location_id",
    "link_attachment",
    "poll_attachment",
    "text_attachment",
    "gif_attachment",
    "auto_publish_text",
];
const REPLY_CONTROLS: [&str; 5] =
    ["everyone", "accounts_you_follow", "mentioned_only", "parent_post_author_only", "followers_only"];
const LONGEST_ALT: usize = 1_000;
const LONGEST_TAG: usize = 50;
const LONGEST_CHOICE: usize = 25;

pub(super) struct Draft {
    pub(super) form: Form,
    pub(super) text: String,
    pub(super) address: Option<String>,
    pub(super) alt_text: Option<String>,
    pub(super) is_item: bool,
    pub(super) children: Vec<u64>,
    pub(super) parent: Option<u64>,
    pub(super) quoted: Option<u64>,
    pub(super) link: Option<String>,
    pub(super) choices: Vec<String>,
}

impl Draft {
    /// Everything that can be known without looking at anything else.
    pub(super) fn read(visit: &Visit<Threads>) -> Result<Self, Problem> {
        let params = &visit.params;
        params.only(&KNOWN)?;
        let form = match params.needed("media_type")?.as_str() {
            "TEXT" => Form::Text,
            "IMAGE" => Form::Image,
            "VIDEO" => Form::Video,
            "CAROUSEL" => Form::Carousel,
            other => {
                let known = "{TEXT, IMAGE, VIDEO, CAROUSEL}";
                return Err(Problem::invalid(format!("Param media_type must be one of {known} - got {other:?}")));
            }
        };
        let draft = Self {
            form,
            text: params.text("text")?.unwrap_or_default(),
            address: address(visit, form)?,
            alt_text: params.word("alt_text")?,
            is_item: params.flag("is_carousel_item")?.unwrap_or(false),
            children: params.ids("children")?,
            parent: params.number("reply_to_id")?,
            quoted: params.number("quote_post_id")?,
            link: params.word("link_attachment")?,
            choices: choices(params.structure("poll_attachment"))?,
        };
        draft.fits(visit)?;
        Ok(draft)
    }

    fn fits(&self, visit: &Visit<Threads>) -> Result<(), Problem> {
        let params = &visit.params;
        let is_text = self.form == Form::Text;
        text::check(&self.text)?;
        if is_text && self.text.trim().is_empty() && self.link.is_none() && !params.has("text_attachment") {
            return Err(Problem::invalid("The parameter text is required"));
        }
        for name in ["link_attachment", "poll_attachment", "text_attachment", "gif_attachment", "auto_publish_text"] {
            if params.has(name) && !is_text {
                return Err(Problem::invalid(format!("Param {name} is only for TEXT")));
            }
        }
        if self.is_item && !matches!(self.form, Form::Image | Form::Video) {
            return Err(Problem::invalid("A carousel item is an IMAGE or a VIDEO"));
        }
        if (self.form == Form::Carousel) != !self.children.is_empty() {
            return Err(Problem::invalid("Param children goes with CAROUSEL"));
        }
        if self.form == Form::Carousel && !(2..=20).contains(&self.children.len()) {
            return Err(Problem::invalid("Param children must have 2 to 20 items").subcode(2_207_028));
        }
        if self.alt_text.as_ref().is_some_and(|alt| alt.chars().count() > LONGEST_ALT) {
            return Err(Problem::invalid(format!("Param alt_text must be at most {LONGEST_ALT} characters long")));
        }
        if self.alt_text.is_some() && !matches!(self.form, Form::Image | Form::Video) {
            return Err(Problem::invalid("Param alt_text goes with an IMAGE or a VIDEO"));
        }
        params.flag("is_spoiler_media")?;
        self.fits_options(visit)
    }

    fn fits_options(&self, visit: &Visit<Threads>) -> Result<(), Problem> {
        let params = &visit.params;
        if params.word("reply_control")?.is_some_and(|word| !REPLY_CONTROLS.contains(&word.as_str())) {
            return Err(Problem::invalid(format!(
                "Param reply_control must be one of {{{}}}",
                REPLY_CONTROLS.join(", ")
            )));
        }
        let is_tag = |tag: &String| tag.chars().count() <= LONGEST_TAG && !tag.contains(['.', '&']);
        if params.word("topic_tag")?.is_some_and(|tag| !is_tag(&tag)) {
            return Err(Problem::invalid("Param topic_tag must be 1 to 50 characters without . and &"));
        }
        let is_link = |link: &String| Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if self.link.as_ref().is_some_and(|link| !is_link(link)) {
            return Err(Problem::invalid("Param link_attachment should represent a valid URL"));
        }
        if params.has("location_id") {
            visit.needs("threads_location_tagging")?;
        }
        Ok(())
    }

    /// Whether what it names is there, and may be answered: what belongs to a conversation of one's own, unless the app
    /// may answer others.
    pub(super) fn check(&self, state: &State, visit: &Visit<Threads>) -> Result<(), Problem> {
        if let Some(parent) = self.parent {
            visit.needs("threads_manage_replies")?;
            let parent = state.posts.get(&parent).ok_or_else(|| error::media_not_found(&parent.to_string()))?;
            let root = state.posts.get(&state.root(parent));
            if root.is_none_or(|root| root.user != visit.grant.user) {
                visit.needs("threads_keyword_search").or_else(|_| visit.needs("threads_manage_mentions"))?;
            }
        }
        if let Some(quoted) = self.quoted.filter(|id| !state.posts.contains_key(id)) {
            return Err(error::media_not_found(&quoted.to_string()));
        }
        Ok(())
    }
}

/// The address that goes with the form, and no other.
fn address(visit: &Visit<Threads>, form: Form) -> Result<Option<String>, Problem> {
    let (wanted, other) = match form {
        Form::Image => (Some("image_url"), Some("video_url")),
        Form::Video => (Some("video_url"), Some("image_url")),
        Form::Text | Form::Carousel => {
            (None, Some("image_url").filter(|name| visit.params.has(name)).or(Some("video_url")))
        }
    };
    match other.filter(|name| visit.params.has(name)) {
        Some(name) => Err(Problem::invalid(format!("Param {name} does not go with this media_type"))),
        None => wanted.map(|name| visit.params.needed(name)).transpose(),
    }
}

/// `{"option_a": "..", "option_b": ".."}`, up to `option_d`.
fn choices(poll: Option<Value>) -> Result<Vec<String>, Problem> {
    let Some(poll) = poll else {
        return Ok(Vec::new());
    };
    let wrong =
        || Problem::invalid("Param poll_attachment must be an object of option_a to option_d, 1 to 25 characters each");
    let options = poll.as_object().ok_or_else(wrong)?;
    let named: Vec<&str> = ["option_a", "option_b", "option_c", "option_d"]
        .into_iter()
        .map_while(|name| options.get(name)?.as_str())
        .filter(|choice| (1..=LONGEST_CHOICE).contains(&choice.chars().count()))
        .collect();
    let is_whole = named.len() == options.len() && named.len() >= 2;
    if is_whole { Ok(named.into_iter().map(str::to_owned).collect()) } else { Err(wrong()) }
}
