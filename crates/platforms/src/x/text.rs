//! X's weighted characters (twitter-text, configuration version 3).

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use crate::links::{self, Scheme};

/// What any link counts, however long: X replaces it by a short one.
const LINK_WEIGHT: usize = 23;
/// What any emoji counts, however many characters it is made of.
const EMOJI_WEIGHT: usize = 2;

/// One emoji, by the sequences of UTS #51. Symbols that are text unless a variation selector follows (digits, ©, ®)
/// are emoji only with it.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that every test of this module compiles")]
static EMOJI: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        [0-9\#*] \u{FE0F}? \u{20E3}
        | [©®] \u{FE0F}
        | \p{RI} \p{RI}
        | [\p{Emoji}--[\x00-\u{FF}]] (?: \p{EMod} | \u{FE0F} \u{20E3}? | [\u{E0020}-\u{E007E}]+ \u{E007F} )?
          (?: \u{200D} [\p{Emoji}--[\x00-\u{FF}]] (?: \p{EMod} | \u{FE0F} \u{20E3}? )? )*",
    )
    .unwrap()
});

/// Length of `text` as X counts it: in NFC, links 23, emoji 2, letters of most alphabets 1, everything else 2.
pub fn weighted_length(text: &str) -> usize {
    let text: String = text.nfc().collect();
    let mut length = 0;
    let mut at = 0;
    for link in links::find(&text, Scheme::Optional) {
        length += without_links(&text[at..link.start]) + LINK_WEIGHT;
        at = link.end;
    }
    length + without_links(&text[at..])
}

fn without_links(text: &str) -> usize {
    let mut length = 0;
    let mut at = 0;
    for emoji in EMOJI.find_iter(text) {
        length += text[at..emoji.start()].chars().map(weight).sum::<usize>() + EMOJI_WEIGHT;
        at = emoji.end();
    }
    length + text[at..].chars().map(weight).sum::<usize>()
}

fn weight(letter: char) -> usize {
    match letter {
        '\u{0000}'..='\u{10FF}' | '\u{2000}'..='\u{200D}' | '\u{2010}'..='\u{201F}' | '\u{2032}'..='\u{2037}' => 1,
        _ => 2,
    }
}

/// A character that X refuses in any text.
pub(super) fn invalid_character(text: &str) -> Option<char> {
    text.chars().find(|letter| matches!(letter, '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}'))
}

/// How many cashtags (`$TICKER`) the text has: a dollar sign at the beginning of a word and up to six letters.
pub(super) fn cashtags(text: &str) -> usize {
    let is_tag = |word: &&str| {
        let Some(name) = word.strip_prefix('$') else { return false };
        let letters = name.chars().take_while(char::is_ascii_alphabetic).count();
        (1..=6).contains(&letters) && !name[letters..].starts_with(char::is_alphanumeric)
    };
    text.split_whitespace().filter(is_tag).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The sheet's vectors, and more that twitter-text 3.1.0 was seen to give.
    #[test]
    fn length_is_counted_as_x_counts_it() {
        let cjk = "日".repeat(140);
        let long = "x".repeat(281);
        for (text, expected) in [
            ("Hello, world! 👋", 16),
            ("cafe\u{301}", 4),
            ("日本語", 6),
            ("https://example.com/very/long/path?x=1 hi", 26),
            ("example.com ok", 26),
            ("foo@example.com", 15),
            ("→", 2),
            ("привет سلام नमस", 15),
            ("👨‍👩‍👧‍👦", 2),
            ("🇩🇪", 2),
            (cjk.as_str(), 280),
            ("http://localhost/x", 18),
            (long.as_str(), 281),
            ("…", 2),
            ("—’", 2),
            ("©®", 2),
            ("©️", 2),
            ("™☺", 4),
            ("☺\u{fe0e}", 4),
            ("1️⃣#️⃣", 4),
            ("👍🏽", 2),
            ("🇩🇪🇫", 4),
            ("👨\u{200d}", 3),
            ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2),
            ("\u{202a}", 2),
            ("é.com example.com#frag", 52),
            ("", 0),
        ] {
            assert_eq!(weighted_length(text), expected, "{text}");
        }
    }

    #[test]
    fn a_sequence_newer_than_x_s_own_list_is_still_one_emoji() {
        assert_eq!(weighted_length("🧑🏽‍💻"), 2);
        assert_eq!(weighted_length("❤️‍🔥"), 2);
    }

    #[test]
    fn cashtags_begin_words() {
        for (text, expected) in [
            ("$AAPL", 1),
            ("$AAPL $MSFT", 2),
            ("$AAPL.B x", 1),
            ("$AAPL$MSFT", 1),
            ("$aapl,$msft", 1),
            ("100$ $A", 1),
            ("a$AAPL ($AAPL) -$A $TOOLONGX $123 $A1 $AAPLé 日$A $", 0),
        ] {
            assert_eq!(cashtags(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_counting_panic_and_nothing_weighs_nothing(text in "\\PC{0,80}") {
            let length = weighted_length(&text);
            prop_assert_eq!(length == 0, text.is_empty());
        }

        #[test]
        fn plain_letters_weigh_one_each(text in "[a-zA-Z ,!]{0,400}") {
            prop_assert_eq!(weighted_length(&text), text.len());
        }

        #[test]
        fn text_beside_a_link_weighs_what_it_weighs_alone(text in "[a-z日👋 ]{0,40}") {
            let with_link = format!("https://example.com/{} {text}", "a".repeat(50));
            prop_assert_eq!(weighted_length(&with_link), 24 + weighted_length(&text));
        }
    }
}
