//! Authorization codes: good once, for a while, for the app and the address they were asked for.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::pkce;
use crate::core::Core;
use crate::lock::locked;
use crate::network::Platform;
use crate::world::Fact;

/// How long a spent or expired code is still known as such.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// Codes kept before those that are long over are thrown out.
const PRUNE_AT: usize = 1_000;

/// What a person has consented to, and under which conditions its code may be exchanged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) platform: Platform,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    /// PKCE, S256. `None`: the request had no challenge, and the exchange must have no verifier.
    pub(crate) challenge: Option<String>,
    /// The thumbprint of the key that the exchange must be signed with, where the network binds it (RFC 9449).
    pub(crate) key: Option<String>,
    /// `network_unique_id`, or the person where one signs in for several accounts.
    pub(crate) account: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) pages: Vec<String>,
    pub(crate) expires_at: Timestamp,
}

/// A code with what it stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Issued {
    pub(crate) code: String,
    pub(crate) consent: Consent,
}

/// A code handed in.
pub(crate) struct Exchange<'a> {
    pub(crate) platform: Platform,
    pub(crate) client_id: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) verifier: Option<&'a str>,
}

/// Why a code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeProblem {
    Unknown,
    Spent,
    Expired,
    OtherApp,
    OtherRedirect,
    Verifier,
}

struct Kept {
    consent: Consent,
    is_spent: bool,
}

#[derive(Default)]
pub(crate) struct Codes(Mutex<HashMap<String, Kept>>);

impl Codes {
    /// Puts a code there, as the journal has it.
    pub(crate) fn restore(&self, issued: Issued) {
        locked(&self.0).insert(issued.code, Kept { consent: issued.consent, is_spent: false });
    }

    /// Marks a code as used, as the journal has it.
    pub(crate) fn spend(&self, code: &str) {
        if let Some(kept) = locked(&self.0).get_mut(code) {
            kept.is_spent = true;
        }
    }

    /// Whom a code is of, whether or not it is still good.
    pub(crate) fn account(&self, platform: Platform, code: &str) -> Option<String> {
        let codes = locked(&self.0);
        codes.get(code).filter(|kept| kept.consent.platform == platform).map(|kept| kept.consent.account.clone())
    }
}

impl Kept {
    fn problem(&self, exchange: &Exchange<'_>, now: Timestamp) -> Option<CodeProblem> {
        let consent = &self.consent;
        let verified = match (&consent.challenge, exchange.verifier) {
            (Some(challenge), Some(verifier)) => pkce::proves(verifier, challenge),
            (None, None) => true,
            _ => false,
        };
        match () {
            () if consent.platform != exchange.platform => Some(CodeProblem::Unknown),
            () if consent.client_id != exchange.client_id => Some(CodeProblem::OtherApp),
            () if self.is_spent => Some(CodeProblem::Spent),
            () if consent.expires_at <= now => Some(CodeProblem::Expired),
            () if exchange.redirect_uri != Some(&consent.redirect_uri) => Some(CodeProblem::OtherRedirect),
            () if !verified => Some(CodeProblem::Verifier),
            () => None,
        }
    }
}

impl Core {
    /// A new code for what was consented to.
    pub(crate) fn issue_code(&self, consent: Consent) -> String {
        let now = self.now();
        let issued = Issued { code: super::opaque(64), consent };
        let mut codes = locked(&self.codes.0);
        if codes.len() >= PRUNE_AT {
            codes.retain(|_, kept| now.duration_since(kept.consent.expires_at) < REMEMBERED);
        }
        self.record_own(&Fact::CodeIssued(Box::new(issued.clone())));
        codes.insert(issued.code.clone(), Kept { consent: issued.consent, is_spent: false });
        issued.code
    }

    /// Takes a code for what it stands for, once. One that is refused stays as good as it was.
    pub(crate) fn redeem(&self, exchange: &Exchange<'_>) -> Result<Consent, CodeProblem> {
        let now = self.now();
        let mut codes = locked(&self.codes.0);
        let kept = codes.get_mut(exchange.code).ok_or(CodeProblem::Unknown)?;
        if let Some(problem) = kept.problem(exchange, now) {
            return Err(problem);
        }
        kept.is_spent = true;
        self.record_own(&Fact::CodeSpent { code: exchange.code.to_owned() });
        Ok(kept.consent.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn kept() -> Kept {
        let consent = Consent {
            platform: Platform::X,
            client_id: "app".to_owned(),
            redirect_uri: "http://localhost/cb".to_owned(),
            challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
            key: None,
            account: "1".to_owned(),
            scopes: Vec::new(),
            pages: Vec::new(),
            expires_at: Timestamp::from_second(600).expect("in range"),
        };
        Kept { consent, is_spent: false }
    }

    fn exchange() -> Exchange<'static> {
        let redirect_uri = Some("http://localhost/cb");
        Exchange { platform: Platform::X, client_id: "app", code: "c", redirect_uri, verifier: Some(VERIFIER) }
    }

    #[test]
    fn each_condition_counts() {
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(600).expect("in range"));
        assert_eq!(kept().problem(&exchange(), early), None);
        assert_eq!(kept().problem(&exchange(), late), Some(CodeProblem::Expired));
        let spent = Kept { is_spent: true, ..kept() };
        assert_eq!(spent.problem(&exchange(), early), Some(CodeProblem::Spent));
        for (exchange, problem) in [
            (Exchange { client_id: "other", ..exchange() }, CodeProblem::OtherApp),
            (Exchange { platform: Platform::Mastodon, ..exchange() }, CodeProblem::Unknown),
            (Exchange { redirect_uri: None, ..exchange() }, CodeProblem::OtherRedirect),
            (Exchange { redirect_uri: Some("http://localhost/cb/"), ..exchange() }, CodeProblem::OtherRedirect),
            (Exchange { verifier: None, ..exchange() }, CodeProblem::Verifier),
            (Exchange { verifier: Some("wrong"), ..exchange() }, CodeProblem::Verifier),
        ] {
            assert_eq!(kept().problem(&exchange, early), Some(problem));
        }
    }

    #[test]
    fn a_verifier_that_nobody_asked_for_is_refused() {
        let mut kept = kept();
        kept.consent.challenge = None;
        assert_eq!(kept.problem(&exchange(), Timestamp::UNIX_EPOCH), Some(CodeProblem::Verifier));
        let bare = Exchange { verifier: None, ..exchange() };
        assert_eq!(kept.problem(&bare, Timestamp::UNIX_EPOCH), None);
    }
}
