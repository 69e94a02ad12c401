//! The Graph API's refusals: from code and subcode to a class (fact sheet part 1, sections 0.2 and 2.11).

use domain::target::{ErrorCode, Outcome, Refusal};
use jiff::{SignedDuration, Timestamp};

use super::{
    usage,
    wire::{Error, Refused},
};
use crate::{exchange::Answer, failure};

/// What a number of Meta's stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// A bad day of the network's. Posts were seen to be published with this answer.
    Trouble,
    /// Nothing was made public, and the same call works in so many seconds.
    Soon(i64),
    /// Too much. So many minutes, where the answer names no end.
    TooMuch(i64),
    /// The token is not taken any more.
    Token(ErrorCode),
    /// No.
    No(ErrorCode),
}

/// A network's own numbers, each a subcode or a code. They are looked up before the shared ones, the subcode first.
pub(crate) type Table = &'static [(i64, Means)];

/// Too much, where the network does not say until when.
const PAUSE_MINUTES: i64 = 5;

/// What all of Meta's networks answer with.
const SHARED: Table = &[
    (1, Means::Trouble),
    (2, Means::Trouble),
    (1_363_047, Means::Trouble),
    (1_609_010, Means::Trouble),
    (4, Means::TooMuch(PAUSE_MINUTES)),
    (17, Means::TooMuch(PAUSE_MINUTES)),
    (32, Means::TooMuch(PAUSE_MINUTES)),
    (341, Means::TooMuch(PAUSE_MINUTES)),
    (613, Means::TooMuch(PAUSE_MINUTES)),
    (80_001, Means::TooMuch(PAUSE_MINUTES)),
    (80_002, Means::TooMuch(PAUSE_MINUTES)),
    (1_390_008, Means::TooMuch(PAUSE_MINUTES)),
    (463, Means::Token(ErrorCode::TokenExpired)),
    (458, Means::Token(ErrorCode::TokenRevoked)),
    (459, Means::Token(ErrorCode::TokenRevoked)),
    (460, Means::Token(ErrorCode::TokenRevoked)),
    (464, Means::Token(ErrorCode::TokenRevoked)),
    (467, Means::Token(ErrorCode::TokenRevoked)),
    (492, Means::Token(ErrorCode::TokenRevoked)),
    (3, Means::No(ErrorCode::PermissionMissing)),
    (10, Means::No(ErrorCode::PermissionMissing)),
    (1_404_078, Means::No(ErrorCode::PermissionMissing)),
    (100, Means::No(ErrorCode::ContentRejected)),
    (1_609_005, Means::No(ErrorCode::ContentRejected)),
    (1_609_008, Means::No(ErrorCode::ContentRejected)),
    (2_061_006, Means::No(ErrorCode::ContentRejected)),
    (1_346_003, Means::No(ErrorCode::ContentRejected)),
    (1_404_102, Means::No(ErrorCode::ContentRejected)),
    (324, Means::No(ErrorCode::MediaRejected)),
    (1_366_046, Means::No(ErrorCode::MediaRejected)),
    (1_349_125, Means::No(ErrorCode::MediaRejected)),
    (2_069_019, Means::No(ErrorCode::MediaRejected)),
    (506, Means::No(ErrorCode::DuplicateContent)),
    (1_366_051, Means::No(ErrorCode::DuplicateContent)),
    (368, Means::No(ErrorCode::AccountRestricted)),
    (1_404_006, Means::No(ErrorCode::AccountRestricted)),
    (1_404_112, Means::No(ErrorCode::AccountRestricted)),
    (4_854_002, Means::No(ErrorCode::AccountRestricted)),
    (803, Means::No(ErrorCode::PlatformError)),
];

/// What Meta said, taken apart.
struct Said {
    code: i64,
    subcode: Option<i64>,
    is_transient: bool,
    /// To be shown.
    words: String,
    /// The same in lower case, to be searched.
    lower: String,
}

impl Said {
    fn read(answer: &Answer) -> Option<Self> {
        let Error { message, code, error_subcode, is_transient, error_user_msg } =
            answer.json::<Refused>().map(|refused| refused.error)?;
        let message = message.unwrap_or_default();
        let words = match error_user_msg.filter(|told| !told.trim().is_empty() && *told != message) {
            Some(told) if message.is_empty() => told,
            Some(told) => format!("{message} ({told})"),
            None => message,
        };
        if code.is_none() && words.is_empty() {
            return None;
        }
        let words = answer.words(&words);
        let lower = words.to_lowercase();
        Some(Self { code: code.unwrap_or_default(), subcode: error_subcode, is_transient, words, lower })
    }

    fn says(&self, phrase: &str) -> bool {
        self.lower.contains(phrase)
    }

    fn means(&self, own: Table) -> Means {
        let numbers = [self.subcode, Some(self.code)];
        let found = |table: Table| {
            let known = |number| table.iter().find(|(known, _)| *known == number).map(|(_, means)| *means);
            numbers.into_iter().flatten().find_map(known)
        };
        match found(own).or_else(|| found(SHARED)) {
            // The same number for a post that is there already (fact sheet 2.11).
            Some(Means::No(ErrorCode::AccountRestricted)) if self.says("already posted") => {
                Means::No(ErrorCode::DuplicateContent)
            }
            // There is no such object, or the token may not know of it.
            Some(Means::No(ErrorCode::ContentRejected)) if self.subcode == Some(33) => {
                Means::No(ErrorCode::PlatformError)
            }
            Some(Means::No(ErrorCode::ContentRejected)) if self.is_about_a_file() => {
                Means::No(ErrorCode::MediaRejected)
            }
            Some(Means::No(_)) if self.is_transient => Means::Trouble,
            Some(means) => means,
            None if matches!(self.code, 190 | 102) => {
                let ran_out = self.says("expired");
                Means::Token(if ran_out { ErrorCode::TokenExpired } else { ErrorCode::TokenRevoked })
            }
            None if matches!(self.code, 200..=299) => Means::No(ErrorCode::PermissionMissing),
            None if self.is_transient => Means::Trouble,
            None if self.says("request limit reached") => Means::TooMuch(PAUSE_MINUTES),
            None => Means::No(ErrorCode::PlatformError),
        }
    }

    fn is_about_a_file(&self) -> bool {
        ["invalid image", "invalid photo", "invalid video", "media_fbid", "attached_media", "unsupported image"]
            .into_iter()
            .any(|phrase| self.says(phrase))
    }
}

/// What an answer in the 400s to a call that may be repeated means.
fn classify(now: Timestamp, answer: &Answer, own: Table) -> Refusal {
    let http_status = Some(answer.status);
    let Some(said) = Said::read(answer) else {
        return match answer.status {
            401 => Refusal::Auth { code: ErrorCode::TokenExpired, message: answer.words(""), http_status },
            413 => Refusal::Rejected { code: ErrorCode::MediaRejected, message: answer.words(""), http_status },
            429 => failure::throttled(now, answer, usage::regain(now, answer), answer.words("Too Many Requests")),
            _ => failure::not_understood(answer, "the answer is not one of the Graph API's"),
        };
    };
    let message = said.words.clone();
    match said.means(own) {
        Means::Trouble => Refusal::NotNow { message, http_status, after: None },
        Means::Soon(seconds) => {
            Refusal::NotNow { message, http_status, after: Some(SignedDuration::from_secs(seconds)) }
        }
        Means::TooMuch(minutes) => {
            let named = usage::regain(now, answer);
            let pause = now + SignedDuration::from_mins(minutes);
            let until = named.or(answer.header("retry-after").is_none().then_some(pause));
            failure::throttled(now, answer, until, message)
        }
        Means::Token(code) => Refusal::Auth { code, message, http_status },
        Means::No(code) => Refusal::Rejected { code, message, http_status },
    }
}

/// A call that may be repeated and did not succeed.
pub(crate) fn failed(now: Timestamp, answer: &Answer, own: Table) -> Refusal {
    failure::failed(now, answer, |answer| classify(now, answer, own))
}

/// Any answer to the irreversible call but an understood success. Where Meta speaks of trouble of its own the post may
/// be there, whatever the status.
pub(crate) fn refused(now: Timestamp, answer: &Answer, own: Table) -> Outcome {
    match Said::read(answer) {
        Some(said) if said.means(own) == Means::Trouble => {
            Outcome::Ambiguous { message: said.words, http_status: Some(answer.status) }
        }
        _ => failure::refused(answer, |answer| classify(now, answer, own)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Table = &[(2_207_051, Means::No(ErrorCode::AccountRestricted)), (9_007, Means::Soon(5))];

    fn means(body: &str) -> Means {
        let body = format!("{{\"error\":{body}}}");
        Said::read(&Answer::canned(400, &[], &body)).expect("words").means(OWN)
    }

    #[test]
    fn a_network_s_own_numbers_go_before_the_shared_ones_and_subcodes_before_codes() {
        assert_eq!(means(r#"{"code":4}"#), Means::TooMuch(PAUSE_MINUTES));
        assert_eq!(means(r#"{"code":4,"error_subcode":2207051}"#), Means::No(ErrorCode::AccountRestricted));
        assert_eq!(means(r#"{"code":9007,"error_subcode":2207027}"#), Means::Soon(5));
        assert_eq!(means(r#"{"code":190,"error_subcode":463}"#), Means::Token(ErrorCode::TokenExpired));
        assert_eq!(means(r#"{"code":190}"#), Means::Token(ErrorCode::TokenRevoked));
    }

    #[test]
    fn transient_is_believed_unless_the_number_says_more() {
        assert_eq!(means(r#"{"code":77777,"is_transient":true}"#), Means::Trouble);
        assert_eq!(means(r#"{"code":4,"is_transient":true}"#), Means::TooMuch(PAUSE_MINUTES));
        assert_eq!(means(r#"{"code":77777}"#), Means::No(ErrorCode::PlatformError));
    }

    #[test]
    fn trouble_leaves_a_send_open_at_every_status() {
        let body = r#"{"error":{"message":"(#1) An unknown error occurred","code":1}}"#;
        for status in [400, 403, 500, 503] {
            let outcome = refused(Timestamp::UNIX_EPOCH, &Answer::canned(status, &[], body), OWN);
            let Outcome::Ambiguous { message, .. } = outcome else { panic!("{status}: {outcome:?}") };
            assert_eq!(message, "(#1) An unknown error occurred");
        }
    }
}
