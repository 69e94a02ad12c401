//! Finding out whether a status is there: by sending it again where that is harmless, else by looking.

use domain::target::{Live, Probe, Refusal};
use jiff::{SignedDuration, Timestamp};

use super::{compose::Composed, errors, facts::Facts, publish, text, tokens::MastodonTokens, wire::Status};
use crate::{Account, Cx, Sought, exchange::Ask, failure, words};

/// Mastodon remembers a key for an hour; the rest is for clocks that differ and for the repeat itself.
const KEY_IS_REMEMBERED: SignedDuration = SignedDuration::from_mins(55);
/// The instance's clock and ours differ by less.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);
/// A reading copy of the instance's database lags behind by less.
const SETTLED: SignedDuration = SignedDuration::from_secs(60);
const PAGE: usize = 40;
/// An account with more statuses than this since the send is not looked through.
const MAX_PAGES: usize = 5;

pub(super) async fn probe(cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
    let unknown = |message: &str| Probe::Unknown { message: message.to_owned() };
    let facts = Facts::read(account.facts);
    let Some(composed) = Composed::read(sought.composed) else { return unknown(failure::UNREADABLE) };
    // By the first of all sends, which `sent_at` is not once one was repeated: a repeat that the instance recognises
    // does not renew its memory. What was composed after the fact has a key of its own where it has files.
    if facts.genuine && !sought.is_recomposed && cx.now.duration_since(composed.composed_at) < KEY_IS_REMEMBERED {
        return Probe::Repeat;
    }
    let since = composed.composed_at.min(sought.sent_at) - CLOCKS;
    match look(cx, account, &Wanted { composed: &composed, sought, since }).await {
        Ok(Looked::Found(live)) => Probe::Live(live),
        Ok(Looked::NotThere) if facts.genuine && cx.now.duration_since(sought.sent_at) > SETTLED => Probe::NotLive,
        Ok(Looked::NotThere) => unknown("the status is not among the account's recent ones, which may lag"),
        Ok(Looked::Perhaps) => {
            unknown("a status with as many files is there, and nothing tells whether it is this one")
        }
        Ok(Looked::TooMany) => unknown("the account has too many newer statuses to look through"),
        Err(refusal) => failure::unknown(&refusal),
    }
}

enum Looked {
    Found(Live),
    NotThere,
    Perhaps,
    TooMany,
}

/// What is looked for.
struct Wanted<'a> {
    composed: &'a Composed,
    sought: &'a Sought<'a>,
    since: Timestamp,
}

/// Pages back through the account's own statuses until they are older than the send.
async fn look(cx: &Cx<'_>, account: &Account<'_>, wanted: &Wanted<'_>) -> Result<Looked, Refusal> {
    let tokens = MastodonTokens::open(account)?;
    if !words::is_id(account.network_unique_id) {
        return Err(crate::given::refusal("the account has no id that the instance could know"));
    }
    let path = format!("/api/v1/accounts/{}/statuses", account.network_unique_id);
    let mut before: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut ask = Ask::get(&tokens.base, &path)
            .query("limit", &PAGE.to_string())
            .query("exclude_reblogs", "true")
            .bearer(&tokens.access_token);
        if let Some(before) = &before {
            ask = ask.query("max_id", before);
        }
        let answer = ask.call(cx).await?;
        let Some(statuses) = answer.success::<Vec<Status>>() else {
            return Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer)));
        };
        let last = statuses.last().map(|status| (status.id.clone(), status.created_at));
        let ours = statuses.into_iter().find(|status| wanted.is(status));
        if let Some(live) = ours.and_then(publish::live) {
            return Ok(if wanted.is_nameless() { Looked::Perhaps } else { Looked::Found(live) });
        }
        // Only an empty page is the end for certain: a server may give fewer than asked for.
        let Some((id, created_at)) = last else { return Ok(Looked::NotThere) };
        if created_at.is_some_and(|at| at < wanted.since) {
            return Ok(Looked::NotThere);
        }
        if !words::is_id(&id) || before.as_ref() == Some(&id) {
            break;
        }
        before = Some(id);
    }
    Ok(Looked::TooMany)
}

impl Wanted<'_> {
    fn is(&self, status: &Status) -> bool {
        let composed = self.composed;
        if status.created_at.is_none_or(|at| at < self.since)
            || status.in_reply_to_id.as_deref() != composed.parent()
            || !self.sought.may_be(&status.id)
        {
            return false;
        }
        let same = |theirs: &str, ours: &str| text::canonical(theirs) == text::canonical(ours);
        let said = status.text.clone().unwrap_or_else(|| text::from_html(&status.content));
        self.has_files_of(status)
            && same(&said, composed.text("status"))
            && same(&status.spoiler_text, composed.text("spoiler_text"))
    }

    /// Files uploaded after the fact have other names, and only their number can be compared.
    fn has_files_of(&self, status: &Status) -> bool {
        let mut theirs: Vec<&str> = status.media_attachments.iter().map(|file| file.id.as_str()).collect();
        let mut ours = self.composed.media_ids();
        if self.sought.is_recomposed {
            return theirs.len() == ours.len();
        }
        theirs.sort_unstable();
        ours.sort_unstable();
        theirs == ours
    }

    /// Whether nothing but a number of files tells one status from another.
    fn is_nameless(&self) -> bool {
        self.sought.is_recomposed && self.composed.text("status").trim().is_empty()
    }
}
