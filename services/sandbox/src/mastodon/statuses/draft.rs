//! A status as it is asked for, checked by itself.

use super::super::error;
use super::super::fact::Visibility;
use super::super::instance::{MOST_CHARACTERS, MOST_MEDIA, POLL_CHARACTERS, POLL_LEAST_S, POLL_MOST_S, POLL_OPTIONS};
use super::super::params::Params;
use super::super::text::length;
use crate::answer::Refusal;

const KNOWN: [&str; 11] = [
    "status",
    "media_ids",
    "poll",
    "in_reply_to_id",
    "sensitive",
    "spoiler_text",
    "visibility",
    "language",
    "quoted_status_id",
    "quote_approval_policy",
    "scheduled_at",
];

pub(super) struct Draft {
    pub(super) text: String,
    pub(super) spoiler_text: String,
    pub(super) visibility: Visibility,
    pub(super) sensitive: bool,
    pub(super) language: Option<String>,
    pub(super) in_reply_to: Option<String>,
    pub(super) quoted: Option<String>,
    pub(super) media: Vec<String>,
    pub(super) poll: Option<PollDraft>,
}

pub(super) struct PollDraft {
    pub(super) options: Vec<String>,
    pub(super) expires_in_s: u64,
    pub(super) multiple: bool,
}

impl Draft {
    pub(super) fn read(params: Params) -> Result<Self, Refusal> {
        let params = params.only(&KNOWN)?;
        if params.word("scheduled_at")?.is_some() {
            // Later is the caller's own business here; a silent "now" would be worse than a refusal.
            return Err(error::invalid("Scheduled at is not offered by the sandbox"));
        }
        let mut draft = Self {
            text: params.text("status")?.unwrap_or_default(),
            spoiler_text: params.text("spoiler_text")?.unwrap_or_default(),
            visibility: visibility(params.word("visibility")?.as_deref())?,
            sensitive: params.flag("sensitive")?.unwrap_or(false),
            language: params.word("language")?,
            in_reply_to: params.word("in_reply_to_id")?,
            quoted: params.word("quoted_status_id")?,
            media: params.list("media_ids")?,
            poll: params.nested("poll")?.map(PollDraft::read).transpose()?,
        };
        let policies = ["public", "followers", "nobody"];
        if params.word("quote_approval_policy")?.is_some_and(|policy| !policies.contains(&policy.as_str())) {
            return Err(error::invalid("Quote approval policy is not included in the list"));
        }
        // A warning without text becomes the text, as on the network; a warning makes the media sensitive.
        if draft.text.trim().is_empty() && !draft.spoiler_text.is_empty() {
            draft.text = std::mem::take(&mut draft.spoiler_text);
        }
        draft.sensitive |= !draft.spoiler_text.is_empty();
        draft.check()?;
        Ok(draft)
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.text.contains('\0') || self.spoiler_text.contains('\0') {
            return Err(error::invalid("Text contains a null byte"));
        }
        if self.text.trim().is_empty() && self.media.is_empty() {
            return Err(error::invalid("Text can't be blank"));
        }
        if length(&self.spoiler_text, &self.text) > MOST_CHARACTERS {
            return Err(error::invalid(format!("Text character limit of {MOST_CHARACTERS} exceeded")));
        }
        if self.media.len() > MOST_MEDIA || (self.poll.is_some() && !self.media.is_empty()) {
            return Err(error::unprocessable("Cannot attach more than 4 files"));
        }
        let language = |tag: &String| {
            let letters = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
            tag.split(['-', '_']).all(letters)
        };
        if !self.language.as_ref().is_none_or(language) {
            return Err(error::invalid("Language is invalid"));
        }
        self.poll.as_ref().map_or(Ok(()), PollDraft::check)
    }
}

fn visibility(word: Option<&str>) -> Result<Visibility, Refusal> {
    Ok(match word {
        None | Some("public") => Visibility::Public,
        Some("unlisted") => Visibility::Unlisted,
        Some("private") => Visibility::Private,
        Some("direct") => Visibility::Direct,
        Some(other) => return Err(error::invalid(format!("Visibility '{other}' is not a valid visibility"))),
    })
}

impl PollDraft {
    fn read(params: Params) -> Result<Self, Refusal> {
        let params = params.only(&["options", "expires_in", "multiple", "hide_totals"])?;
        params.flag("hide_totals")?;
        Ok(Self {
            options: params.list("options")?,
            expires_in_s: params.number("expires_in")?.ok_or_else(|| error::invalid("Expires at can't be blank"))?,
            multiple: params.flag("multiple")?.unwrap_or(false),
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        let mut seen = std::collections::HashSet::new();
        let problem = if self.options.len() < 2 {
            "Options must have more than one item".to_owned()
        } else if self.options.len() > POLL_OPTIONS {
            format!("Options can't contain more than {POLL_OPTIONS} items")
        } else if self.options.iter().any(|option| option.trim().is_empty()) {
            "Options can't contain blank items".to_owned()
        } else if self.options.iter().any(|option| option.chars().count() > POLL_CHARACTERS) {
            format!("Options can't be longer than {POLL_CHARACTERS} characters each")
        } else if !self.options.iter().all(|option| seen.insert(option)) {
            "Options contain duplicate items".to_owned()
        } else if self.expires_in_s > POLL_MOST_S {
            "Expires at is too far into the future".to_owned()
        } else if self.expires_in_s < POLL_LEAST_S {
            "Expires at is too soon".to_owned()
        } else {
            return Ok(());
        };
        Err(error::invalid(problem))
    }
}
