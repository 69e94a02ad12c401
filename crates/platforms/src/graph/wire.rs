//! The Graph API's JSON, as far as Meta's networks share it.

use serde::Deserialize;
use serde_json::Value;

/// An answer that names what was made.
#[derive(Debug, Deserialize)]
pub(crate) struct Id {
    pub(crate) id: String,
}

/// An answer that says "done" and nothing else.
#[derive(Debug, Deserialize)]
pub(crate) struct Flag {
    pub(crate) success: bool,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    pub(crate) paging: Option<Paging>,
}

impl<T> List<T> {
    /// What the next page is asked for with. The address that the network names beside it is not followed: it holds the
    /// token and could lead anywhere.
    pub(crate) fn after(&self) -> Option<&str> {
        let paging = self.paging.as_ref().filter(|paging| paging.next.is_some())?;
        let after = paging.cursors.as_ref()?.after.as_deref()?;
        (1..=1_024).contains(&after.len()).then_some(after)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Paging {
    cursors: Option<Cursors>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Cursors {
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refused {
    pub(super) error: Error,
}

#[derive(Debug, Deserialize)]
pub(super) struct Error {
    pub(super) message: Option<String>,
    pub(super) code: Option<i64>,
    pub(super) error_subcode: Option<i64>,
    #[serde(default)]
    pub(super) is_transient: bool,
    pub(super) error_user_msg: Option<String>,
}

/// An id that comes as a string or as a number.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn after(paging: Value) -> Option<String> {
        let list: List<Value> = serde_json::from_value(json!({"data": [], "paging": paging})).expect("a list");
        list.after().map(str::to_owned)
    }

    #[test]
    fn a_list_goes_on_only_where_there_is_a_next_page() {
        assert_eq!(after(json!({"cursors": {"after": "A"}, "next": "https://a.example"})).as_deref(), Some("A"));
        assert_eq!(after(json!({"cursors": {"after": "A"}})), None);
        assert_eq!(after(json!({"next": "https://a.example"})), None);
        assert_eq!(after(json!({"cursors": {"after": ""}, "next": "https://a.example"})), None);
        assert_eq!(after(Value::Null), None);
    }

    #[test]
    fn an_id_is_a_string_or_a_number() {
        assert_eq!(text_of(&json!("17841")).as_deref(), Some("17841"));
        assert_eq!(text_of(&json!(17_841_400_000_000_001_u64)).as_deref(), Some("17841400000000001"));
        assert_eq!(text_of(&json!(1.5)), None);
        assert_eq!(text_of(&json!({})), None);
    }
}
