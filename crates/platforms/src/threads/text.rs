//! Threads' count of characters (fact sheet part 1, 4.9).

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

/// What makes a grapheme cluster an emoji: a character that is one by itself, a variation selector that makes it one, half
/// a flag, or a keycap.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that every test of this module compiles")]
static EMOJI: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{Emoji_Presentation}\p{Regional_Indicator}\u{FE0F}\u{20E3}]").unwrap());

/// Length of `text` as Threads counts it: code points, and for an emoji its bytes in UTF-8. Links count in full.
pub fn post_length(text: &str) -> usize {
    let length = |cluster: &str| {
        let is_plain = cluster.is_ascii() || !EMOJI.is_match(cluster);
        if is_plain { cluster.chars().count() } else { cluster.len() }
    };
    text.graphemes(true).map(length).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_emoji_counts_as_its_bytes() {
        for (text, expected) in [
            ("", 0),
            ("Hello, world!", 13),
            ("Hello 👋", 10),
            ("👨‍👩‍👧‍👦", 25),
            ("🇩🇪", 8),
            ("👍🏽", 8),
            ("1️⃣", 7),
            ("❤️", 6),
            ("é e\u{301} 日本語 привет", 15),
            ("© ™ → … ☺ 1#*", 13),
            ("https://a.example/very/long/path?x=1", 36),
        ] {
            assert_eq!(post_length(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_never_shorter_than_its_characters_nor_longer_than_its_bytes(text in "\\PC{0,80}") {
            let length = post_length(&text);
            prop_assert!((text.chars().count()..=text.len()).contains(&length));
        }

        #[test]
        fn plain_letters_count_one_each(text in "[a-zA-Zé日 ,!]{0,400}") {
            prop_assert_eq!(post_length(&text), text.chars().count());
        }
    }
}
