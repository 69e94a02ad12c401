//! Lists, a page at a time.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{fields::Object, problem::Problem};

/// Items of a page where the caller does not say.
pub(crate) const DEFAULT_LIMIT: i64 = 20;
/// Most items of a page.
pub(crate) const MAX_LIMIT: i64 = 100;

/// Which page. `K` is the key a list is ordered by; a cursor is that of the last item, opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<K> {
    /// Items wanted.
    pub limit: i64,
    /// The last item of the page before.
    pub after: Option<K>,
}

impl<K: DeserializeOwned> Page<K> {
    /// Reads `limit` and `cursor`; `after` is another name for the latter.
    pub(crate) fn of(query: &Object<'_>) -> Option<Self> {
        let limit = query.optional("limit").integer(1..=MAX_LIMIT);
        let (cursor, after) = (query.optional("cursor"), query.optional("after"));
        let field = if cursor.value().is_some() { cursor } else { after };
        let Some(text) = field.value().and_then(|value| value.as_str()) else {
            return Some(Self { limit: limit.unwrap_or(DEFAULT_LIMIT), after: None });
        };
        let after = decode(text);
        if after.is_none() {
            field.fault("invalid_cursor", "is not a cursor of this list; use the `next_cursor` of the page before");
        }
        Some(Self { limit: limit.unwrap_or(DEFAULT_LIMIT), after: Some(after?) })
    }

    /// Ask the database for this many: one more than wanted tells whether there is a next page.
    pub(crate) fn probe(&self) -> i64 {
        self.limit + 1
    }
}

/// A page of a list, as callers see it.
#[derive(Debug, Serialize)]
pub(crate) struct List<T> {
    /// The items.
    pub data: Vec<T>,
    /// What to ask the next page with; `null` when this is the last.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A page of what [`Page::probe`] items gave; `key` is the list's order.
    pub(crate) fn page<K: Serialize>(mut data: Vec<T>, page: &Page<K>, key: impl Fn(&T) -> K) -> Result<Self, Problem> {
        let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let more = data.len() > wanted;
        data.truncate(wanted);
        let last = data.last().filter(|_| more);
        let next_cursor = last.map(|item| encode(&key(item))).transpose()?;
        Ok(Self { data, next_cursor })
    }

    /// A list that has one page.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }
}

/// A cursor for a key.
///
/// # Errors
/// [`Problem::Internal`] when the key has no JSON form.
pub(crate) fn encode<K: Serialize>(key: &K) -> Result<String, Problem> {
    let text =
        serde_json::to_vec(key).map_err(|error| Problem::Internal(format!("a cursor has no JSON form: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(text))
}

/// The key behind a cursor.
pub(crate) fn decode<K: DeserializeOwned>(cursor: &str) -> Option<K> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_out_and_back_and_nothing_else_does() {
        let key = (jiff::Timestamp::UNIX_EPOCH, uuid::Uuid::from_u128(7));
        assert_eq!(decode(&encode(&key).unwrap()), Some(key));
        for text in ["", "x", "!!", "bnVsbA", "acc_00000000000000000000000000000007"] {
            assert_eq!(decode::<(jiff::Timestamp, uuid::Uuid)>(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_full_page_with_more_behind_it_has_a_next() {
        let page = Page { limit: 2, after: None };
        let list = |items: &[u32]| List::page(items.to_vec(), &page, |item| *item).unwrap();
        assert_eq!(list(&[1, 2]).next_cursor, None);
        let more = list(&[1, 2, 3]);
        assert_eq!(more.data, [1, 2]);
        assert_eq!(more.next_cursor.as_deref().and_then(decode::<u32>), Some(2));
    }
}
