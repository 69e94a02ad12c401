//! Mastodon's count of characters, and its HTML made text again.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use crate::links::{self, Scheme};

/// `@user@server`, of which the server does not count.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that every test of this module compiles")]
static REMOTE_MENTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(^|[^/\w])@([A-Za-z0-9_]+(?:[A-Za-z0-9_.-]+[A-Za-z0-9_]+)?)@[\w.-]+\w").unwrap());

/// Length of a status as Mastodon counts it: grapheme clusters of warning and text, links at a fixed length, mentions
/// without their server.
pub fn status_length(spoiler_text: &str, text: &str, url_length: u32) -> usize {
    let mut length = spoiler_text.graphemes(true).count();
    let mut rest = String::with_capacity(text.len());
    let mut at = 0;
    for link in links::find(text, Scheme::Required) {
        rest.push_str(&text[at..link.start]);
        // Stands for the link while mentions are looked for and clusters counted: no letter joins it.
        rest.push('\n');
        length += url_length.saturating_sub(1) as usize;
        at = link.end;
    }
    rest.push_str(&text[at..]);
    length + without_servers(&rest).graphemes(true).count()
}

fn without_servers(text: &str) -> Cow<'_, str> {
    REMOTE_MENTION.replace_all(text, "$1@$2")
}

/// A text as it can be compared: mentions without their server, white space as one blank.
pub(super) fn canonical(text: &str) -> String {
    let text = without_servers(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a status's HTML. Not for showing: tags are dropped, not understood.
pub(super) fn from_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('<') {
            let Some(end) = rest.find('>') else { break };
            let name = rest[1..end].trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
            if matches!(name.to_ascii_lowercase().as_str(), "br" | "p" | "div" | "li" | "blockquote") {
                text.push('\n');
            }
            rest = &rest[end + 1..];
        } else {
            let (letter, length) = entity(rest);
            text.push(letter);
            rest = &rest[length..];
        }
    }
    text.push_str(rest);
    text
}

/// The character that an entity at the beginning of `text` stands for, and the entity's length.
fn entity(text: &str) -> (char, usize) {
    let named = text.find(';').filter(|end| *end <= 10).and_then(|end| {
        let name = &text[1..end];
        let letter = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => '\u{A0}',
            _ => {
                let digits = name.strip_prefix('#')?;
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => digits.parse(),
                };
                char::from_u32(code.ok()?)?
            }
        };
        Some((letter, end + 1))
    });
    named.unwrap_or(('&', 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn length_is_counted_as_mastodon_counts_it() {
        for (spoiler, text, expected) in [
            ("", "", 0),
            ("", "hello", 5),
            ("cw", "hello", 7),
            ("", "https://example.com/a/very/long/path?with=query", 23),
            ("", "see https://example.com/x.", 28),
            ("", "example.com", 11),
            ("", "http://localhost/x", 18),
            ("", "@alice@remote.example hi", 9),
            ("", "a@b.example", 11),
            ("", "👨‍👩‍👧‍👦e\u{301}", 2),
            ("", "https://example.com/ https://example.org/\u{301}", 47),
        ] {
            assert_eq!(status_length(spoiler, text, 23), expected, "{text}");
        }
    }

    #[test]
    fn html_is_compared_as_text() {
        let html = r#"<p>Hi <span class="h-card"><a href="https://b.example/@bob" class="u-url mention">@<span>bob</span></a></span> &amp; all<br />2 &lt; 3 &#39;x&#x27; <a href="https://e.example/long"><span class="invisible">https://</span><span>e.example/long</span></a></p><p>#<span>tag</span></p>"#;
        let source = "Hi @bob@b.example & all\n2 < 3 'x' https://e.example/long\n\n#tag";
        assert_eq!(canonical(&from_html(html)), canonical(source));
    }

    proptest! {
        #[test]
        fn any_html_is_read_without_panic(html in "(\\PC|<|>|&|&amp;|&#|;|<p>|é){0,60}") {
            canonical(&from_html(&html));
        }

        #[test]
        fn any_text_is_counted_without_panic(text in "(\\PC|@|https://|\\.com|\\n){0,60}") {
            status_length("", &text, 23);
            status_length(&text, "", 0);
        }
    }
}
