//! LinkedIn's "little text": what a post's commentary is written in (fact sheet part 1, 5.9).
//!
//! Fifteen characters are reserved. One that is not escaped cuts the post short at its place, and LinkedIn answers success.
//! Comments are plain text.

use std::{ops::Range, sync::LazyLock};

use regex::{Captures, Regex};

use crate::links::{self, Scheme};

/// What has to stand behind a backslash.
const RESERVED: &str = "\\|{}@[]()<>#*_~";

/// A mention as callers write it, `@[Name](urn:li:organization:1)`, or a hashtag.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that every test of this module compiles")]
static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        @\[ (?<name> [^\[\]\r\n]{1,200} ) \]\( (?<urn> urn:li:(?:person|organization):[A-Za-z0-9_-]{1,64} ) \)
        | \# (?<tag> [\p{L}\p{M}\p{N}_]* \p{L} [\p{L}\p{M}\p{N}_]* )",
    )
    .unwrap()
});

/// The same as LinkedIn writes it back: an escaped character, a hashtag's template, a mention.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that every test of this module compiles")]
static LITTLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xs)
        \\ (?<escaped> . )
        | \{hashtag \| \\? [\#＃] \| (?<tag> (?: \\. | [^\\}] )* ) \}
        | @\[ (?<name> (?: \\. | [^\\\]] )* ) \]\( [^)]* \)",
    )
    .unwrap()
});

/// What a caller's text consists of.
enum Piece<'a> {
    Plain(&'a str),
    Hashtag(&'a str),
    Mention { name: &'a str, urn: &'a str },
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let links = links::find(text, Scheme::Required);
    let mut found = Vec::new();
    let mut at = 0;
    for markup in MARKUP.captures_iter(text) {
        let Some(whole) = markup.get(0) else { continue };
        let Some(piece) = piece(text, &markup, whole.start(), &links) else { continue };
        found.push(Piece::Plain(&text[at..whole.start()]));
        found.push(piece);
        at = whole.end();
    }
    found.push(Piece::Plain(&text[at..]));
    found
}

fn piece<'a>(text: &'a str, markup: &Captures<'a>, start: usize, links: &[Range<usize>]) -> Option<Piece<'a>> {
    if let (Some(name), Some(urn)) = (markup.name("name"), markup.name("urn")) {
        return Some(Piece::Mention { name: name.as_str(), urn: urn.as_str() });
    }
    let before = text[..start].chars().next_back();
    let in_word = before.is_some_and(|letter| letter.is_alphanumeric() || "_&/#".contains(letter));
    let in_link = links.iter().any(|link| link.contains(&start));
    let tag = markup.name("tag").filter(|_| !in_word && !in_link)?;
    Some(Piece::Hashtag(tag.as_str()))
}

fn escape(text: &str, into: &mut String) {
    for letter in text.chars() {
        if RESERVED.contains(letter) {
            into.push('\\');
        }
        into.push(letter);
    }
}

/// A text as a post's commentary: everything reserved escaped, hashtags and mentions kept.
pub fn commentary(text: &str) -> String {
    let mut little = String::with_capacity(text.len() + 16);
    for piece in pieces(text) {
        match piece {
            Piece::Plain(plain) => escape(plain, &mut little),
            Piece::Hashtag(tag) => {
                little.push_str("{hashtag|\\#|");
                escape(tag, &mut little);
                little.push('}');
            }
            Piece::Mention { name, urn } => {
                little.push_str("@[");
                escape(name, &mut little);
                little.push_str("](");
                little.push_str(urn);
                little.push(')');
            }
        }
    }
    little
}

/// How much people see of a text, in UTF-16 units: a mention is its name, and no backslash counts.
pub fn visible_length(text: &str) -> usize {
    let length = |piece: &Piece<'_>| match piece {
        Piece::Plain(plain) => utf16(plain),
        Piece::Hashtag(tag) => 1 + utf16(tag),
        Piece::Mention { name, .. } => utf16(name),
    };
    pieces(text).iter().map(length).sum()
}

pub(super) fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What people see of a commentary, ours or one that LinkedIn wrote back.
pub(super) fn visible(little: &str) -> String {
    LITTLE
        .replace_all(little, |found: &Captures<'_>| match (found.name("escaped"), found.name("tag")) {
            (Some(letter), _) => letter.as_str().to_owned(),
            (None, Some(tag)) => format!("#{}", visible(tag.as_str())),
            (None, None) => visible(found.name("name").map_or("", |name| name.as_str())),
        })
        .into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_reserved_character_is_escaped() {
        assert_eq!(commentary("Hello (world)"), "Hello \\(world\\)");
        for letter in RESERVED.chars() {
            assert_eq!(commentary(&format!("a{letter}b")), format!("a\\{letter}b"), "{letter}");
            assert_eq!(commentary(&letter.to_string()), format!("\\{letter}"), "{letter}");
        }
        assert_eq!(commentary("1 + 1 = 2; \"a\" & 'b' $ % ^ ! ? /"), "1 + 1 = 2; \"a\" & 'b' $ % ^ ! ? /");
    }

    #[test]
    fn hashtags_and_mentions_are_kept() {
        for (text, expected) in [
            ("#rust is #nice_to_have", "{hashtag|\\#|rust} is {hashtag|\\#|nice\\_to\\_have}"),
            ("(#día) #日本", "\\({hashtag|\\#|día}\\) {hashtag|\\#|日本}"),
            ("#1 #2024goals C# a#b ##x &#x", "\\#1 {hashtag|\\#|2024goals} C\\# a\\#b \\#\\#x &\\#x"),
            ("https://a.example/x_y/#part", "https://a.example/x\\_y/\\#part"),
            ("by @[Acme (EU)](urn:li:organization:12)!", "by @[Acme \\(EU\\)](urn:li:organization:12)!"),
            ("@alice @[x](javascript:1)", "\\@alice \\@\\[x\\]\\(javascript:1\\)"),
        ] {
            assert_eq!(commentary(text), expected, "{text}");
        }
    }

    #[test]
    fn what_people_see_is_counted() {
        for (text, expected) in [
            ("", 0),
            ("(a)", 3),
            ("#a_b", 4),
            ("by @[Acme](urn:li:organization:12)", 7),
            ("日本語", 3),
            ("e\u{301}", 2),
            ("👋", 2),
            ("https://a.example/x_y", 21),
        ] {
            assert_eq!(visible_length(text), expected, "{text}");
        }
    }

    #[test]
    fn a_commentary_is_read_back() {
        for (little, expected) in [
            ("Hello \\(world\\)", "Hello (world)"),
            ("{hashtag|\\#|a\\_b} {hashtag|#|c}", "#a_b #c"),
            ("@[Acme \\(EU\\)](urn:li:organization:12)", "Acme (EU)"),
            ("unescaped (left) as # is \\", "unescaped (left) as # is \\"),
            ("{hashtag|\\#|open", "{hashtag|#|open"),
        ] {
            assert_eq!(visible(little), expected, "{little}");
        }
    }

    /// Where LinkedIn would cut the text: at the first reserved character that belongs to nothing.
    fn cut_at(little: &str) -> Option<usize> {
        let mut rest = little;
        while let Some(letter) = rest.chars().next() {
            let whole = LITTLE.find(rest).filter(|found| found.start() == 0);
            let length = match whole {
                Some(found) => found.end(),
                None if RESERVED.contains(letter) => return Some(little.len() - rest.len()),
                None => letter.len_utf8(),
            };
            rest = &rest[length..];
        }
        None
    }

    proptest! {
        #[test]
        fn no_text_is_cut_short(text in "(\\PC|[\\\\|{}@\\[\\]()<>#*_~]|#a_b|@\\[N\\]\\(urn:li:organization:1\\)|\n){0,60}") {
            let little = commentary(&text);
            prop_assert_eq!(cut_at(&little), None, "{}", little);
            prop_assert_eq!(utf16(&visible(&little)), visible_length(&text));
        }

        #[test]
        fn what_is_not_markup_is_shown_as_written(text in "([^@]|\n){0,60}") {
            prop_assert_eq!(visible(&commentary(&text)), text);
        }

        #[test]
        fn no_answer_makes_reading_panic(little in "(\\PC|[\\\\|{}@\\[\\]()#]){0,60}") {
            visible(&little);
        }
    }
}
