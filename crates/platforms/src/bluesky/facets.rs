//! What in a text becomes a link, a mention or a tag. Without a facet it stays plain text.

use std::{ops::Range, sync::LazyLock};

use linkify::{LinkFinder, LinkKind};
use regex::Regex;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use super::spec::TEXT_MAX_BYTES;
use crate::links::is_top_level_domain;

/// Longest tag, without its sign.
const TAG_MAX_GRAPHEMES: usize = 64;
const TAG_MAX_BYTES: usize = 640;

/// A piece of the text that means more than its letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Bytes of the UTF-8 text, the end excluded.
    pub range: Range<usize>,
    /// What it means.
    pub feature: Feature,
}

/// What a facet means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feature {
    /// Leads to this URI.
    Link(String),
    /// Names this handle, in lower case and without `@`; a facet only once a DID is known for it.
    Mention(String),
    /// A tag, without its sign.
    Tag(String),
}

impl Facet {
    /// As the record has it. `did` is needed for a mention.
    pub(super) fn to_json(&self, did: Option<&str>) -> Option<Value> {
        let feature = match &self.feature {
            Feature::Link(uri) => json!({"$type": "app.bsky.richtext.facet#link", "uri": uri}),
            Feature::Tag(tag) => json!({"$type": "app.bsky.richtext.facet#tag", "tag": tag}),
            Feature::Mention(_) => json!({"$type": "app.bsky.richtext.facet#mention", "did": did?}),
        };
        Some(json!({"index": {"byteStart": self.range.start, "byteEnd": self.range.end}, "features": [feature]}))
    }
}

/// Every facet of `text`, in order and never overlapping. A text longer than the network takes has none: finding links
/// takes time that grows faster than the text.
pub fn facets(text: &str) -> Vec<Facet> {
    if text.len() > TEXT_MAX_BYTES {
        return Vec::new();
    }
    let mut found: Vec<Facet> = mentions(text).chain(tags(text)).chain(links(text)).collect();
    found.sort_by_key(|facet| facet.range.start);
    // What begins first counts: `@bob.example` and `#example.com` are not links, although they hold one.
    let mut end = 0;
    found.retain(|facet| {
        let is_free = facet.range.start >= end;
        if is_free {
            end = facet.range.end;
        }
        is_free
    });
    found
}

/// Whether `text`, in lower case, has the form of a handle (atproto.com/specs/handle).
pub(super) fn is_handle(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(label)
        && last.starts_with(|letter: char| letter.is_ascii_lowercase())
}

fn links(text: &str) -> impl Iterator<Item = Facet> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);
    let links: Vec<Facet> = finder
        .links(text)
        .filter_map(|link| {
            let uri = uri(link.as_str())?;
            Some(Facet { range: link.start()..link.end(), feature: Feature::Link(uri) })
        })
        .collect();
    links.into_iter()
}

/// The URI a piece of text stands for; `None` for a scheme other than the web's or a domain that cannot be one.
fn uri(link: &str) -> Option<String> {
    let written = match link.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => {
            link.to_owned()
        }
        Some(_) => return None,
        None => {
            let domain = link.split(['/', '?', '#', ':']).next().unwrap_or_default();
            is_top_level_domain(domain.rsplit('.').next().unwrap_or_default()).then(|| format!("https://{link}"))?
        }
    };
    let url = Url::parse(&written).ok().filter(|url| url.has_host() && url.username().is_empty())?;
    // The record wants a URI; what is written in other letters has its encoded form.
    Some(if written.is_ascii() { written } else { url.into() })
}

fn mentions(text: &str) -> impl Iterator<Item = Facet> {
    #[expect(clippy::unwrap_used, reason = "the pattern is a constant that every test of this module compiles")]
    static MENTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:^|[\s(])(@[A-Za-z0-9.-]+)").unwrap());
    MENTION.captures_iter(text).filter_map(|captures| {
        let written = captures.get(1)?;
        let name = written.as_str().trim_end_matches(['.', '-']);
        let handle = name.trim_start_matches('@').to_ascii_lowercase();
        let range = written.start()..written.start() + name.len();
        is_handle(&handle).then_some(Facet { range, feature: Feature::Mention(handle) })
    })
}

fn tags(text: &str) -> impl Iterator<Item = Facet> {
    #[expect(clippy::unwrap_used, reason = "the patterns are constants that every test of this module compiles")]
    static PATTERNS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            // The characters that break a tag besides white space are invisible ones.
            Regex::new(r"(?:^|\s)([#＃][^\s\u{AD}\u{2060}\u{200A}-\u{200D}\u{20E2}]+)").unwrap(),
            Regex::new(r"\p{P}+$").unwrap(),
            Regex::new(r"[^\d\p{P}]").unwrap(),
        ]
    });
    let [tag, closing, letter] = &*PATTERNS;
    tag.captures_iter(text).filter_map(|captures| {
        let written = captures.get(1)?;
        let sign = written.as_str().chars().next()?.len_utf8();
        let name = closing.replace(&written.as_str()[sign..], "");
        let fits = name.graphemes(true).count() <= TAG_MAX_GRAPHEMES && name.len() <= TAG_MAX_BYTES;
        // U+FE0F makes the sign part of a keycap emoji.
        let is_tag = fits && letter.is_match(&name) && !name.starts_with('\u{FE0F}');
        let range = written.start()..written.start() + sign + name.len();
        is_tag.then(|| Facet { range, feature: Feature::Tag(name.into_owned()) })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(text: &str) -> Vec<(String, String)> {
        facets(text)
            .into_iter()
            .map(|facet| {
                let meaning = match facet.feature {
                    Feature::Link(uri) => uri,
                    Feature::Mention(handle) => format!("@{handle}"),
                    Feature::Tag(tag) => format!("#{tag}"),
                };
                (text[facet.range].to_owned(), meaning)
            })
            .collect()
    }

    #[test]
    fn what_means_more_is_found() {
        for (text, expected) in [
            (
                "Hello https://ex.am #tag @bob.test",
                &[("https://ex.am", "https://ex.am"), ("#tag", "#tag"), ("@bob.test", "@bob.test")][..],
            ),
            ("example.com/a?b=c.", &[("example.com/a?b=c", "https://example.com/a?b=c")]),
            ("(see example.com)", &[("example.com", "https://example.com")]),
            (
                "https://en.wikipedia.org/wiki/A_(b).",
                &[("https://en.wikipedia.org/wiki/A_(b)", "https://en.wikipedia.org/wiki/A_(b)")],
            ),
            ("👋 https://a.example/ü", &[("https://a.example/ü", "https://a.example/%C3%BC")]),
            ("(@Bob.Example).", &[("@Bob.Example", "@bob.example")]),
            ("@bob.example.", &[("@bob.example", "@bob.example")]),
            ("#a #b, #c!", &[("#a", "#a"), ("#b", "#b"), ("#c", "#c")]),
            ("＃日本語 text", &[("＃日本語", "#日本語")]),
            ("#1st #été", &[("#1st", "#1st"), ("#été", "#été")]),
            ("http://localhost:8080/x", &[("http://localhost:8080/x", "http://localhost:8080/x")]),
            ("#example.com", &[("#example.com", "#example.com")]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            assert_eq!(seen(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_stays_text() {
        for text in [
            "foo@example.com",
            "@bob",
            "a@bob.example",
            "node.js and main.rust",
            "#1 #! #... # #️⃣",
            "a#b",
            "ftp://example.com",
            "mailto:a@example.com",
            "https://user:pw@example.com/",
            "1.2.3",
            "@-bob.example",
            "@bob.1",
        ] {
            assert_eq!(seen(text), [], "{text}");
        }
    }

    #[test]
    fn a_tag_longer_than_the_network_takes_stays_text() {
        assert_eq!(seen(&format!("#{}", "a".repeat(64))).len(), 1);
        assert_eq!(seen(&format!("#{}", "a".repeat(65))).len(), 0);
    }

    proptest! {
        #[test]
        fn any_text_gives_ordered_ranges_on_boundaries(
            text in proptest::string::string_regex("(\\PC|https://|\\.com|@bob\\.ex|#|＃|@|\\.|/|\\(|\\)| |👨‍👩‍👧|\\u{FE0F}|é|\\n){0,60}").expect("a valid pattern"),
        ) {
            let mut last = 0;
            for facet in facets(&text) {
                prop_assert!(facet.range.start >= last && facet.range.start < facet.range.end);
                prop_assert!(text.get(facet.range.clone()).is_some());
                last = facet.range.end;
            }
        }
    }
}
