//! Weighted length: a character counts 2 unless it is in a light range, an emoji sequence 2, a link 23.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use super::urls::urls;

const LINK: usize = 23;
const EMOJI: usize = 2;

/// A whole emoji: a flag, a keycap, or pictographs with their modifiers joined by ZWJ.
// A constant that a test compiles, so compiling it cannot fail.
static EMOJI_SEQUENCE: LazyLock<Regex> = LazyLock::new(|| {
    let element = r"\p{Extended_Pictographic}(?:\x{FE0F}|\p{Emoji_Modifier})?[\x{E0020}-\x{E007F}]*";
    Regex::new(&format!(
        r"\p{{Regional_Indicator}}{{2}}|[0-9#*]\x{{FE0F}}?\x{{20E3}}|{element}(?:\x{{200D}}{element})*"
    ))
    .expect("a constant pattern")
});

fn is_light(letter: char) -> bool {
    matches!(u32::from(letter), 0..=0x10FF | 0x2000..=0x200D | 0x2010..=0x201F | 0x2032..=0x2037)
}

/// Characters that no post may have.
pub(in super::super) fn has_invalid(text: &str) -> bool {
    text.contains(['\u{FFFE}', '\u{FEFF}', '\u{FFFF}'])
}

/// What a text counts against the limit.
pub(in super::super) fn weighted_length(text: &str) -> usize {
    let text: String = text.nfc().collect();
    let (mut total, mut done) = (0, 0);
    for link in urls(&text) {
        total += plain(text.get(done..link.start).unwrap_or_default()) + LINK;
        done = link.end;
    }
    total + plain(text.get(done..).unwrap_or_default())
}

fn plain(text: &str) -> usize {
    let letters = |text: &str| text.chars().map(|letter| if is_light(letter) { 1 } else { 2 }).sum::<usize>();
    let (mut total, mut done) = (0, 0);
    for emoji in EMOJI_SEQUENCE.find_iter(text) {
        // The copyright and trade mark signs are emoji only with a variation selector.
        let sign = emoji.as_str().chars().count() == 1 && emoji.as_str().chars().all(is_light);
        if !sign {
            total += letters(text.get(done..emoji.start()).unwrap_or_default()) + EMOJI;
            done = emoji.end();
        }
    }
    total + letters(text.get(done..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_reference_vectors() {
        let vectors: [(&str, usize); 19] = [
            ("Hello, world! 👋", 16),
            ("cafe\u{301}", 4),
            ("日本語", 6),
            ("https://example.com/very/long/path?x=1 hi", 26),
            ("example.com ok", 26),
            ("foo@example.com", 15),
            ("→", 2),
            ("👨‍👩‍👧‍👦", 2),
            ("🇩🇪", 2),
            ("http://localhost/x", 18),
            ("…", 2),
            ("привет", 6),
            ("سلام", 4),
            ("नम", 2),
            ("👍🏽", 2),
            ("1\u{FE0F}\u{20E3}", 2),
            ("©", 1),
            ("123 # *", 7),
            ("", 0),
        ];
        for (text, expected) in vectors {
            assert_eq!(weighted_length(text), expected, "{text}");
        }
        assert_eq!(weighted_length(&"語".repeat(140)), 280);
        assert_eq!(weighted_length(&"x".repeat(281)), 281);
        assert!(has_invalid("a\u{FFFE}"));
    }
}
