//! The fields of an app, read the same when it is brought and when it is changed.

use serde_json::Value;

use crate::fields::Field;

const MAX_SCOPES: usize = 100;
const MAX_SCOPE: usize = 500;
/// Bytes of `extra` as JSON.
const MAX_EXTRA: usize = 10_000;

/// Scopes in the network's words, each once.
pub(crate) fn scopes(field: Field<'_>) -> Option<Vec<String>> {
    let all = field.list(1..=MAX_SCOPES, |scope| {
        let (text, field) = scope.text_kept(1..=MAX_SCOPE)?;
        // Networks take them in one text, apart by spaces or commas.
        if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',') {
            return Some(text.to_owned());
        }
        field.refuse("invalid_scope", "must be one scope in visible ASCII, without spaces and commas")
    })?;
    let mut once = Vec::with_capacity(all.len());
    for scope in all {
        if !once.contains(&scope) {
            once.push(scope);
        }
    }
    Some(once)
}

/// The network's name of the app. It stands in addresses.
pub(super) fn client_id(field: Field<'_>) -> Option<String> {
    let (text, field) = field.text_kept(1..=2_000)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(text.to_owned());
    }
    field.refuse("invalid_client_id", "must be visible ASCII, without spaces")
}

/// The caller's own words.
pub(super) fn display_name(field: Field<'_>) -> Option<String> {
    field.text(1..=255).map(str::to_owned)
}

/// What else there is to say of an app.
pub(super) fn extra(field: Field<'_>) -> Option<Value> {
    let length = field.value().map_or(0, |value| value.to_string().len());
    if length > MAX_EXTRA {
        return field.refuse("too_long", format!("must have at most {MAX_EXTRA} bytes as JSON; this has {length}"));
    }
    field.any_object().cloned()
}
