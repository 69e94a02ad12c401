//! Mentions, hashtags and cashtags.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::urls::urls;

// Constants that tests compile, so compiling them cannot fail.
static MENTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^A-Za-z0-9_!#$%&*@＠/])([@＠]([A-Za-z0-9_]{1,20}))").expect("a constant pattern")
});
static HASHTAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^\p{L}\p{M}\p{N}_&/])([#＃]([\p{L}\p{M}\p{N}_]*[\p{L}\p{M}][\p{L}\p{M}\p{N}_]*))")
        .expect("a constant pattern")
});
static CASHTAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[\s\p{Z}])(\$([a-z]{1,6}(?:[._][a-z]{1,2})?))(?:$|[\s[:punct:]])")
        .expect("a constant pattern")
});

/// Matches of the second group, placed by the first, outside of links.
fn all<'a>(pattern: &Regex, text: &'a str) -> Vec<(Range<usize>, &'a str)> {
    let links = urls(text);
    let (mut found, mut from) = (Vec::new(), 0);
    // One at a time: the character before a match may be the one after the last.
    while let Some(captures) = pattern.captures_at(text, from) {
        let (Some(whole), Some(word)) = (captures.get(1), captures.get(2)) else { break };
        if !links.iter().any(|link| link.contains(&whole.start())) {
            found.push((whole.range(), word.as_str()));
        }
        from = whole.end();
    }
    found
}

/// `@name`, with the name.
pub(in super::super) fn mentions(text: &str) -> Vec<(Range<usize>, &str)> {
    all(&MENTION, text)
}

/// `#tag`, with the tag.
pub(in super::super) fn hashtags(text: &str) -> Vec<(Range<usize>, &str)> {
    all(&HASHTAG, text)
}

/// `$TAG`, with the tag.
pub(in super::super) fn cashtag_ranges(text: &str) -> Vec<(Range<usize>, &str)> {
    all(&CASHTAG, text)
}

/// How many cashtags there are.
pub(in super::super) fn cashtags(text: &str) -> usize {
    cashtag_ranges(text).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(found: Vec<(Range<usize>, &str)>) -> Vec<&str> {
        found.into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn finds_each_kind() {
        assert_eq!(words(mentions("@alice and (@bob), not me@example.com")), ["alice", "bob"]);
        assert_eq!(words(hashtags("#one #2 #drei3 a#four &#39; https://example.com/#five")), ["one", "drei3"]);
        assert_eq!(words(cashtag_ranges("$A $BRK.B, $5 $toolong99 x$C")), ["A", "BRK.B"]);
        assert_eq!(cashtags("no tags, just $5"), 0);
    }
}
