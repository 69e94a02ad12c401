//! `{"data": [...], "paging": {"cursors": {...}, "next": "..."}}`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{Params, Problem};

/// Items of one answer when the request does not say, and at most.
const USUAL: usize = 25;
const MOST: usize = 100;

/// What a listing takes besides its own parameters.
pub(crate) const PARAMS: [&str; 3] = ["limit", "after", "before"];

/// One page of `items`, each with the key that its cursor names. `here` is the address of the listing without a query.
pub(crate) fn page(items: Vec<(String, Value)>, params: &Params, here: &str) -> Result<Value, Problem> {
    let limit = params.number("limit")?.map_or(USUAL, |limit| usize::try_from(limit).unwrap_or(MOST)).clamp(1, MOST);
    let place = |name: &str| -> Result<Option<usize>, Problem> {
        let Some(cursor) = params.word(name)? else {
            return Ok(None);
        };
        let key = URL_SAFE_NO_PAD.decode(&cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let found = key.and_then(|key| items.iter().position(|(each, _)| *each == key));
        found.map(Some).ok_or_else(|| Problem::invalid(format!("Invalid cursors values for {name}")))
    };
    let (start, end) = match (place("after")?, place("before")?) {
        (Some(last), _) => (last + 1, (last + 1 + limit).min(items.len())),
        (None, Some(first)) => (first.saturating_sub(limit), first),
        (None, None) => (0, limit.min(items.len())),
    };
    let shown = items.get(start..end).unwrap_or_default();
    let data: Vec<&Value> = shown.iter().map(|(_, value)| value).collect();
    let mut answer = json!({"data": data});
    if let (Some((first, _)), Some((last, _))) = (shown.first(), shown.last()) {
        let (before, after) = (URL_SAFE_NO_PAD.encode(first), URL_SAFE_NO_PAD.encode(last));
        answer["paging"] = json!({"cursors": {"before": before, "after": after}});
        if end < items.len() {
            answer["paging"]["next"] = link(here, params, limit, "after", &after)?.into();
        }
        if start > 0 {
            answer["paging"]["previous"] = link(here, params, limit, "before", &before)?.into();
        }
    }
    Ok(answer)
}

/// Never with the token, which a caller has anyway.
fn link(here: &str, params: &Params, limit: usize, which: &str, cursor: &str) -> Result<String, Problem> {
    let mut query = Serializer::new(String::new());
    for name in ["fields", "since", "until", "filter", "order"] {
        if let Some(value) = params.word(name)? {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("limit", &limit.to_string()).append_pair(which, cursor);
    Ok(format!("{here}?{}", query.finish()))
}
