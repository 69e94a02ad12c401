//! Other people's words, made fit to be stored and shown.

/// Longest message kept of a network's answer, in characters.
const MAX_MESSAGE: usize = 500;

/// Drops control characters (U+0000 cannot be stored) and cuts what is too long to be a message.
pub(crate) fn clean(said: &str) -> String {
    let mut kept = String::new();
    for (count, letter) in said.trim().chars().filter(|letter| !letter.is_control() || *letter == '\n').enumerate() {
        if count == MAX_MESSAGE {
            kept.push('…');
            break;
        }
        kept.push(letter);
    }
    kept
}

/// A name or a URL from a profile: `None` when it is empty, absurdly long or holds control characters.
pub(crate) fn profile(text: Option<String>) -> Option<String> {
    let text = text?;
    let text = text.trim();
    let fits = !text.is_empty() && text.len() <= 2_048 && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// As [`profile`], and only an `http(s)` URL: it ends up in other people's pages as a link or a picture.
pub(crate) fn link(text: Option<String>) -> Option<String> {
    let text = profile(text)?;
    let url = url::Url::parse(&text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(text)
}

/// Whether an id from a network may be stored and put into a URL's path or query.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether a content id may be stored and sent back: multibase letters, no more than a hash needs.
pub(crate) fn is_cid(text: &str) -> bool {
    (8..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_break_the_store() {
        assert_eq!(clean(" a\0b\u{1b}[31m\nc "), "ab[31m\nc");
        assert_eq!(clean(&"é".repeat(600)).chars().count(), MAX_MESSAGE + 1);
    }

    #[test]
    fn only_web_links_are_kept() {
        assert_eq!(link(Some("https://a.example/p.png".into())).as_deref(), Some("https://a.example/p.png"));
        for bad in ["javascript:alert(1)", "data:text/html,x", "", "nonsense", "https://a.example/\u{0}"] {
            assert_eq!(link(Some(bad.into())), None, "{bad:?}");
        }
    }
}
