//! LinkedIn's names of things: `urn:li:share:7141138937766391808`.

use crate::words;

/// Longest number in a name.
const MAX_DIGITS: usize = 20;

/// Whether it names a post: a share, a post with a video, or the activity that stands for either.
pub(super) fn is_post(urn: &str) -> bool {
    ["urn:li:share:", "urn:li:ugcPost:", "urn:li:activity:"]
        .into_iter()
        .any(|prefix| urn.strip_prefix(prefix).is_some_and(is_number))
}

/// Whether it names a comment: `urn:li:comment:(urn:li:activity:9,10)`, with or without the inner `urn:li:`.
pub(super) fn is_comment(urn: &str) -> bool {
    let inner = urn.strip_prefix("urn:li:comment:(").and_then(|rest| rest.strip_suffix(')'));
    let Some((below, id)) = inner.and_then(|inner| inner.split_once(',')) else { return false };
    let below = if below.starts_with("urn:li:") { below.to_owned() } else { format!("urn:li:{below}") };
    is_post(&below) && is_number(id)
}

/// Whether it names an uploaded image.
pub(super) fn is_image(urn: &str) -> bool {
    urn.strip_prefix("urn:li:image:").is_some_and(words::is_id)
}

/// The number of an organisation.
pub(super) fn organization_id(urn: &str) -> Option<&str> {
    urn.strip_prefix("urn:li:organization:").filter(|id| is_number(id))
}

/// Whether an organisation's number has the right form.
pub(super) fn is_number(text: &str) -> bool {
    (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// As it stands in a path: colons and parentheses encoded (fact sheet part 1, 5.1).
pub(super) fn encoded(urn: &str) -> String {
    url::form_urlencoded::byte_serialize(urn.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_their_form() {
        for urn in ["urn:li:share:7141138937766391808", "urn:li:ugcPost:1", "urn:li:activity:12345678901234567890"] {
            assert!(is_post(urn), "{urn}");
        }
        for urn in [
            "",
            "7141138937766391808",
            "urn:li:share:",
            "urn:li:share:1/../2",
            "urn:li:share:123456789012345678901",
            "urn:li:person:a",
            "urn:li:comment:(urn:li:activity:9,10)",
        ] {
            assert!(!is_post(urn), "{urn}");
        }
        for urn in ["urn:li:comment:(urn:li:activity:9,10)", "urn:li:comment:(activity:9,10)"] {
            assert!(is_comment(urn), "{urn}");
        }
        for urn in ["urn:li:comment:(urn:li:person:9,10)", "urn:li:comment:(urn:li:activity:9,x)", "urn:li:comment:9"] {
            assert!(!is_comment(urn), "{urn}");
        }
        assert!(is_image("urn:li:image:C5522AQGTYER3k3ByHQ") && !is_image("urn:li:image:a b"));
        assert_eq!(organization_id("urn:li:organization:123"), Some("123"));
        assert_eq!(organization_id("urn:li:organization:x"), None);
        assert_eq!(
            encoded("urn:li:comment:(urn:li:activity:9,10)"),
            "urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A9%2C10%29"
        );
    }
}
