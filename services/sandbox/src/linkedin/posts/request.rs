//! A post as it is asked for; what is not documented is refused.

use serde::Deserialize;
use serde_json::Value;

use super::super::error;
use super::super::fact::Attached;
use super::super::urn;
use crate::answer::Refusal;

const MOST_CHARACTERS: usize = 3_000;
const IMAGES: std::ops::RangeInclusive<usize> = 2..=20;
const POLL_OPTIONS: std::ops::RangeInclusive<usize> = 2..=4;
const DURATIONS: [&str; 4] = ["ONE_DAY", "THREE_DAYS", "SEVEN_DAYS", "FOURTEEN_DAYS"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreatePost {
    pub(super) author: String,
    #[serde(default)]
    pub(super) commentary: String,
    pub(super) visibility: String,
    distribution: Distribution,
    #[serde(default)]
    content: Value,
    lifecycle_state: String,
    #[serde(default, rename = "isReshareDisabledByAuthor")]
    _is_reshare_disabled_by_author: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Distribution {
    feed_distribution: String,
    #[serde(default)]
    target_entities: Vec<Value>,
    #[serde(default)]
    third_party_distribution_channels: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    media: Option<Media>,
    multi_image: Option<MultiImage>,
    article: Option<Article>,
    poll: Option<Poll>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Media {
    id: String,
    alt_text: Option<String>,
    title: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MultiImage {
    images: Vec<Image>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Image {
    id: String,
    alt_text: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Article {
    source: String,
    title: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    thumbnail: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Poll {
    question: String,
    options: Vec<PollOption>,
    settings: PollSettings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PollOption {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PollSettings {
    duration: String,
}

/// A request that says what it must, with the uploads it names.
pub(super) struct Draft {
    pub(super) post: CreatePost,
    pub(super) media: Vec<Attached>,
    /// Uploads that are only shown small, such as an article's picture.
    pub(super) thumbnails: Vec<String>,
    /// As it was sent.
    pub(super) content: Value,
}

fn wrong(field: &str) -> Refusal {
    error::invalid("INVALID_VALUE_FOR_FIELD", format!("{field} has a value that is not allowed"))
}

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Draft, Refusal> {
    let mut post: CreatePost = serde_json::from_slice(body).map_err(|problem| error::unreadable(&problem))?;
    let content = post.content.take();
    check_frame(&post)?;
    let parsed: Option<Content> =
        serde_json::from_value(content.clone()).map_err(|problem| error::unreadable(&problem))?;
    let (media, thumbnails) = match parsed {
        Some(content) => uploads(content)?,
        None if post.commentary.trim().is_empty() => return Err(wrong("commentary")),
        None => (Vec::new(), Vec::new()),
    };
    if super::unescaped(&post.commentary).chars().count() > MOST_CHARACTERS {
        let description = format!("ShareCommentary text length ({MOST_CHARACTERS} characters) exceeded");
        return Err(error::invalid("FIELD_LENGTH_TOO_LONG", description));
    }
    Ok(Draft { post, media, thumbnails, content })
}

fn check_frame(post: &CreatePost) -> Result<(), Refusal> {
    let Distribution { feed_distribution, target_entities, third_party_distribution_channels } = &post.distribution;
    match () {
        () if !["PUBLIC", "CONNECTIONS", "LOGGED_IN"].contains(&post.visibility.as_str()) => Err(wrong("visibility")),
        () if post.lifecycle_state != "PUBLISHED" => Err(wrong("lifecycleState")),
        () if feed_distribution != "MAIN_FEED" => Err(wrong("distribution/feedDistribution")),
        () if !target_entities.is_empty() => Err(wrong("distribution/targetEntities")),
        () if !third_party_distribution_channels.is_empty() => {
            Err(wrong("distribution/thirdPartyDistributionChannels"))
        }
        () => Ok(()),
    }
}

/// What the one kind of content that a post may have names.
fn uploads(content: Content) -> Result<(Vec<Attached>, Vec<String>), Refusal> {
    match (content.media, content.multi_image, content.article, content.poll) {
        (Some(media), None, None, None) => {
            let is_document = urn::part(&media.id, "document").is_some();
            if is_document && media.title.as_ref().is_none_or(|title| title.trim().is_empty()) {
                return Err(wrong("content/media/title"));
            }
            Ok((vec![Attached { urn: media.id, alt_text: media.alt_text }], Vec::new()))
        }
        (None, Some(images), None, None) => {
            let attached = images.images.into_iter().map(|image| Attached { urn: image.id, alt_text: image.alt_text });
            let attached: Vec<Attached> = attached.collect();
            let are_images = attached.iter().all(|each| urn::part(&each.urn, "image").is_some());
            if IMAGES.contains(&attached.len()) && are_images {
                Ok((attached, Vec::new()))
            } else {
                Err(wrong("content/multiImage/images"))
            }
        }
        (None, None, Some(article), None) => {
            let is_web = url::Url::parse(&article.source).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            if !is_web || article.title.trim().is_empty() {
                return Err(wrong("content/article"));
            }
            Ok((Vec::new(), article.thumbnail.into_iter().collect()))
        }
        (None, None, None, Some(poll)) => check_poll(&poll).map(|()| (Vec::new(), Vec::new())),
        _ => Err(wrong("content")),
    }
}

fn check_poll(poll: &Poll) -> Result<(), Refusal> {
    let fits = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
    let options = POLL_OPTIONS.contains(&poll.options.len()) && poll.options.iter().all(|each| fits(&each.text, 30));
    let known = DURATIONS.contains(&poll.settings.duration.as_str());
    if fits(&poll.question, 140) && options && known { Ok(()) } else { Err(wrong("content/poll")) }
}

/// Author and text of a body, as far as they can be made out: faults strike before the body is checked.
pub(super) fn marked(body: &[u8]) -> (Option<String>, String) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let word = |name: &str| body[name].as_str().map(str::to_owned);
    (word("author"), super::unescaped(&word("commentary").unwrap_or_default()))
}
