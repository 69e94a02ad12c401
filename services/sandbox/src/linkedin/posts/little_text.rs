//! "Little text", in which `commentary` is written (section 5.9): fifteen characters are reserved and need a backslash.
//! One that stands for itself without it ends the text there, and the post is accepted all the same.

use super::super::state::State;

const RESERVED: &str = "\\|{}@[]()<>#*_~";

/// What readers see of a commentary. `Err` names what is wrong with a mention, the one thing that is refused.
pub(in super::super) fn visible(commentary: &str, state: &State) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = commentary;
    while let Some(letter) = rest.chars().next() {
        if let Some((word, after)) = hashtag_template(rest).or_else(|| escaped(rest)).or_else(|| hashtag(rest)) {
            text.push_str(&word);
            rest = after;
        } else if let Some((name, urn, after)) = mention(rest) {
            if state.name(urn).is_none_or(|known| known != name) {
                return Err(format!("Mention of {urn} does not match its name"));
            }
            text.push_str(name);
            rest = after;
        } else if RESERVED.contains(letter) {
            break;
        } else {
            text.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    Ok(text)
}

/// All of a commentary with its backslashes taken away: what is counted, and what a marker is looked for in.
pub(in super::super) fn unescaped(commentary: &str) -> String {
    let mut text = String::new();
    let mut rest = commentary;
    while let Some(letter) = rest.chars().next() {
        match escaped(rest) {
            Some((word, after)) => {
                text.push_str(&word);
                rest = after;
            }
            None => {
                text.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    text
}

/// A backslash and a reserved character.
fn escaped(text: &str) -> Option<(String, &str)> {
    let after = text.strip_prefix('\\')?;
    let letter = after.chars().next().filter(|letter| RESERVED.contains(*letter))?;
    Some((letter.to_string(), &after[letter.len_utf8()..]))
}

/// `#` in front of a word.
fn hashtag(text: &str) -> Option<(String, &str)> {
    let after = text.strip_prefix('#')?;
    after.chars().next().filter(|letter| letter.is_alphanumeric())?;
    Some(("#".to_owned(), after))
}

/// `{hashtag|\#|word}`.
fn hashtag_template(text: &str) -> Option<(String, &str)> {
    let after = text.strip_prefix("{hashtag|\\#|")?;
    let (word, after) = after.split_once('}')?;
    Some((format!("#{}", unescaped(word)), after))
}

/// `@[Name](urn)`.
fn mention(text: &str) -> Option<(&str, &str, &str)> {
    let (name, after) = text.strip_prefix("@[")?.split_once("](")?;
    let (urn, after) = after.split_once(')')?;
    Some((name, urn, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkedin::fact::Fact;

    fn seen(commentary: &str) -> String {
        visible(commentary, &State::default()).expect("no mention")
    }

    #[test]
    fn what_is_escaped_is_shown() {
        assert_eq!(
            seen(r"Hello \(world\) \\ a\_b \#1 \@me \<b\> 5\*5 \~ \[x\] \{y\} \|"),
            r"Hello (world) \ a_b #1 @me <b> 5*5 ~ [x] {y} |"
        );
        assert_eq!(seen("plain: é 語 😀 \"quoted\" & more, really!"), "plain: é 語 😀 \"quoted\" & more, really!");
    }

    #[test]
    fn each_reserved_character_ends_the_text_when_it_stands_alone() {
        for letter in RESERVED.chars() {
            assert_eq!(seen(&format!("before {letter} after")), "before ", "{letter}");
            assert_eq!(seen(&format!("before \\{letter} after")), format!("before {letter} after"), "{letter}");
        }
        assert_eq!(seen(r"a\nb"), "a");
        assert_eq!(seen("at the end ("), "at the end ");
    }

    #[test]
    fn hashtags_stay() {
        assert_eq!(seen(r"so #nice {hashtag|\#|my\_tag} end"), "so #nice #my_tag end");
        assert_eq!(seen("a # b"), "a ");
        assert_eq!(seen("#two_words"), "#two");
    }

    #[test]
    fn a_mention_is_the_name_of_what_it_names() {
        let mut state = State::default();
        let at = jiff::Timestamp::UNIX_EPOCH;
        state.apply(Fact::OrganizationMade { id: 7, name: "Acme".to_owned(), at });
        assert_eq!(visible("Hi @[Acme](urn:li:organization:7)!", &state), Ok("Hi Acme!".to_owned()));
        assert!(visible("Hi @[Acne](urn:li:organization:7)!", &state).is_err());
        assert!(visible("Hi @[Acme](urn:li:organization:8)!", &state).is_err());
    }

    #[test]
    fn counting_and_markers_see_everything() {
        assert_eq!(unescaped(r"\[sandbox:error\_before\_accept:1\] (rest"), "[sandbox:error_before_accept:1] (rest");
    }
}
