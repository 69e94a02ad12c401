//! What the browser brings back from a consent page (RFC 6749 4.1.2).

use domain::target::Refusal;

use crate::{ConsentAnswer, ConsentFault, given, words};

/// The networks' words for "the person said no": the RFC's, OpenID Connect's, LinkedIn's.
const DENIALS: &[&str] =
    &["access_denied", "consent_required", "user_cancelled_login", "user_cancelled_authorize", "user_denied"];
/// "Not now".
const LATER: &[&str] = &["server_error", "temporarily_unavailable"];
/// Longer codes than that nobody writes.
const MAX_CODE: usize = 8 * 1024;

/// The code, or why there is none. Some networks put `#_` behind it, which is no part of it.
pub(crate) fn code<'a>(answer: &ConsentAnswer<'a>) -> Result<&'a str, ConsentFault> {
    if let Some(error) = answer.query.get("error") {
        return Err(refused(answer, error));
    }
    let code = answer.query.get("code").map(|code| code.trim_end_matches("#_")).unwrap_or_default();
    if code.is_empty() {
        return Err(ConsentFault::Invalid("the network sent the browser back without a code".to_owned()));
    }
    if code.len() > MAX_CODE || code.chars().any(char::is_control) {
        return Err(ConsentFault::Invalid("the browser came back with something that is no code".to_owned()));
    }
    Ok(code)
}

/// These words come through the browser: whoever holds it may have written them.
fn refused(answer: &ConsentAnswer<'_>, error: &str) -> ConsentFault {
    let described = ["error_description", "error_message"].into_iter().find_map(|name| answer.query.get(name));
    let said = words::clean(described.map_or(error, String::as_str));
    let said = if said.is_empty() { words::clean(error) } else { said };
    match error {
        denial if DENIALS.contains(&denial) => ConsentFault::Denied(said),
        later if LATER.contains(&later) => {
            ConsentFault::Refused(Refusal::NotNow { message: said, http_status: None, after: None })
        }
        _ => ConsentFault::Refused(given::refusal(format!("{}: {said}", words::clean(error)))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use secrecy::SecretString;
    use serde_json::Value;

    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<String, ConsentFault> {
        let query: BTreeMap<_, _> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let nothing = SecretString::from("");
        let answer =
            ConsentAnswer { query: &query, verifier: &nothing, kept: &nothing, scopes: &[], data: &Value::Null };
        code(&answer).map(str::to_owned)
    }

    #[test]
    fn a_code_is_read() {
        for (told, code) in [("abc", "abc"), ("abc#_", "abc"), ("a+b/c=", "a+b/c=")] {
            assert_eq!(read(&[("code", told), ("state", "s")]).expect("a code"), code);
        }
    }

    #[test]
    fn a_no_is_told_in_the_networks_words() {
        for (query, words) in [
            (&[("error", "access_denied")][..], "access_denied"),
            (&[("error", "access_denied"), ("error_description", "The user said\0 no")], "The user said no"),
            (&[("error", "user_cancelled_authorize"), ("error_description", " ")], "user_cancelled_authorize"),
            // An error decides, whatever stands beside it.
            (&[("error", "access_denied"), ("code", "abc")], "access_denied"),
        ] {
            let fault = read(query).expect_err("refused");
            assert!(matches!(&fault, ConsentFault::Denied(said) if said == words), "{fault:?}");
        }
    }

    #[test]
    fn anything_else_is_no_denial() {
        let later = read(&[("error", "temporarily_unavailable")]).expect_err("refused");
        assert!(matches!(later, ConsentFault::Refused(Refusal::NotNow { .. })), "{later:?}");
        let wrong = read(&[("error", "invalid_scope"), ("error_description", "unknown")]).expect_err("refused");
        assert!(matches!(&wrong, ConsentFault::Refused(Refusal::Rejected { message, .. })
            if message == "invalid_scope: unknown"));
        for query in [&[][..], &[("code", "")], &[("code", "#_")], &[("code", "a\nb")]] {
            assert!(matches!(read(query), Err(ConsentFault::Invalid(_))), "{query:?}");
        }
        assert!(matches!(read(&[("code", &"a".repeat(9_000))]), Err(ConsentFault::Invalid(_))));
    }
}
