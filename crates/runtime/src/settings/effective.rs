//! What is in force, as `fanfare check-config` prints it.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::SettingsError;

/// One line a setting, sorted, as dotted TOML: `http.port = 8080`. Secrets are masked by their type; what has no value
/// is a comment.
pub fn effective<T: Serialize>(settings: &T) -> Result<String, SettingsError> {
    let mut lines = Vec::new();
    let shown = serde_json::to_value(settings).map_err(SettingsError::Unlisted)?;
    collect(String::new(), &shown, &mut lines);
    lines.sort();
    Ok(lines.into_iter().fold(String::new(), |mut text, (key, value)| {
        // Writing to a String cannot fail.
        let _ = match value {
            Some(value) => writeln!(text, "{key} = {value}"),
            None => writeln!(text, "# {key} is not set"),
        };
        text
    }))
}

fn collect(path: String, value: &Value, lines: &mut Vec<(String, Option<String>)>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(path, value, lines);
            }
        }
        Value::Null => lines.push((path, None)),
        value => lines.push((path, Some(value.to_string()))),
    }
}
