use domain::{
    ids::{AccountId, ProjectId},
    platform::Platform,
    policy::Mode,
    transition::Error,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn account(status: AccountStatus) -> Askable {
    Askable {
        id: AccountId(Uuid::nil()),
        project_id: ProjectId(Uuid::nil()),
        mode: Mode::Live,
        platform: Platform::X,
        network_unique_id: "42".to_owned(),
        username: "alice".to_owned(),
        facts: Value::Null,
        status,
        error: None,
        tokens: None,
    }
}

fn period() -> Period {
    Period { since: NOW, until: NOW + SignedDuration::from_hours(24) }
}

fn rejected(code: ErrorCode) -> Refusal {
    Refusal::Rejected { code, message: "its words".to_owned(), http_status: Some(403) }
}

fn auth(code: ErrorCode) -> Refusal {
    Refusal::Auth { code, message: "its words".to_owned(), http_status: Some(401) }
}

#[test]
fn only_the_networks_word_on_the_account_is_bad_health() {
    for (told, code) in [
        (auth(ErrorCode::TokenExpired), ErrorCode::TokenExpired),
        (auth(ErrorCode::TokenRevoked), ErrorCode::TokenRevoked),
        (rejected(ErrorCode::PermissionMissing), ErrorCode::PermissionMissing),
        (rejected(ErrorCode::AccountRestricted), ErrorCode::AccountRestricted),
        (rejected(ErrorCode::AccountNotFound), ErrorCode::AccountNotFound),
    ] {
        let LiveAnswer::Health(health) = health(NOW, Err(told)) else { panic!("{code}") };
        assert_eq!((health.healthy, health.error_code), (false, Some(code)));
        assert_eq!((health.error_message.as_deref(), health.checked_at), (Some("its words"), NOW));
    }
    let later = NOW + SignedDuration::from_secs(60);
    let not_now = |after| Refusal::NotNow { message: "its words".to_owned(), http_status: None, after };
    for (told, expected) in [
        (not_now(None), None),
        (not_now(Some(SignedDuration::from_secs(60))), Some(later)),
        (Refusal::Throttled { until: later, message: "its words".to_owned() }, Some(later)),
        (rejected(ErrorCode::PlatformError), None),
        (rejected(ErrorCode::QuotaExhausted), None),
    ] {
        let said = LiveAnswer::Unavailable { detail: "its words".to_owned(), until: expected };
        assert_eq!(health(NOW, Err(told)), said);
    }
    let LiveAnswer::Health(health) = health(NOW, Ok(())) else { panic!("healthy") };
    assert_eq!((health.healthy, health.error_code, health.error_message), (true, None, None));
}

#[test]
fn numbers_that_are_refused_are_refused_and_what_is_not_told_is_null() {
    let of = account(AccountStatus::Active);
    for code in [ErrorCode::TokenRevoked, ErrorCode::PermissionMissing, ErrorCode::PlatformError] {
        let said = LiveAnswer::Refused { code, message: "its words".to_owned() };
        assert_eq!(metrics(&of, period(), NOW, Err(rejected(code))), said);
    }
    assert!(matches!(
        metrics(&of, period(), NOW, Err(Refusal::NotNow { message: String::new(), http_status: None, after: None })),
        LiveAnswer::Unavailable { .. }
    ));
    let numbers = AccountNumbers { followers: Some(3), ..AccountNumbers::default() };
    let LiveAnswer::Metrics(told) = metrics(&of, period(), NOW, Ok(numbers)) else { panic!("numbers") };
    assert_eq!(
        serde_json::to_value(told).unwrap(),
        json!({"account_id": of.id, "period": {"since": NOW, "until": period().until}, "followers": 3,
            "following": null, "posts": null, "engagement": {"views": null, "likes": null, "comments": null, "shares": null},
            "platform_specific": {}, "captured_at": NOW})
    );
}

#[test]
fn an_account_that_posts_do_not_go_to_is_unhealthy_without_a_call() {
    // given
    assert_eq!(held_back(&account(AccountStatus::Active), NOW, LiveAsk::Health), None);
    let error = Error { code: ErrorCode::TokenExpired, message: "ran out".to_owned() };
    let held = Askable { error: Some(error), ..account(AccountStatus::NeedsReconnect) };
    for (of, code, words) in [
        (held, ErrorCode::TokenExpired, "ran out"),
        (account(AccountStatus::NeedsReconnect), ErrorCode::TokenRevoked, "The account has to be connected again"),
        (account(AccountStatus::Disconnected), ErrorCode::AccountNotFound, "The account was disconnected"),
    ] {
        // then
        assert_eq!(held_back(&of, NOW, LiveAsk::Health), Some(unhealthy(NOW, code, words.to_owned())));
        let refused = LiveAnswer::Refused { code, message: words.to_owned() };
        assert_eq!(held_back(&of, NOW, LiveAsk::Metrics(period())), Some(refused));
    }
}

#[test]
fn answers_survive_the_way() {
    for answer in [
        unhealthy(NOW, ErrorCode::TokenExpired, "words".to_owned()),
        LiveAnswer::Gone,
        LiveAnswer::Unsupported,
        LiveAnswer::TimedOut,
        unavailable("words"),
        LiveAnswer::Refused { code: ErrorCode::TokenRevoked, message: String::new() },
        metrics(&account(AccountStatus::Active), period(), NOW, Ok(AccountNumbers::default())),
    ] {
        let sent = serde_json::to_vec(&answer).unwrap();
        assert_eq!(serde_json::from_slice::<LiveAnswer>(&sent).unwrap(), answer);
    }
}
