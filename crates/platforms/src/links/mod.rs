//! Links in a text, found as X finds them; Mastodon counts by the same rules (both descend from Twitter's).
//!
//! The rules: a link is `http(s)://` or, where a bare domain is enough, a run of ASCII labels; its domain ends in a
//! known top-level domain; it does not follow a letter, a digit or one of `@ $ #`; a path ends in a character that is
//! no closing punctuation. They were taken from the behaviour of twitter-text 3.1.0, not from its code.

mod domain;
mod tail;

use std::ops::Range;

use domain::NoDomain;
pub(crate) use domain::is_top_level_domain;

/// What counts as a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Only with `http(s)://` in front.
    Required,
    /// `example.com` too.
    Optional,
}

/// Byte ranges of the links in `text`, in order, never overlapping.
pub(crate) fn find(text: &str, scheme: Scheme) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut search = Search { text, scheme, looked: 0 };
    let mut before = None;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let next = at + letter.len_utf8();
        // The first character of all is rather what stands before a link than a part of it: `éb.com` links `b.com`.
        let second = if at == 0 { Search { text, scheme, looked: 0 }.read(Some(letter), next) } else { None };
        if let Some(read) = second.or_else(|| search.read(before, at)) {
            found.extend(read.links);
            at = read.end;
            // Something has to stand between two links.
            before = Some('0');
            continue;
        }
        before = Some(letter);
        at = next;
    }
    found
}

struct Search<'a> {
    text: &'a str,
    scheme: Scheme,
    /// No bare domain begins before.
    looked: usize,
}

/// What was read from one place on. The search goes on behind `end`, which may be behind the last link: a query is read
/// with a bare domain, but not part of its link.
struct Read {
    links: Vec<Range<usize>>,
    end: usize,
}

impl Search<'_> {
    /// Reads what begins at `at`, behind the character `before`.
    fn read(&mut self, before: Option<char>, at: usize) -> Option<Read> {
        if !may_precede(before) {
            return None;
        }
        if let Some(read) = with_scheme(self.text, at) {
            return Some(read);
        }
        if self.scheme == Scheme::Required || at < self.looked {
            return None;
        }
        match bare(self.text, at) {
            // Within a longer word it is no link, but read it is.
            Ok(read) if matches!(before, Some('-' | '_' | '.' | '/')) => Some(Read { links: Vec::new(), ..read }),
            Ok(read) => Some(read),
            Err(none) => {
                self.looked = at + none.until;
                None
            }
        }
    }
}

fn may_precede(before: Option<char>) -> bool {
    before.is_none_or(|letter| !letter.is_ascii_alphanumeric() && !"@＠$#＃\u{FFFE}\u{FEFF}\u{FFFF}".contains(letter))
}

fn with_scheme(text: &str, at: usize) -> Option<Read> {
    let rest = &text.as_bytes()[at..];
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes())))?;
    let host = at + scheme.len();
    let domain_end = host + domain::end(&text[host..]).ok()?;
    let end = domain_end + tail::length(&text[domain_end..]);
    let is_short = text[host..domain_end].eq_ignore_ascii_case("t.co");
    let short = tail::short_link(&text[domain_end..]).filter(|_| is_short);
    let link = at..short.map_or(end, |length| domain_end + length);
    Some(Read { links: vec![link], end })
}

fn bare(text: &str, at: usize) -> Result<Read, NoDomain> {
    let domain_end = at + domain::end(&text[at..])?;
    let end = domain_end + tail::length(&text[domain_end..]);
    let mut links: Vec<Range<usize>> =
        domain::ascii(&text[at..domain_end]).map(|link| at + link.start..at + link.end).collect();
    if let Some(last) = links.last_mut()
        && tail::has_path(&text[domain_end..])
    {
        last.end = end;
    }
    Ok(Read { links, end })
}

#[cfg(test)]
mod tests;
