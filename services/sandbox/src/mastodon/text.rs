//! A status' text: where its links, mentions and hashtags are, how long it counts, and its HTML.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::instance::URL_CHARACTERS;

/// A run of text with a meaning.
#[derive(Debug, PartialEq)]
pub(super) enum Entity<'a> {
    Url(&'a str),
    /// `@user` or `@user@host`; the host is apart.
    Mention {
        user: &'a str,
        host: Option<&'a str>,
    },
    Hashtag(&'a str),
}

// Patterns are constants that a test compiles, so compiling them cannot fail.
static URL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)https?://[^\s<>"“”‘’]+"#).expect("a constant pattern"));
static MENTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)@([a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_])?)(?:@([\w.-]+\w(?::\d+)?))?").expect("a constant pattern")
});
static HASHTAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[#＃]([\w·]*[\p{L}\p{M}_·][\w·]*)").expect("a constant pattern"));

/// The entities of a text in order, without overlap; a link hides what is inside it.
pub(super) fn entities(text: &str) -> Vec<(Range<usize>, Entity<'_>)> {
    let mut found: Vec<(Range<usize>, Entity<'_>)> = Vec::new();
    for link in URL.find_iter(text) {
        let url = trimmed(link.as_str());
        if free(text, link.start(), "@#$/.") && has_host(url) {
            found.push((link.start()..link.start() + url.len(), Entity::Url(url)));
        }
    }
    let links: Vec<Range<usize>> = found.iter().map(|(range, _)| range.clone()).collect();
    let outside = |at: usize| !links.iter().any(|link| link.contains(&at));
    for mention in MENTION.captures_iter(text) {
        let (Some(whole), Some(user)) = (mention.get(0), mention.get(1)) else { continue };
        if outside(whole.start()) && free(text, whole.start(), "/") {
            let entity = Entity::Mention { user: user.as_str(), host: mention.get(2).map(|host| host.as_str()) };
            found.push((whole.range(), entity));
        }
    }
    for hashtag in HASHTAG.captures_iter(text) {
        let (Some(whole), Some(tag)) = (hashtag.get(0), hashtag.get(1)) else { continue };
        if outside(whole.start()) && free(text, whole.start(), "/)&") {
            found.push((whole.range(), Entity::Hashtag(tag.as_str())));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    let mut end = 0;
    found.retain(|(range, _)| {
        let keep = range.start >= end;
        end = if keep { range.end } else { end };
        keep
    });
    found
}

/// Whether an entity may begin at `at`: not inside a word, nor after one of `barred`.
fn free(text: &str, at: usize, barred: &str) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    before.is_none_or(|before| !before.is_alphanumeric() && before != '_' && !barred.contains(before))
}

/// A link without the punctuation that ends the sentence, and without a bracket that it does not open.
fn trimmed(link: &str) -> &str {
    let mut link = link;
    loop {
        let shorter = link.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '"', '…']);
        let unopened = [('(', ')'), ('[', ']'), ('{', '}')].iter().any(|(open, close)| {
            shorter.ends_with(*close) && shorter.matches(*close).count() > shorter.matches(*open).count()
        });
        let shorter = if unopened { shorter.get(..shorter.len() - 1).unwrap_or(shorter) } else { shorter };
        if shorter.len() == link.len() {
            return link;
        }
        link = shorter;
    }
}

fn has_host(link: &str) -> bool {
    let rest = link.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    host.split('.').filter(|label| !label.is_empty()).count() > 1 && !host.starts_with('.')
}

/// Characters that count to the limit: grapheme clusters, links as 23, mentions without their host.
pub(super) fn length(spoiler: &str, text: &str) -> usize {
    let (mut counted, mut done) = (String::with_capacity(text.len()), 0);
    for (range, entity) in entities(text) {
        match entity {
            Entity::Url(_) => {
                counted.push_str(text.get(done..range.start).unwrap_or_default());
                counted.extend(std::iter::repeat_n('x', URL_CHARACTERS));
                done = range.end;
            }
            Entity::Mention { user, host: Some(_) } => {
                counted.push_str(text.get(done..range.start).unwrap_or_default());
                counted.push('@');
                counted.push_str(user);
                done = range.end;
            }
            Entity::Mention { host: None, .. } | Entity::Hashtag(_) => {}
        }
    }
    counted.push_str(text.get(done..).unwrap_or_default());
    spoiler.graphemes(true).count() + counted.graphemes(true).count()
}

/// The text as Mastodon's HTML. `is_local` knows the accounts of this instance.
pub(super) fn html(text: &str, origin: &str, is_local: impl Fn(&str) -> bool) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let (mut inner, mut done) = (String::with_capacity(text.len() * 2), 0);
    for (range, entity) in entities(text) {
        inner.push_str(&escaped(text.get(done..range.start).unwrap_or_default()));
        let plain = text.get(range.clone()).unwrap_or_default();
        inner.push_str(&match entity {
            Entity::Url(url) => link(url),
            Entity::Hashtag(tag) => format!(
                "<a href=\"{origin}/tags/{}\" class=\"mention hashtag\" rel=\"tag\">#<span>{}</span></a>",
                escaped(&tag.to_lowercase()),
                escaped(tag)
            ),
            Entity::Mention { user, host: None } if is_local(user) => format!(
                "<span class=\"h-card\" translate=\"no\"><a href=\"{origin}/@{user}\" class=\"u-url mention\">@<span>{user}</span></a></span>"
            ),
            Entity::Mention { .. } => escaped(plain),
        });
        done = range.end;
    }
    inner.push_str(&escaped(text.get(done..).unwrap_or_default()));
    let inner = inner.replace("\r\n", "\n");
    let paragraphs =
        inner.split("\n\n").map(|part| format!("<p>{}</p>", part.trim_matches('\n').replace('\n', "<br />")));
    paragraphs.collect()
}

/// A link with its scheme and tail hidden, as Mastodon shortens what is shown.
fn link(url: &str) -> String {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let www = url.get(after_scheme..).is_some_and(|rest| rest.starts_with("www."));
    let (prefix, rest) = url.split_at(if www { after_scheme + 4 } else { after_scheme });
    let cut = rest.char_indices().nth(30).map_or(rest.len(), |(at, _)| at);
    let (shown, hidden) = rest.split_at(cut);
    let class = if hidden.is_empty() { "" } else { "ellipsis" };
    format!(
        "<a href=\"{}\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\"><span class=\"invisible\">{}</span><span class=\"{class}\">{}</span><span class=\"invisible\">{}</span></a>",
        escaped(url),
        escaped(prefix),
        escaped(shown),
        escaped(hidden)
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_count_23_and_remote_mentions_their_name() {
        assert_eq!(length("", &format!("see https://example.com/{}", "x".repeat(400))), 4 + 23);
        assert_eq!(length("", "http://a.co"), 23);
        assert_eq!(length("", "@alice@a-very-long-instance.example hi"), 6 + 3);
        assert_eq!(length("cw", "@alice hi 👨‍👩‍👧‍👦"), 2 + 10 + 1);
        assert_eq!(length("", "http://localhost/x"), 18);
    }

    #[test]
    fn links_end_before_punctuation() {
        let found = entities("(see https://example.com/a_(b)). #tag, me@example.com @bob/x https://ex.am!");
        let kinds: Vec<_> = found.into_iter().map(|(_, entity)| entity).collect();
        assert_eq!(
            kinds,
            [
                Entity::Url("https://example.com/a_(b)"),
                Entity::Hashtag("tag"),
                Entity::Mention { user: "bob", host: None },
                Entity::Url("https://ex.am"),
            ]
        );
    }

    #[test]
    fn html_is_escaped_and_in_paragraphs() {
        let html = html("a <b> & #Tag\nc\n\n@bob https://www.example.com/01234567890123456789", "http://o", |name| {
            name == "bob"
        });
        assert_eq!(
            html,
            concat!(
                "<p>a &lt;b&gt; &amp; <a href=\"http://o/tags/tag\" class=\"mention hashtag\" rel=\"tag\">#<span>Tag</span></a><br />c</p>",
                "<p><span class=\"h-card\" translate=\"no\"><a href=\"http://o/@bob\" class=\"u-url mention\">@<span>bob</span></a></span> ",
                "<a href=\"https://www.example.com/01234567890123456789\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\">",
                "<span class=\"invisible\">https://www.</span><span class=\"ellipsis\">example.com/012345678901234567</span><span class=\"invisible\">89</span></a></p>",
            )
        );
    }
}
