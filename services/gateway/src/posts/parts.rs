//! What one account would get: the shared containers, or its own, or the shared ones with a text of its own.

use domain::ids::AccountId;
use serde_json::{Map, Value};

use super::{
    asked::Asked,
    container::{AskedContainer, AskedMedia},
};

/// One part of one target.
#[derive(Debug)]
pub(super) struct AskedPart<'a> {
    pub(super) origin: Origin,
    pub(super) content: &'a str,
    /// Where the text stands in the body.
    pub(super) content_pointer: String,
    /// Where the rest of the part stands in the body.
    pub(super) pointer: &'a str,
    pub(super) media: &'a [AskedMedia],
    pub(super) is_sound: bool,
}

/// What a part is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The shared container at this place.
    Shared(usize),
    /// The account's own text with the files of the shared main container.
    OwnText,
    /// The account's own container at this place.
    Own(usize),
}

impl<'a> AskedPart<'a> {
    fn of(origin: Origin, container: &'a AskedContainer) -> Self {
        Self {
            origin,
            content: &container.content,
            content_pointer: format!("{}/content", container.pointer),
            pointer: &container.pointer,
            media: &container.media,
            is_sound: container.is_sound,
        }
    }
}

/// The parts an account would get, in order.
pub(super) fn parts(asked: &Asked, account: AccountId) -> Vec<AskedPart<'_>> {
    let own = asked.own(account);
    if let Some(containers) = own.and_then(|own| own.containers.as_ref()) {
        return containers
            .iter()
            .enumerate()
            .map(|(at, container)| AskedPart::of(Origin::Own(at), container))
            .collect();
    }
    let mut parts: Vec<_> = asked
        .containers
        .iter()
        .enumerate()
        .map(|(at, container)| AskedPart::of(Origin::Shared(at), container))
        .collect();
    if let (Some(own), Some(main)) = (own, parts.first_mut())
        && let Some(content) = &own.content
    {
        main.origin = Origin::OwnText;
        main.content = content;
        main.content_pointer = format!("{}/content", own.pointer);
    }
    parts
}

/// The options an account would get: the network's, with its own laid over them field by field. The publisher reads
/// them from the database in the same way. `null` where there are none.
pub(super) fn options(asked: &Asked, account: AccountId, platform: &str) -> Value {
    let own = asked.own(account).and_then(|own| own.options.clone());
    match (asked.config.get(platform).and_then(Value::as_object).cloned(), own) {
        (None, None) => Value::Null,
        (shared, own) => {
            let mut options: Map<String, Value> = shared.unwrap_or_default();
            options.extend(own.unwrap_or_default());
            Value::Object(options)
        }
    }
}

/// Where an option stands that a rule points to, `/poll/options`.
pub(super) fn option_pointer(asked: &Asked, account: AccountId, platform: &str, pointer: &str) -> String {
    let name = pointer.split('/').nth(1).unwrap_or_default().replace("~1", "/").replace("~0", "~");
    match asked.own(account) {
        Some(own) if own.options.as_ref().is_some_and(|options| options.contains_key(&name)) => {
            format!("{}/options{pointer}", own.pointer)
        }
        _ => format!("/config/{platform}{pointer}"),
    }
}
