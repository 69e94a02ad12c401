//! What any text must be before a network's own rules apply.

use serde_json::Value;

/// PostgreSQL cannot store U+0000 in text or jsonb, and one such row would fail a whole batch of its neighbours.
pub fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_nul_is_found_wherever_it_hides() {
        for value in [json!("a\0"), json!({"a\0": 1}), json!([1, {"a": ["\0"]}])] {
            assert!(has_nul(&value), "{value}");
        }
        assert!(!has_nul(&json!({"a": ["b", 1, null, true]})));
    }
}
