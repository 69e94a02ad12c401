//! An account's numbers, read while somebody waits.

use async_trait::async_trait;
use domain::target::Refusal;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{Account, Cx};

/// What a network tells of an account. `None` is what it does not tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountNumbers {
    /// Who follows it.
    pub followers: Option<u64>,
    /// Whom it follows.
    pub following: Option<u64>,
    /// What it has posted.
    pub posts: Option<u64>,
    /// How often its posts were seen, in the period.
    pub views: Option<u64>,
    /// Likes of them.
    pub likes: Option<u64>,
    /// Comments on them.
    pub comments: Option<u64>,
    /// Shares of them.
    pub shares: Option<u64>,
    /// What else the network tells: a JSON object under its own names.
    pub platform_specific: Value,
}

/// Reading an account's numbers.
#[async_trait]
pub trait Numbers: Send + Sync {
    /// The account's numbers. The period bounds what is counted where the network takes one; totals are as of now.
    ///
    /// # Errors
    /// [`Refusal`].
    async fn account_numbers(
        &self,
        cx: &Cx<'_>,
        account: &Account<'_>,
        period: (Timestamp, Timestamp),
    ) -> Result<AccountNumbers, Refusal>;
}

/// A number as a network writes it; `None` for whatever is no count.
pub(crate) fn count(told: &Value) -> Option<u64> {
    told.as_u64().filter(|count| i64::try_from(*count).is_ok())
}

/// Those of a network's own counts that are there, under its own names.
pub(crate) fn named(told: &Value, names: &[&str]) -> Value {
    let counts = names.iter().filter_map(|name| Some(((*name).to_owned(), count(&told[name])?.into())));
    Value::Object(counts.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_counts_are_counts() {
        for odd in [json!(-1), json!(1.5), json!("7"), json!(null), json!([1]), json!(u64::MAX), json!({"a": 1})] {
            assert_eq!(count(&odd), None, "{odd}");
        }
        assert_eq!((count(&json!(0)), count(&json!(7))), (Some(0), Some(7)));
        let told = json!({"a": 1, "b": "x", "c": 3});
        assert_eq!(named(&told, &["a", "b", "d"]), json!({"a": 1}));
        assert_eq!(named(&json!([]), &["a"]), json!({}));
    }
}
