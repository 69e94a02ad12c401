//! Looking for a post among the page's own recent ones. That the lists are complete at once is promised nowhere, so what
//! is not found is not known.

use domain::target::{Live, Probe, Refusal};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use unicode_normalization::UnicodeNormalization;

use super::{
    compose::{Call, Composed},
    errors, publish,
    tokens::PageToken,
    wire::{Comment, Post},
};
use crate::{
    Account, Cx, Sought, failure,
    graph::{self, Id, List},
    stored, words,
};

/// Facebook's clock and ours differ by less.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);
/// As many as a page of a list holds at most.
const PAGE: &str = "100";
const POST_FIELDS: &str = "id,message,created_time,permalink_url,attachments{media_type,target}";

pub(super) async fn probe(cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
    let unknown = |message: &str| Probe::Unknown { message: message.to_owned() };
    let Some(composed) = Composed::read(sought.composed) else { return unknown(failure::UNREADABLE) };
    let wanted = Wanted { composed: &composed, sought, since: sought.sent_at - CLOCKS };
    let found = match &composed.call {
        Call::Feed { photos } => post(cx, account, &wanted, photos).await,
        Call::Comment { on } => comment(cx, account, &wanted, on).await,
        Call::Video { id } => video(cx, account, &wanted, id).await,
    };
    match found {
        Ok(Some(live)) => Probe::Live(live),
        Ok(None) => unknown("it is not among the page's recent ones, which may lag"),
        Err(refusal) => failure::unknown(&refusal),
    }
}

/// What is looked for.
struct Wanted<'a> {
    composed: &'a Composed,
    sought: &'a Sought<'a>,
    since: Timestamp,
}

impl Wanted<'_> {
    fn may_be(&self, id: &str, created_time: Option<&str>, said: &str) -> bool {
        words::is_id(id)
            && self.sought.may_be(id)
            && created_time.and_then(graph::parse_time).is_some_and(|at| at >= self.since)
            && canonical(said) == canonical(self.composed.text())
    }
}

async fn post(
    cx: &Cx<'_>,
    account: &Account<'_>,
    wanted: &Wanted<'_>,
    photos: &[String],
) -> Result<Option<Live>, Refusal> {
    let path = format!("{}/published_posts", super::id_of(account)?);
    let query = [("fields", POST_FIELDS), ("since", &graph::unix_time(wanted.since))];
    let posts: Vec<Post> = list(cx, account, &path, &query).await?;
    let ours = posts.into_iter().find(|post| {
        wanted.may_be(&post.id, post.created_time.as_deref(), &post.message)
            && has_our_photos(post, photos, wanted.sought.is_recomposed, !wanted.composed.text().trim().is_empty())
    });
    Ok(ours.map(|post| publish::live(post.id, post.permalink_url)))
}

/// One picture is known by its id. Several are an album, whose own id is nobody's upload; without words it could be any.
fn has_our_photos(post: &Post, photos: &[String], are_new: bool, has_words: bool) -> bool {
    let shown = post.attachments.as_ref().map_or(&[][..], |attachments| &attachments.data);
    let of = |kind: &str| shown.iter().any(|file| file.media_type == kind);
    match photos {
        [] => !of("photo") && !of("album") && !of("video"),
        [one] if !are_new => {
            let id = shown.iter().find_map(|file| file.target.as_ref().and_then(|target| target.id.as_deref()));
            of("photo") && id.map_or(has_words, |id| id == one)
        }
        [_] => of("photo") && has_words,
        _ => of("album") && has_words,
    }
}

async fn comment(cx: &Cx<'_>, account: &Account<'_>, wanted: &Wanted<'_>, on: &str) -> Result<Option<Live>, Refusal> {
    let query = [
        ("filter", "stream"),
        ("order", "reverse_chronological"),
        ("fields", "id,from,message,created_time,permalink_url"),
    ];
    let comments: Vec<Comment> = list(cx, account, &format!("{on}/comments"), &query).await?;
    let page = super::id_of(account)?;
    let is_the_page_s =
        |comment: &Comment| comment.from.as_ref().and_then(|from| from.id.as_deref()) == Some(page.as_str());
    let ours = comments.into_iter().find(|comment| {
        is_the_page_s(comment) && wanted.may_be(&comment.id, comment.created_time.as_deref(), &comment.message)
    });
    Ok(ours.map(|comment| publish::live(comment.id, comment.permalink_url)))
}

/// The video has had its id since before it was sent: only whether the page shows it is asked.
async fn video(cx: &Cx<'_>, account: &Account<'_>, wanted: &Wanted<'_>, id: &str) -> Result<Option<Live>, Refusal> {
    let query = [("fields", "id,description,created_time"), ("since", &graph::unix_time(wanted.since))];
    let videos: Vec<Id> = list(cx, account, &format!("{}/videos", super::id_of(account)?), &query).await?;
    // Uploaded after the fact, it has another id than what may have been sent.
    let is_ours = |video: &Id| !wanted.sought.is_recomposed && video.id == id && wanted.sought.may_be(id);
    Ok(videos.into_iter().find(is_ours).map(|video| publish::live(video.id, None)))
}

async fn list<T: DeserializeOwned>(
    cx: &Cx<'_>,
    account: &Account<'_>,
    path: &str,
    query: &[(&str, &str)],
) -> Result<Vec<T>, Refusal> {
    let tokens: PageToken = stored::open(account)?;
    let ask = query.iter().fold(super::get(cx, path), |ask, (name, value)| ask.query(name, value));
    let answer = ask.query("limit", PAGE).bearer(&tokens.access_token).call(cx).await?;
    match answer.success::<List<T>>() {
        Some(list) => Ok(list.data),
        None => Err(errors::failed(cx, &answer)),
    }
}

/// Two spellings of the same text.
fn canonical(text: &str) -> String {
    text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
