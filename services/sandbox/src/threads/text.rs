//! Threads' count of a text: emoji by their UTF-8 bytes, everything else by its code points (section 4.9).

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use crate::graph::Problem;

pub(super) const LONGEST: usize = 500;
const MOST_LINKS: usize = 5;

/// What is drawn as an emoji: by itself, by a variation selector, or as a keycap.
static EMOJI: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{Emoji_Presentation}\x{FE0F}\x{20E3}]").expect("a fixed pattern"));
static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"https?://[^\s]+").expect("a fixed pattern"));

pub(super) fn length(text: &str) -> usize {
    let weigh = |cluster: &str| if EMOJI.is_match(cluster) { cluster.len() } else { cluster.chars().count() };
    text.graphemes(true).map(weigh).sum()
}

pub(super) fn check(text: &str) -> Result<(), Problem> {
    if length(text) > LONGEST {
        return Err(Problem::invalid(format!("Param text must be at most {LONGEST} characters long")));
    }
    if LINK.find_iter(text).count() > MOST_LINKS {
        return Err(Problem::invalid(format!("Param text must not have more than {MOST_LINKS} links")));
    }
    Ok(())
}

/// The first address in a text, which becomes its preview.
pub(super) fn first_link(text: &str) -> Option<&str> {
    LINK.find(text).map(|found| found.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_weigh_their_bytes() {
        for (text, expected) in [
            ("abc", 3),
            ("äö", 2),
            ("\u{1F600}", 4),
            ("e\u{301}", 2),
            ("\u{1F1E9}\u{1F1EA}", 8),
            ("☺", 1),
            ("☺\u{FE0F}", 6),
            ("1", 1),
            ("1\u{FE0F}\u{20E3}", 7),
        ] {
            assert_eq!(length(text), expected, "{text}");
        }
        assert!(check(&"\u{1F600}".repeat(125)).is_ok() && check(&"\u{1F600}".repeat(126)).is_err());
        assert!(check(&"x".repeat(500)).is_ok() && check(&"x".repeat(501)).is_err());
    }

    #[test]
    fn links_are_few() {
        let links = |count: usize| "https://example.com/a ".repeat(count);
        assert!(check(&links(5)).is_ok() && check(&links(6)).is_err());
        assert_eq!(first_link("see https://a.example and"), Some("https://a.example"));
    }
}
