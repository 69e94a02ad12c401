//! Where a browser goes back to, and what it takes along.

use domain::ids::AccountId;
use url::Url;

use crate::refused::short;

/// What went wrong, in the word that callers' pages look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Code {
    /// The person said no, or took away what publishing needs.
    AccessDenied,
    /// The attempt took too long, or was used before.
    Expired,
    /// What was found belongs to somebody else in the project.
    AccountOwned,
    /// What was brought back could not be traded for tokens.
    ExchangeFailed,
    /// The person has nothing that could be connected.
    NoAccounts,
}

impl Code {
    pub(crate) fn word(self) -> &'static str {
        self.into()
    }
}

/// An attempt that brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Code,
    /// A sentence for whoever reads the address; never a secret.
    pub(crate) message: String,
}

impl Ended {
    /// A network's words are of any length, and may hold anything.
    pub(crate) fn new(code: Code, message: &str) -> Self {
        let plain: String = message.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        Self { code, message: short(&plain) }
    }
}

/// The address that a caller gave for its browsers, and what it wants echoed.
pub(crate) struct Back<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: Option<&'a str>,
}

impl Back<'_> {
    /// There is something to finalize.
    pub(crate) fn pending(&self, session: &str) -> Option<Url> {
        self.with(&[("status", "pending"), ("session", session)])
    }

    /// It is done.
    pub(crate) fn connected(&self, accounts: &[AccountId]) -> Option<Url> {
        let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        self.with(&[("status", "connected"), ("account_id", &ids.join(","))])
    }

    /// It brought nothing.
    pub(crate) fn ended(&self, ended: &Ended) -> Option<Url> {
        self.with(&[("status", "error"), ("code", ended.code.word()), ("message", &ended.message)])
    }

    /// `None` when the address is none, which the gateway does not let in. What was in its query stays as it was written.
    fn with(&self, parameters: &[(&str, &str)]) -> Option<Url> {
        let mut url: Url = self.redirect_uri.parse().ok()?;
        url.query_pairs_mut().extend_pairs(parameters).extend_pairs(self.state.map(|state| ("state", state)));
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_callers_own_query_is_kept() {
        let back = Back { redirect_uri: "https://app.example/r?a=1&b=%2B%20x#top", state: Some("s t&") };
        assert_eq!(
            back.pending("tok").unwrap().as_str(),
            "https://app.example/r?a=1&b=%2B%20x&status=pending&session=tok&state=s+t%26#top"
        );
        let plain = Back { redirect_uri: "http://127.0.0.1:3000/", state: None };
        let accounts = [AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2))];
        assert_eq!(
            plain.connected(&accounts).unwrap().query(),
            Some(format!("status=connected&account_id={}%2C{}", accounts[0], accounts[1]).as_str())
        );
        let app = Back { redirect_uri: "acme://done", state: None };
        assert_eq!(
            app.ended(&Ended::new(Code::AccessDenied, "no\r\nway")).unwrap().as_str(),
            "acme://done?status=error&code=access_denied&message=no++way"
        );
        assert_eq!(Back { redirect_uri: "nowhere", state: None }.pending("t"), None);
    }

    #[test]
    fn words_are_cut() {
        assert!(Ended::new(Code::ExchangeFailed, &"x".repeat(9_999)).message.chars().count() < 400);
    }
}
