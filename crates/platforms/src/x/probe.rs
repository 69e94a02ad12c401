//! Looking for a post among the account's own recent ones.

use domain::target::{Probe, Refusal};
use jiff::{SignedDuration, Timestamp};
use unicode_normalization::UnicodeNormalization;

use super::{
    compose::Composed,
    errors, publish,
    spec::{BASE, DEFAULT_BASE},
    tokens::XTokens,
    wire::{Envelope, Tweet},
};
use crate::{Account, Cx, Sought, exchange::Ask, failure, links, stored};

/// X's clock and ours differ by less.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);

pub(super) async fn probe(cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
    let unknown = |message: &str| Probe::Unknown { message: message.to_owned() };
    let Some(composed) = Composed::read(sought.composed) else { return unknown(failure::UNREADABLE) };
    match recent(cx, account, sought.sent_at - CLOCKS).await {
        Ok(tweets) => tweets.into_iter().find(|tweet| is_ours(tweet, &composed, sought)).map_or_else(
            || unknown("the post is not among the account's recent ones, which may lag"),
            |tweet| Probe::Live(publish::live(account, tweet.id)),
        ),
        Err(refusal) => failure::unknown(&refusal),
    }
}

/// One page: older pages cost money and, since a timeline may lag, would prove nothing.
async fn recent(cx: &Cx<'_>, account: &Account<'_>, since: Timestamp) -> Result<Vec<Tweet>, Refusal> {
    let tokens: XTokens = stored::open(account)?;
    if !super::is_id(account.network_unique_id) {
        return Err(crate::given::refusal("the account has no id that X could know"));
    }
    let answer = Ask::get(cx.bases.get(BASE, DEFAULT_BASE), &format!("/2/users/{}/tweets", account.network_unique_id))
        .query("max_results", "100")
        .query("start_time", &format!("{:.0}", since))
        .query("tweet.fields", "attachments,created_at,entities,note_tweet,referenced_tweets")
        .bearer(&tokens.access_token)
        .call(cx)
        .await?;
    match answer.success::<Envelope<Vec<Tweet>>>() {
        // An empty timeline has no `data`.
        Some(envelope) => Ok(envelope.data.unwrap_or_default()),
        None => Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer))),
    }
}

fn is_ours(tweet: &Tweet, composed: &Composed, sought: &Sought<'_>) -> bool {
    let parent = tweet.referenced_tweets.iter().find(|other| other.kind == "replied_to").map(|other| other.id.as_str());
    let new_enough = tweet.created_at.is_none_or(|at| at >= sought.sent_at - CLOCKS);
    super::is_id(&tweet.id)
        && sought.may_be(&tweet.id)
        && new_enough
        && parent == composed.parent()
        && has_our_files(tweet, composed, sought.is_recomposed)
        && canonical(&as_written(tweet)) == canonical(composed.text())
}

/// By their names where both sides know them, else by their number. Without text only the names tell one post from
/// another. Files uploaded after the fact have other names.
fn has_our_files(tweet: &Tweet, composed: &Composed, are_new: bool) -> bool {
    let (known, count) = (composed.media_keys.len(), composed.media_count());
    match &tweet.attachments {
        Some(files) if known == count && !(are_new && count > 0) => {
            let sorted = |keys: &[String]| {
                let mut keys = keys.to_vec();
                keys.sort_unstable();
                keys
            };
            sorted(&files.media_keys) == sorted(&composed.media_keys)
        }
        Some(files) => files.media_keys.len() == count && !composed.text().is_empty(),
        None => count == 0 || !composed.text().is_empty(),
    }
}

/// The text before X put its short links in and escaped it for HTML.
fn as_written(tweet: &Tweet) -> String {
    let note = tweet.note_tweet.as_ref();
    let mut text = note.map_or(&tweet.text, |note| &note.text).clone();
    let links = [note.and_then(|note| note.entities.as_ref()), tweet.entities.as_ref()];
    for link in links.into_iter().flatten().flat_map(|entities| &entities.urls) {
        // Attached files stand at the end as links that nobody wrote.
        let expanded = link.expanded_url.as_deref().unwrap_or_default();
        let is_attachment = link.media_key.is_some() || expanded.contains(&format!("/status/{}/", tweet.id));
        let written = if is_attachment { "" } else { expanded };
        if !link.url.is_empty() {
            text = text.replacen(&link.url, written, 1);
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Two spellings of the same text: links without scheme and closing slash, white space as one blank.
fn canonical(text: &str) -> String {
    let text: String = text.nfc().collect();
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    for link in links::find(&text, links::Scheme::Optional) {
        plain.push_str(&text[at..link.start]);
        let address = text[link.clone()].to_lowercase();
        let address = address.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        plain.push_str(address);
        at = link.end;
    }
    plain.push_str(&text[at..]);
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
