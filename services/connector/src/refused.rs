//! What a network's "no" is to whoever handed in the credentials.

use domain::{
    connection::ConnectAnswer,
    target::{ErrorCode, Refusal},
};

/// Longest sentence that goes back, in characters.
const MAX_DETAIL: usize = 300;

/// The answer for a refusal. What can be different in a minute is not the credentials' fault.
pub(crate) fn answer(refusal: Refusal) -> ConnectAnswer {
    match refusal {
        Refusal::Rejected { code, message, http_status } => {
            // Found before the network was asked, so it is about the form of what was given.
            let is_form = http_status.is_none() && code == ErrorCode::PlatformError;
            ConnectAnswer::Refused {
                pointer: if is_form { pointer(&message) } else { String::new() },
                code: if is_form { "invalid_credentials" } else { code.word() }.to_owned(),
                detail: short(&message),
            }
        }
        Refusal::Auth { code, message, .. } => {
            ConnectAnswer::Refused { pointer: String::new(), code: code.word().to_owned(), detail: short(&message) }
        }
        Refusal::Throttled { until, message } => {
            unavailable(&format!("The network asks to wait until {until:.0}: {message}"))
        }
        Refusal::NotNow { message, .. } => unavailable(&message),
    }
}

/// The network, or something of ours, cannot be asked at the moment.
pub(crate) fn unavailable(detail: &str) -> ConnectAnswer {
    ConnectAnswer::Unavailable { detail: short(detail) }
}

/// RFC 6901 pointer to the field that a message is about. Networks name each faulty field in backticks, the first one at
/// the start; several faults have no one place.
pub(crate) fn pointer(message: &str) -> String {
    let named = message.strip_prefix('`').and_then(|rest| rest.split_once('`'));
    match named {
        Some((field, rest)) if !rest.contains("; `") => format!("/{}", field.replace('~', "~0").replace('/', "~1")),
        _ => String::new(),
    }
}

/// Networks' words are of any length.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_DETAIL) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn rejected(message: &str, code: ErrorCode, http_status: Option<u16>) -> Refusal {
        Refusal::Rejected { code, message: message.to_owned(), http_status }
    }

    fn refused(refusal: Refusal) -> (String, String) {
        match answer(refusal) {
            ConnectAnswer::Refused { pointer, code, .. } => (pointer, code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_faulty_field_is_pointed_at() {
        for (message, pointer) in [
            ("`identifier` is missing", "/identifier"),
            ("`a/b~c` is not known here", "/a~1b~0c"),
            ("`service` signs in did:plc:a; that server disagrees", "/service"),
            ("`identifier` is missing; `app_password` must be a string", ""),
            ("the account is deactivated", ""),
            ("`unclosed", ""),
        ] {
            let refusal = rejected(message, ErrorCode::PlatformError, None);
            assert_eq!(refused(refusal), (pointer.to_owned(), "invalid_credentials".to_owned()), "{message}");
        }
    }

    #[test]
    fn what_the_network_said_points_nowhere_and_keeps_its_word() {
        let said = rejected("`x` is what it said", ErrorCode::PermissionMissing, Some(403));
        assert_eq!(refused(said), (String::new(), "permission_missing".to_owned()));
        let auth = Refusal::Auth { code: ErrorCode::TokenRevoked, message: String::new(), http_status: Some(401) };
        assert_eq!(refused(auth), (String::new(), "token_revoked".to_owned()));
    }

    #[test]
    fn what_may_be_different_in_a_minute_is_unavailable() {
        let throttled = Refusal::Throttled { until: Timestamp::UNIX_EPOCH, message: "slow down".to_owned() };
        let not_now = Refusal::NotNow { message: "x".repeat(9_999), http_status: Some(502), after: None };
        for refusal in [throttled, not_now] {
            match answer(refusal) {
                ConnectAnswer::Unavailable { detail } => assert!(detail.chars().count() <= MAX_DETAIL + 1),
                other => panic!("{other:?}"),
            }
        }
    }
}
