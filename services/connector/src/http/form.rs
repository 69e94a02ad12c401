//! Queries and forms.

use std::collections::BTreeMap;

/// Parameters of a query of which each name stands once, as RFC 6749 3.1 has it; `None` of any other.
pub(super) fn once_each(query: &str) -> Option<BTreeMap<String, String>> {
    let mut read = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if read.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(read)
}

/// The values of a form's field, in order.
pub(super) fn values(form: &[u8], field: &str) -> Vec<String> {
    url::form_urlencoded::parse(form).filter(|(name, _)| name == field).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_is_not_understood() {
        let read = once_each("code=a%20b&state=c&empty=").unwrap();
        assert_eq!((read["code"].as_str(), read["state"].as_str(), read["empty"].as_str()), ("a b", "c", ""));
        assert_eq!(once_each("state=a&code=b&state=c"), None);
        assert_eq!(once_each(""), Some(BTreeMap::new()));
    }

    #[test]
    fn a_field_may_stand_often() {
        assert_eq!(values(b"page=1&decision=choose&page=2%26", "page"), ["1", "2&"]);
        assert!(values(b"\xff=\xfe", "page").is_empty());
    }
}
