//! Links: with `http(s)://`, or a bare domain that ends in a top-level domain.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::tlds::is_tld;

// A constant that a test compiles, so compiling it cannot fail.
static CANDIDATE: LazyLock<Regex> = LazyLock::new(|| {
    let label = r"[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?";
    let bare = r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?";
    Regex::new(&format!(r"(?i)https?://({label}(?:\.{label})+)|({bare}(?:\.{bare})+)")).expect("a constant pattern")
});

/// The byte ranges of all links, in order.
pub(in super::super) fn urls(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(candidate) = CANDIDATE.captures_at(text, from) {
        let Some(whole) = candidate.get(0) else { break };
        let with_scheme = candidate.get(1);
        from = whole.end();
        let Some(host) = with_scheme.or(candidate.get(2)) else { continue };
        if !may_follow(text, whole.start(), with_scheme.is_none()) {
            continue;
        }
        let Some(host_end) = host_end(text, host.range()) else { continue };
        let whole_host = host_end == host.end();
        let end = if whole_host { tail(text, host_end) } else { host_end };
        found.push(whole.start()..end);
        from = end.max(from);
    }
    found
}

/// Whether a link may begin after what stands before it.
fn may_follow(text: &str, start: usize, bare: bool) -> bool {
    let before = text.get(..start).and_then(|before| before.chars().next_back());
    before.is_none_or(|before| {
        let barred = before.is_ascii_alphanumeric() || "@＠$#＃\u{FFFE}\u{FEFF}\u{FFFF}".contains(before);
        let glued = bare && "-_./".contains(before);
        !barred && !glued
    })
}

/// Where the host ends: after the last label that is a top-level domain with a label before it.
fn host_end(text: &str, host: Range<usize>) -> Option<usize> {
    let name = text.get(host.clone())?;
    let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
    let ends: Vec<usize> = ends.collect();
    for pair in (1..ends.len()).rev() {
        let (start, end) = (ends[pair - 1] + 1, ends[pair]);
        let after = text.get(host.start + end..).and_then(|rest| rest.chars().next());
        let bounded = after.is_none_or(|after| !after.is_ascii_alphanumeric() && !"@+-".contains(after));
        if bounded && name.get(start..end).is_some_and(is_tld) {
            return Some(host.start + end);
        }
    }
    None
}

/// Port, path and query after a host.
fn tail(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let digits = rest.strip_prefix(':').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let port = if digits > 0 { digits + 1 } else { 0 };
    let rest = rest.get(port..).unwrap_or_default();
    let path = if rest.starts_with('/') { run(rest, is_path, ends_path) } else { 0 };
    let rest = rest.get(path..).unwrap_or_default();
    let query = if rest.starts_with('?') { run(rest, is_query, ends_query) } else { 0 };
    from + port + path + if query > 1 { query } else { 0 }
}

/// The length of the leading letters that are `inside`, cut back to one that `ends`, or to a bracket it opened.
fn run(text: &str, inside: fn(char) -> bool, ends: fn(char) -> bool) -> usize {
    let mut length = text.find(|letter| !inside(letter)).unwrap_or(text.len());
    while let Some(last) = text.get(..length).and_then(|run| run.chars().next_back()) {
        let run = text.get(..length).unwrap_or_default();
        let closes = last == ')' && run.matches(')').count() <= run.matches('(').count();
        if closes || ends(last) {
            break;
        }
        length -= last.len_utf8();
    }
    length
}

fn is_path(letter: char) -> bool {
    letter.is_alphanumeric() || "!*';:=+,.$/%#[]-–_~@|&()".contains(letter)
}

fn ends_path(letter: char) -> bool {
    letter.is_alphanumeric() || "=_#/+-".contains(letter)
}

fn is_query(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!?*'();:&=+$/%#[]-_.,~|@".contains(letter)
}

fn ends_query(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_&=#/-?".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        urls(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn finds_links_and_their_ends() {
        assert_eq!(found("see https://example.com/a?b=1&c=2."), ["https://example.com/a?b=1&c=2"]);
        assert_eq!(found("(https://example.com/a_(b))"), ["https://example.com/a_(b)"]);
        assert_eq!(found("example.com, and www.example.co.uk!"), ["example.com", "www.example.co.uk"]);
        assert_eq!(found("https://example.com:8080/x"), ["https://example.com:8080/x"]);
        assert_eq!(found("Done.Next.example.com.Hello"), ["Done.Next.example.com"]);
        assert_eq!(found("HTTPS://EXAMPLE.COM"), ["HTTPS://EXAMPLE.COM"]);
        assert_eq!(found("日本語example.com"), ["example.com"]);
    }

    #[test]
    fn leaves_the_rest_alone() {
        for text in [
            "foo@example.com",
            "http://localhost/x",
            "a.b",
            "file.unknowntld",
            "1.5",
            "e.g.",
            "#example.com",
            "..example.com",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
