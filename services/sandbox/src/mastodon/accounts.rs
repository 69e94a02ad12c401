//! Accounts, and what they have posted.

use actix_web::HttpResponse;
use actix_web::web::Path;
use jiff::Timestamp;
use rand::RngCore;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fact::{End, Fact, Grant};
use super::params::Params;
use super::state::{Account, State};
use super::{Mastodon, auth, error, show, statuses};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;
use crate::network::{Network, NewAccount, Platform, Wanted};
use crate::page::Shown;

const LONGEST_NAME: usize = 30;

impl Speaks for Mastodon {
    const PLATFORM: Platform = Platform::Mastodon;
    const PROCESSES_MEDIA: bool = true;
}

/// A fresh opaque token or secret.
pub(super) fn secret() -> String {
    crate::consent::opaque(43)
}

fn is_username(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Mastodon {
    /// Applies a fact and writes it down; the caller holds the state.
    pub(super) fn keep(&self, state: &mut State, fact: Fact) {
        self.core.record(Self::PLATFORM, &fact);
        state.apply(fact);
    }

    fn end_tokens(&self, account: &str, end: End) {
        if let Ok(account) = account.parse() {
            self.keep(&mut locked(&self.state), Fact::TokensEnded { account, end });
        }
    }
}

impl Network for Mastodon {
    fn create_account(&self, wanted: &Wanted) -> Result<NewAccount, String> {
        wanted.only(&[])?;
        let made_up = format!("user_{:08x}", rand::rng().next_u32());
        let username = wanted.username.as_deref().unwrap_or(&made_up).trim_start_matches('@').to_owned();
        if !is_username(&username) {
            return Err(format!("username: 1 to {LONGEST_NAME} of A-Z a-z 0-9 _"));
        }
        let mut state = locked(&self.state);
        let known = state.by_name(&username).map(|account| account.id);
        let id = known.unwrap_or_else(|| {
            let at = self.core.now();
            let id = state.next_id(at);
            self.keep(&mut state, Fact::AccountMade { id, username: username.clone(), at });
            id
        });
        let token = secret();
        let scopes = "read write".to_owned();
        let grant = Grant { account: Some(id), scopes, client_id: None, end: None };
        self.keep(&mut state, Fact::TokenIssued { token: token.clone(), grant });
        let credentials = json!({"instance": self.core.origin, "access_token": token});
        Ok(NewAccount { account: id.to_string(), username, credentials, created: known.is_none() })
    }

    fn replay(&self, fact: &RawValue) -> Result<(), serde_json::Error> {
        locked(&self.state).apply(serde_json::from_str(fact.get())?);
        Ok(())
    }

    fn shown(&self, limit: usize) -> Vec<Shown> {
        show::newest(&locked(&self.state), limit)
    }

    fn expire_tokens(&self, account: &str, _: Timestamp) {
        self.end_tokens(account, End::Expired);
    }

    fn revoke_tokens(&self, account: &str) {
        self.end_tokens(account, End::Revoked);
    }
}

/// An Account as answers show it.
pub(super) fn view(account: &Account, state: &State, origin: &str) -> Value {
    let newest = account.statuses.iter().rev().find_map(|id| state.statuses.get(id));
    let last = newest.map(|status| status.at.strftime("%Y-%m-%d").to_string());
    let url = format!("{origin}/@{}", account.username);
    json!({
        "id": account.id.to_string(),
        "username": account.username,
        "acct": account.username,
        "display_name": account.username,
        "locked": false,
        "bot": false,
        "discoverable": true,
        "indexable": true,
        "group": false,
        "created_at": account.made_at.strftime("%Y-%m-%dT00:00:00.000Z").to_string(),
        "note": "",
        "url": url,
        "uri": format!("{origin}/users/{}", account.username),
        "avatar": format!("{origin}/avatars/original/missing.png"),
        "avatar_static": format!("{origin}/avatars/original/missing.png"),
        "header": format!("{origin}/headers/original/missing.png"),
        "header_static": format!("{origin}/headers/original/missing.png"),
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": account.live,
        "last_status_at": last,
        "emojis": [],
        "fields": [],
    })
}

pub(super) async fn verify_credentials(call: Call<Mastodon>) -> Result<HttpResponse, Refusal> {
    let id = auth::user(&call, &["profile", "read:accounts"], None)?;
    call.before(Operation::Identity, Some(&id.to_string()), None).await?;
    let state = locked(&call.state);
    let account = state.accounts.get(&id).ok_or_else(error::token_invalid)?;
    let mut answer = view(account, &state, &call.core.origin);
    answer["source"] = json!({
        "privacy": "public",
        "sensitive": false,
        "language": null,
        "note": "",
        "fields": [],
        "follow_requests_count": 0,
    });
    Ok(HttpResponse::Ok().json(answer))
}

pub(super) async fn get(call: Call<Mastodon>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    auth::reader(&call, &["read:accounts"])?;
    call.before(Operation::Identity, Some(&id), None).await?;
    let id: u64 = id.parse().map_err(|_| error::not_found())?;
    let state = locked(&call.state);
    let account = state.accounts.get(&id).ok_or_else(error::not_found)?;
    Ok(HttpResponse::Ok().json(view(account, &state, &call.core.origin)))
}

pub(super) async fn lookup(call: Call<Mastodon>) -> Result<HttpResponse, Refusal> {
    auth::reader(&call, &["read:accounts"])?;
    let name = Params::query(&call)?.only(&["acct"])?.word("acct")?.ok_or_else(error::not_found)?;
    call.before(Operation::Identity, None, None).await?;
    let state = locked(&call.state);
    let local = name.trim_start_matches('@').split('@').next().unwrap_or_default();
    let account = state.by_name(local).ok_or_else(error::not_found)?;
    Ok(HttpResponse::Ok().json(view(account, &state, &call.core.origin)))
}

/// `GET /api/v1/accounts/{id}/statuses`: newest first, pages by `max_id`, `since_id` and `min_id`, 20 unless told, 40 at most.
pub(super) async fn statuses(call: Call<Mastodon>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let reader = auth::reader(&call, &["read:statuses"])?;
    let known = [
        "limit",
        "max_id",
        "since_id",
        "min_id",
        "exclude_replies",
        "exclude_reblogs",
        "only_media",
        "pinned",
        "tagged",
    ];
    let query = Params::query(&call)?.only(&known)?;
    call.before(Operation::Probe, Some(&id), None).await?;
    let id: u64 = id.parse().map_err(|_| error::not_found())?;
    let limit = usize::try_from(query.number("limit")?.unwrap_or(20)).unwrap_or(40).clamp(1, 40);
    let (max_id, since_id, min_id) = (query.number("max_id")?, query.number("since_id")?, query.number("min_id")?);
    let no_replies = query.flag("exclude_replies")?.unwrap_or(false);
    let only_media = query.flag("only_media")?.unwrap_or(false);
    let pinned = query.flag("pinned")?.unwrap_or(false);
    let tag = query.word("tagged")?.map(|tag| format!("#{}", tag.to_lowercase()));
    query.flag("exclude_reblogs")?;
    let state = locked(&call.state);
    let account = state.accounts.get(&id).ok_or_else(error::not_found)?;
    let fits = |status: &&super::fact::Status| {
        !pinned
            && status.visible_to(reader)
            && max_id.is_none_or(|max| status.id < max)
            && since_id.or(min_id).is_none_or(|min| status.id > min)
            && (!only_media || !status.media.is_empty())
            && (!no_replies || status.in_reply_to.is_none())
            && tag.as_ref().is_none_or(|tag| status.text.to_lowercase().contains(tag))
    };
    let found = account.statuses.iter().filter_map(|id| state.statuses.get(id)).filter(fits);
    let page: Vec<_> = if min_id.is_some() {
        let mut page: Vec<_> = found.take(limit).collect();
        page.reverse();
        page
    } else {
        found.rev().take(limit).collect()
    };
    let mut response = HttpResponse::Ok();
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        let here = format!("{}/api/v1/accounts/{id}/statuses?limit={limit}", call.core.origin);
        let (older, newer) = (oldest.id, newest.id);
        let link = format!("<{here}&max_id={older}>; rel=\"next\", <{here}&min_id={newer}>; rel=\"prev\"");
        response.insert_header(("link", link));
    }
    let views = page.into_iter().map(|status| statuses::view(status, &state, &call.core, reader));
    Ok(response.json(views.collect::<Vec<Value>>()))
}

#[cfg(test)]
mod tests {
    use super::super::quota;
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["alice", "a", "A_9"] {
            assert!(is_username(good), "{good}");
        }
        for bad in ["", "a b", "ü", "a-b", "a@b", &"x".repeat(31)] {
            assert!(!is_username(bad), "{bad}");
        }
        assert_eq!(quota::iso(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
    }
}
