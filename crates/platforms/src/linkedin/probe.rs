//! Looking for a post among the author's own recent ones, and for a comment below its post.
//!
//! Tokens of organisations may list; a member's may not unless LinkedIn let the app have `r_member_social`, which is closed
//! (fact sheet part 1, 5.6 and 5.16). Sending again would be answered with the name of the first post, but only within a
//! window that LinkedIn does not document, so nothing is ever sent to find out.

use domain::target::{Probe, Refusal};
use egress::Method;
use jiff::{SignedDuration, Timestamp};

use super::{
    ask::{self, finder, rest},
    author::Author,
    compose::Composed,
    publish::{comments_of, live},
    text,
    tokens::LinkedinTokens,
    urn,
    wire::{Comment, Elements, Post},
};
use crate::{Account, Cx, Sought, failure, stored};

/// LinkedIn's clock and ours differ by less.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);
/// As many as LinkedIn gives when it is asked as its examples do.
const PAGE: usize = 10;
/// A post with more comments is not looked through.
const MAX_PAGES: usize = 5;

pub(super) async fn probe(cx: &Cx<'_>, account: &Account<'_>, sought: &Sought<'_>) -> Probe {
    let Some(composed) = Composed::read(sought.composed) else {
        return Probe::Unknown { message: failure::UNREADABLE.to_owned() };
    };
    let (tokens, author) =
        match stored::open::<LinkedinTokens>(account).and_then(|held| Ok((held, Author::of(account)?))) {
            Ok(known) => known,
            Err(refusal) => return failure::unknown(&refusal),
        };
    let wanted = Wanted { composed: &composed, sought, author: author.urn() };
    let found = match &composed.on {
        None => wanted.among_posts(cx, &tokens).await,
        Some(post) => wanted.among_comments(cx, &tokens, post).await,
    };
    match found {
        Ok(Some(id)) => Probe::Live(live(id, composed.on.as_deref())),
        Ok(None) => Probe::Unknown { message: "it is not among the recent ones, which may lag".to_owned() },
        // No later question is answered otherwise: it is the token that may not ask.
        Err(Refusal::Rejected { http_status: Some(403), .. }) => Probe::Impossible,
        Err(refusal) => failure::unknown(&refusal),
    }
}

/// What is looked for.
struct Wanted<'a> {
    composed: &'a Composed,
    sought: &'a Sought<'a>,
    author: String,
}

impl Wanted<'_> {
    /// One page of the author's posts, the latest first.
    async fn among_posts(&self, cx: &Cx<'_>, tokens: &LinkedinTokens) -> Result<Option<String>, Refusal> {
        let ask = finder(rest(cx, Method::GET, "/posts", tokens))
            .query("q", "author")
            .query("author", &self.author)
            .query("count", &PAGE.to_string())
            .query("sortBy", "LAST_MODIFIED");
        let answer = ask.call(cx).await?;
        match answer.success::<Elements<Post>>() {
            Some(page) => Ok(page.elements.into_iter().find(|post| self.is_post(post)).map(|post| post.id)),
            None => Err(ask::failed(cx, tokens, &answer)),
        }
    }

    async fn among_comments(
        &self,
        cx: &Cx<'_>,
        tokens: &LinkedinTokens,
        post: &str,
    ) -> Result<Option<String>, Refusal> {
        for page in 0..MAX_PAGES {
            let ask = rest(cx, Method::GET, &comments_of(post), tokens)
                .query("start", &(page * PAGE).to_string())
                .query("count", &PAGE.to_string());
            let answer = ask.call(cx).await?;
            let Some(comments) = answer.success::<Elements<Comment>>().map(|page| page.elements) else {
                return Err(ask::failed(cx, tokens, &answer));
            };
            let is_last = comments.len() < PAGE;
            if let Some(ours) = comments.into_iter().find_map(|comment| self.comment_id(comment)) {
                return Ok(Some(ours));
            }
            if is_last {
                break;
            }
        }
        Ok(None)
    }

    fn is_post(&self, post: &Post) -> bool {
        let content = post.content.as_ref();
        let one = content.and_then(|content| content.media.as_ref());
        let several = content.and_then(|content| content.multi_image.as_ref());
        let images = one.into_iter().chain(several.into_iter().flat_map(|several| &several.images));
        let images: Vec<&str> = images.filter_map(|image| image.id.as_deref()).collect();
        urn::is_post(&post.id)
            && self.sought.may_be(&post.id)
            && self.is_new(post.published_at.or(post.created_at))
            && self.says(&text::visible(&post.commentary))
            && self.shows(&images)
            && content.and_then(|content| content.article.as_ref()?.source.as_deref()) == self.composed.article()
    }

    fn comment_id(&self, comment: Comment) -> Option<String> {
        let entities = comment.content.iter().filter_map(|content| content.entity.as_ref());
        let images: Vec<&str> = entities.filter_map(|entity| entity.image.as_deref()).collect();
        let is_ours = comment.actor.as_deref() == Some(self.author.as_str())
            && self.is_new(comment.created.as_ref().and_then(|created| created.time))
            && self.says(comment.message.as_ref().map_or("", |message| &message.text))
            && self.shows(&images);
        let id = comment.comment_urn.filter(|id| is_ours && urn::is_comment(id))?;
        self.sought.may_be(&id).then_some(id)
    }

    /// Times are milliseconds; one that is missing says nothing.
    fn is_new(&self, millis: Option<i64>) -> bool {
        let at = millis.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        at.is_none_or(|at| at >= self.sought.sent_at - CLOCKS)
    }

    fn says(&self, text: &str) -> bool {
        canonical(text) == canonical(&self.composed.visible())
    }

    /// By the images' names. Those uploaded after the fact have other names: then their number and the text have to do.
    fn shows(&self, images: &[&str]) -> bool {
        let ours = self.composed.images();
        if self.sought.is_recomposed && !ours.is_empty() {
            return images.len() == ours.len() && !self.composed.visible().trim().is_empty();
        }
        let (mut theirs, mut ours) = (images.to_vec(), ours);
        theirs.sort_unstable();
        ours.sort_unstable();
        theirs == ours
    }
}

/// White space as one blank.
fn canonical(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
