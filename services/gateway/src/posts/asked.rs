//! What a caller asks for, as far as it can be read. Nothing is looked up here.
//!
//! What cannot be read is noted and left out, and the rest is kept: the rules of networks are applied to it too, so
//! that a caller is told of everything at once.

use std::cell::RefCell;

use domain::{
    ids::AccountId,
    platform::Platform,
    policy::{LONGEST_MAX_LATENESS, PAST_GRACE},
    post::{MAX_ACCOUNTS, MAX_CONTAINERS},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::container::{AskedContainer, CONTENT, read_content, read_media};
use crate::fields::{Field, Object};

/// The longest `external_id` and `external_ref`, in characters.
const TAG: std::ops::RangeInclusive<usize> = 1..=255;
/// Times beyond any plan are slips of the pen, and the end of the calendar is near.
const FURTHEST: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);
const SHORTEST_LATENESS: SignedDuration = SignedDuration::from_secs(1);

/// A post as it is asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// In order; `None` where what stands there is no account id.
    pub(super) accounts: Vec<Option<AccountId>>,
    /// What every account gets that has none of its own.
    pub(super) containers: Vec<AskedContainer>,
    /// What single accounts get instead.
    pub(super) own: Vec<Own>,
    /// Options by network.
    pub(super) config: Map<String, Value>,
    /// When, if not at once.
    pub(super) scheduled_at: Option<Timestamp>,
    /// Whether it waits to be published by hand.
    pub(super) is_draft: bool,
    /// The caller's tag.
    pub(super) external_id: Option<String>,
    /// The caller's unique name.
    pub(super) external_ref: Option<String>,
    /// How late it may go out, in whole seconds.
    pub(super) max_lateness: Option<SignedDuration>,
}

/// What one account gets instead.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) account: AccountId,
    /// `/account_config/acc_...`
    pub(super) pointer: String,
    /// In place of the main container's text.
    pub(super) content: Option<String>,
    /// In place of all containers.
    pub(super) containers: Option<Vec<AskedContainer>>,
    /// Over the network's options.
    pub(super) options: Option<Map<String, Value>>,
    /// As it was written, without fields that say nothing.
    pub(super) written: Value,
}

impl Asked {
    /// When it is due; `None` for a draft.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        (!self.is_draft).then(|| self.scheduled_at.map_or(now, |at| at.max(now)))
    }

    /// What an account gets instead, if it gets anything of its own.
    pub(super) fn own(&self, account: AccountId) -> Option<&Own> {
        self.own.iter().find(|own| own.account == account)
    }

    /// `account_config` as it is stored and shown.
    pub(super) fn account_config(&self) -> Value {
        Value::Object(self.own.iter().map(|own| (own.account.to_string(), own.written.clone())).collect())
    }
}

/// Reads the body of a post. The answer is never `None`: what could not be read is noted.
pub(super) fn read(body: &Object<'_>, now: Timestamp) -> Option<Asked> {
    let accounts = read_accounts(body.required("accounts"));
    let containers = read_content_or_containers(body);
    let own = read_own(body.optional("account_config"), &accounts);
    let is_draft = body.optional("draft").flag().unwrap_or_default();
    let slot = body.optional("next_slot_of");
    if slot.value().is_some() {
        slot.fault("not_available", "posting slots are not available here; give `scheduled_at` instead");
    }
    Some(Asked {
        accounts,
        containers,
        own,
        config: read_config(body.optional("config")),
        scheduled_at: read_scheduled_at(body.optional("scheduled_at"), now),
        is_draft,
        external_id: body.optional("external_id").text(TAG).map(str::to_owned),
        external_ref: body.optional("external_ref").text(TAG).map(str::to_owned),
        max_lateness: body
            .optional("max_lateness")
            .duration(SHORTEST_LATENESS..=LONGEST_MAX_LATENESS)
            .map(|lateness| SignedDuration::from_secs(lateness.as_secs())),
    })
}

fn read_accounts(field: Field<'_>) -> Vec<Option<AccountId>> {
    let seen = RefCell::new(Vec::new());
    field.list(1..=MAX_ACCOUNTS, |item| {
        let mut id = item.value().and_then(Value::as_str).and_then(|text| text.parse::<AccountId>().ok());
        if id.is_none() {
            item.fault("unknown_account", "must be the id of an account, `acc_...`");
        } else if seen.borrow().contains(&id) {
            item.fault("duplicate_account", "is there already");
            id = None;
        }
        seen.borrow_mut().push(id);
        Some(())
    });
    seen.into_inner()
}

fn read_content_or_containers(body: &Object<'_>) -> Vec<AskedContainer> {
    let (content, media) = (body.optional("content"), body.optional("media"));
    let containers = body.optional("containers");
    let is_short = content.value().is_some() || media.value().is_some();
    if containers.value().is_none() {
        // The whole body is its only container.
        return vec![AskedContainer::short(content, media)];
    }
    if is_short {
        containers.fault("conflicting_fields", "give either `content` and `media`, or `containers`");
        read_content(content);
        read_media(media);
    }
    read_containers(containers)
}

fn read_containers(field: Field<'_>) -> Vec<AskedContainer> {
    let read = RefCell::new(Vec::new());
    field.list(1..=MAX_CONTAINERS, |item| {
        let container = AskedContainer::read(item);
        read.borrow_mut().push(container);
        Some(())
    });
    read.into_inner()
}

fn read_own(field: Field<'_>, accounts: &[Option<AccountId>]) -> Vec<Own> {
    let read = RefCell::new(Vec::new());
    field.map(MAX_ACCOUNTS, |name, field| {
        let Some(account) = name.parse::<AccountId>().ok().filter(|id| accounts.contains(&Some(*id))) else {
            field.fault("unknown_account", "is not one of `accounts`");
            return Some(());
        };
        let pointer = field.pointer().to_owned();
        let written = field.value().map(without_nulls).unwrap_or_default();
        field.object(|own| {
            let content = own.optional("content");
            let containers = own.optional("containers");
            if content.value().is_some() && containers.value().is_some() {
                containers.fault("conflicting_fields", "give either `content` or `containers`");
            }
            read.borrow_mut().push(Own {
                account,
                pointer,
                content: content.text(CONTENT).map(str::to_owned),
                containers: containers.value().is_some().then(|| read_containers(containers)),
                options: own.optional("options").any_object().and_then(Value::as_object).cloned(),
                written,
            });
            Some(())
        })
    });
    read.into_inner()
}

/// A field that is `null` says the same as one that is not there, also where it is stored.
fn without_nulls(value: &Value) -> Value {
    match value.as_object() {
        Some(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>()
            .into(),
        None => json!({}),
    }
}

fn read_config(field: Field<'_>) -> Map<String, Value> {
    let read = RefCell::new(Map::new());
    field.map(MAX_ACCOUNTS, |name, field| {
        if name.parse::<Platform>().is_err() {
            field.fault("unsupported_platform", "is not a network here; `GET /v1/platforms` lists them");
        } else if let Some(options) = field.any_object() {
            read.borrow_mut().insert(name.to_owned(), options.clone());
        }
        Some(())
    });
    read.into_inner()
}

fn read_scheduled_at(field: Field<'_>, now: Timestamp) -> Option<Timestamp> {
    let written = field.value()?.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let Some(at) = written else { return field.timestamp() };
    if at < now - PAST_GRACE {
        field.fault("in_the_past", format!("{at} is in the past; it is {now}"));
        return None;
    }
    if at.duration_since(now) > FURTHEST {
        field.fault("too_far", "must be within the next ten years");
        return None;
    }
    // As fine as the database keeps it, so that the first answer says what later ones do.
    Timestamp::from_microsecond(at.as_microsecond()).ok()
}
