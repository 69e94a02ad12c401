//! The body of `POST /2/tweets`. Nothing that is not documented is let through.

use serde::Deserialize;
use serde_json::Value;

use super::super::error;
use super::super::text;
use super::query::id;
use crate::answer::Refusal;
use crate::faults::text::OPENING;

const LONGEST: usize = 280;
const MOST_CASHTAGS: usize = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostRequest {
    text: Option<String>,
    media: Option<MediaRequest>,
    reply: Option<ReplyRequest>,
    quote_tweet_id: Option<String>,
    poll: Option<PollRequest>,
    reply_settings: Option<String>,
    #[serde(rename = "made_with_ai")]
    _made_with_ai: Option<bool>,
    #[serde(rename = "paid_partnership")]
    _paid_partnership: Option<bool>,
    community_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MediaRequest {
    media_ids: Vec<String>,
    #[serde(default)]
    tagged_user_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyRequest {
    in_reply_to_tweet_id: String,
    #[serde(default)]
    exclude_reply_user_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PollRequest {
    options: Vec<String>,
    duration_minutes: u32,
}

/// A post as it is asked for, checked by itself.
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) media: Vec<u64>,
    pub(super) parent: Option<u64>,
    pub(super) poll: Vec<String>,
    pub(super) reply_settings: String,
}

/// The text of a body that may hold a fault's marker, before anything else is known of it; of others it is not needed.
pub(super) fn marked_text(body: &[u8]) -> String {
    if !std::str::from_utf8(body).is_ok_and(|body| body.contains(OPENING)) {
        return String::new();
    }
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    value["text"].as_str().unwrap_or_default().to_owned()
}

pub(super) fn read(body: &[u8]) -> Result<Draft, Refusal> {
    let request: PostRequest =
        serde_json::from_slice(body).map_err(|problem| error::invalid("", Value::Null, format!("[$: {problem}]")))?;
    exclusive(&request)?;
    check_ids(&request)?;
    let media = request.media.map(|media| media.media_ids).unwrap_or_default();
    let text = request.text.unwrap_or_default();
    check_text(&text, media.is_empty())?;
    if request.quote_tweet_id.is_some() {
        // Since 20 April 2026 self-serve apps cannot quote.
        return Err(error::forbidden("Your account is not permitted to access this feature."));
    }
    if let Some(poll) = &request.poll {
        check_poll(poll)?;
    }
    let reply_settings = request.reply_settings.unwrap_or_else(|| "everyone".to_owned());
    Ok(Draft {
        text,
        media: media.iter().map(|text| id("media.media_ids", text)).collect::<Result<_, _>>()?,
        parent: request.reply.map(|reply| id("reply.in_reply_to_tweet_id", &reply.in_reply_to_tweet_id)).transpose()?,
        poll: request.poll.map(|poll| poll.options).unwrap_or_default(),
        reply_settings,
    })
}

fn exclusive(request: &PostRequest) -> Result<(), Refusal> {
    let kinds = [request.media.is_some(), request.poll.is_some(), request.quote_tweet_id.is_some()];
    if kinds.into_iter().filter(|there| *there).count() > 1 {
        let message = "$: only one of media, poll and quote_tweet_id can be given";
        return Err(error::invalid("", Value::Null, message));
    }
    let settings = ["following", "mentionedUsers", "subscribers", "verified"];
    match &request.reply_settings {
        Some(other) if !settings.contains(&other.as_str()) => {
            let message =
                format!("$.reply_settings: does not have a value in the enumeration [{}]", settings.join(", "));
            Err(error::invalid("reply_settings", other.clone(), message))
        }
        _ => Ok(()),
    }
}

fn check_ids(request: &PostRequest) -> Result<(), Refusal> {
    if let Some(media) = &request.media {
        if !(1..=4).contains(&media.media_ids.len()) {
            return Err(error::invalid(
                "media.media_ids",
                media.media_ids.len(),
                "$.media.media_ids: must have 1 to 4 items",
            ));
        }
        if media.tagged_user_ids.len() > 10 {
            let count = media.tagged_user_ids.len();
            return Err(error::invalid(
                "media.tagged_user_ids",
                count,
                "$.media.tagged_user_ids: must have at most 10 items",
            ));
        }
        media.tagged_user_ids.iter().try_for_each(|text| id("media.tagged_user_ids", text).map(drop))?;
    }
    if let Some(reply) = &request.reply {
        reply.exclude_reply_user_ids.iter().try_for_each(|text| id("reply.exclude_reply_user_ids", text).map(drop))?;
    }
    request.quote_tweet_id.iter().try_for_each(|text| id("quote_tweet_id", text).map(drop))?;
    request.community_id.iter().try_for_each(|text| id("community_id", text).map(drop))
}

fn check_text(text: &str, needed: bool) -> Result<(), Refusal> {
    if text.trim().is_empty() && needed {
        return Err(error::invalid("text", text, "$.text: must not be empty without media"));
    }
    if text::has_invalid(text) || text::weighted_length(text) > LONGEST {
        return Err(error::not_permitted());
    }
    if text::cashtags(text) > MOST_CASHTAGS {
        return Err(error::forbidden("Your post contains more than the maximum of one cashtag."));
    }
    Ok(())
}

fn check_poll(poll: &PollRequest) -> Result<(), Refusal> {
    if !(2..=4).contains(&poll.options.len()) {
        return Err(error::invalid("poll.options", poll.options.len(), "$.poll.options: must have 2 to 4 items"));
    }
    if let Some(option) = poll.options.iter().find(|option| !(1..=25).contains(&option.chars().count())) {
        return Err(error::invalid("poll.options", option.clone(), "$.poll.options: must be 1 to 25 characters long"));
    }
    if !(5..=10_080).contains(&poll.duration_minutes) {
        let message = "$.poll.duration_minutes: must be between 5 and 10080";
        return Err(error::invalid("poll.duration_minutes", poll.duration_minutes, message));
    }
    Ok(())
}
