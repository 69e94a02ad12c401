//! Asking a container whether it was published, and which post it became (fact sheet part 1, 4.13).

use domain::target::{Live, Probe, Refusal};
use jiff::SignedDuration;
use unicode_normalization::UnicodeNormalization;

use super::{
    compose::Composed,
    errors,
    follow::post_of,
    publish::live,
    stage::{Looked, look},
    tokens::ThreadsTokens,
    wire::Post,
};
use crate::{
    Account, Cx, Sought, failure,
    graph::{self, List},
    stored,
};

/// Threads' clock and ours differ by less.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);

pub(super) async fn probe(cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
    if let Some(id) = sought.handle.and_then(post_of) {
        return Probe::Live(live(id.to_owned(), None));
    }
    let Some(composed) = Composed::read(sought.composed) else {
        return Probe::Unknown { message: failure::UNREADABLE.to_owned() };
    };
    match find_out(cx, account, sought, &composed).await {
        Ok(probe) => probe,
        Err(refusal) => failure::unknown(&refusal),
    }
}

/// What was composed after the fact has a container that was never sent, which says nothing.
async fn find_out(
    cx: &Cx<'_>,
    account: &Account<'_>,
    sought: &Sought<'_>,
    composed: &Composed,
) -> Result<Probe, Refusal> {
    let tokens: ThreadsTokens = stored::open(account)?;
    let sent = composed.post.id.as_deref().filter(|_| !sought.is_recomposed);
    let is_published = match sent {
        Some(id) => match look(cx, id, &tokens.access_token, composed.post.made_at).await {
            Ok(Looked::Published) => true,
            // A container is published once or not at all, and the same one is what a repeat would publish.
            Ok(Looked::Finished) => return Ok(Probe::NotLive),
            // What failed or ran out before it was published cannot be any more.
            Err(Refusal::Rejected { http_status: Some(200), .. }) => return Ok(Probe::NotLive),
            Ok(Looked::Not(_)) => {
                return Ok(Probe::Unknown { message: "Threads is still preparing the post".to_owned() });
            }
            Ok(Looked::Gone) => false,
            Err(refusal) => return Err(refusal),
        },
        None => false,
    };
    let mut found = candidates(cx, &tokens, sought, composed).await?;
    let is_nameless = composed.text().trim().is_empty();
    Ok(match (found.len(), is_published) {
        (0, true) => Probe::Unknown { message: "Threads published it, and does not list it yet".to_owned() },
        (0, false) => Probe::Unknown { message: "it is not among the profile's recent ones, which may lag".to_owned() },
        // Without words nothing tells one post from another.
        (2.., _) if is_nameless => Probe::Unknown { message: "several posts without text may be it".to_owned() },
        (_, false) if is_nameless => Probe::Unknown { message: "a post without text may be it".to_owned() },
        _ => Probe::Live(found.remove(0)),
    })
}

/// The profile's own posts since the send that read as this one does.
async fn candidates(
    cx: &Cx<'_>,
    tokens: &ThreadsTokens,
    sought: &Sought<'_>,
    composed: &Composed,
) -> Result<Vec<Live>, Refusal> {
    let since = sought.sent_at - CLOCKS;
    let (path, fields) = match composed.parent() {
        Some(_) => ("me/replies", "id,text,timestamp,permalink,replied_to"),
        None => ("me/threads", "id,text,timestamp,permalink"),
    };
    let answer = super::get(cx, path)
        .query("fields", fields)
        .query("since", &graph::unix_time(since))
        .query("limit", "25")
        .bearer(&tokens.access_token)
        .call(cx)
        .await?;
    let Some(posts) = answer.success::<List<Post>>() else { return Err(errors::failed(cx, &answer)) };
    let is_ours = |post: &Post| {
        let parent = post.replied_to.as_ref().and_then(|parent| parent.id.as_deref());
        super::is_id(&post.id)
            && sought.may_be(&post.id)
            && post.timestamp.as_deref().and_then(graph::parse_time).is_some_and(|at| at >= since)
            && (parent.is_none() || parent == composed.parent())
            && canonical(&post.text) == canonical(composed.text())
    };
    Ok(posts.data.into_iter().filter(is_ours).map(|post| live(post.id, post.permalink)).collect())
}

/// Two spellings of the same text.
fn canonical(text: &str) -> String {
    text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
