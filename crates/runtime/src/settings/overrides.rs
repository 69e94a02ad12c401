//! What the environment and the settings file say differently from the default.

use std::path::{Path, PathBuf};

use config::{File, FileFormat, Map, Source as _, Value, ValueKind};

use super::{Environment, FILE_VARIABLE, PREFIX, Sections, SettingsError};

/// One value that replaces a default.
pub(super) struct Override {
    /// Section and keys.
    pub(super) path: Vec<String>,
    pub(super) value: Value,
    /// The variable or file it comes from.
    origin: String,
}

impl Override {
    /// An error unless the loaded settings have such a key.
    pub(super) fn check_known(&self, shown: &serde_json::Value) -> Result<(), SettingsError> {
        let mut at = shown;
        for (depth, key) in self.path.iter().enumerate() {
            let Some(deeper) = at.get(key) else {
                let table = self.path[..depth].join(".");
                let keys = at.as_object().map(|table| table.keys().map(String::as_str).collect::<Vec<_>>().join(", "));
                return Err(SettingsError::UnknownKey {
                    key: self.path.join("."),
                    origin: self.origin.clone(),
                    hint: match keys {
                        Some(keys) => format!("`{table}` has: {keys}"),
                        None => format!("`{table}` has no keys below it"),
                    },
                });
            };
            at = deeper;
        }
        Ok(())
    }
}

/// The overrides of the file that `FANFARE_CONFIG` names, value by value; none without one.
pub(super) fn from_file(environment: &Environment, sections: &Sections<'_>) -> Result<Vec<Override>, SettingsError> {
    let Some((name, path)) = environment.iter().find(|(name, _)| *name == FILE_VARIABLE) else {
        return Ok(Vec::new());
    };
    let path = PathBuf::from(path?);
    let text = read(name, &path)?;
    let tables = File::from_str(&text, FileFormat::Toml)
        .collect()
        .map_err(|source| SettingsError::NotToml { path: path.clone(), source: Box::new(source) })?;
    let origin = path.display().to_string();
    let mut found = Vec::new();
    for (section, value) in tables {
        if sections.owns(&section, &origin)? {
            flatten(vec![section], value, &origin, &mut found);
        }
    }
    let mut ours = Vec::new();
    for one in found {
        if !sections.passes_over(&one.path, &origin, || is_set(&one.value))? {
            ours.push(one);
        }
    }
    Ok(ours)
}

/// The defaults themselves, so that a key that nothing reads is found there too.
pub(super) fn from_defaults(defaults: Map<String, Value>) -> Vec<Override> {
    let mut found = Vec::new();
    for (section, value) in defaults {
        flatten(vec![section], value, "the embedded default settings", &mut found);
    }
    found
}

fn flatten(path: Vec<String>, value: Value, origin: &str, found: &mut Vec<Override>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (key, value) in table {
                flatten(path.iter().cloned().chain([key]).collect(), value, origin, found);
            }
        }
        kind => {
            found.push(Override { path, value: Value::new(Some(&origin.to_owned()), kind), origin: origin.to_owned() })
        }
    }
}

/// The overrides of the environment.
pub(super) fn from_variables(
    environment: &Environment,
    sections: &Sections<'_>,
) -> Result<Vec<Override>, SettingsError> {
    let mut found: Vec<Override> = Vec::new();
    for (name, value) in environment.iter() {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let mut path: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
        if !path.iter().all(|key| is_key(key)) {
            return Err(bad(name, "does not have the form FANFARE__SECTION__KEY"));
        }
        if !sections.owns(&path[0], name)? {
            continue;
        }
        if path.len() < 2 {
            return Err(bad(name, "names a section without a key"));
        }
        let in_file = file_key(&path).filter(|_| !sections.has(&path));
        let is_in_file = in_file.is_some();
        if let (Some(key), Some(last)) = (in_file, path.last_mut()) {
            *last = key;
        }
        if sections.passes_over(&path, name, || value.as_ref().is_ok_and(|value| !value.is_empty()))? {
            continue;
        }
        let text = match is_in_file {
            true => read(name, Path::new(value?))?.trim().to_owned(),
            false => value?.to_owned(),
        };
        if found.iter().any(|earlier| earlier.path == path) {
            return Err(bad(name, "sets a value that another variable sets too"));
        }
        let is_list = matches!(sections.default_of(&path).map(|value| &value.kind), Some(ValueKind::Array(_)));
        let value = if is_list { split(name, &text) } else { Value::new(Some(&name.to_owned()), text) };
        found.push(Override { path, value, origin: name.to_owned() });
    }
    Ok(found)
}

/// `key` of a path that ends in `key_file`.
fn file_key(path: &[String]) -> Option<String> {
    path.last()?.strip_suffix("_file").filter(|key| is_key(key)).map(str::to_owned)
}

/// A bare key: what a path of `config` can hold without quoting.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_set(value: &Value) -> bool {
    !matches!(&value.kind, ValueKind::Nil) && !matches!(&value.kind, ValueKind::String(text) if text.is_empty())
}

fn split(name: &str, text: &str) -> Value {
    let origin = Some(name.to_owned());
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let items: Vec<Value> = items.map(|item| Value::new(origin.as_ref(), item)).collect();
    Value::new(origin.as_ref(), ValueKind::Array(items))
}

fn read(named_by: &str, path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
        named_by: named_by.to_owned(),
        path: path.to_owned(),
        source,
    })
}

fn bad(name: &str, problem: &'static str) -> SettingsError {
    SettingsError::BadVariable { name: name.to_owned(), problem }
}
