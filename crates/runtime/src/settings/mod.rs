//! Settings: an embedded `default.toml`, which is the reference, then a file, then the environment.
//!
//! * `FANFARE__SECTION__KEY=value` overrides `key` in `[section]`; deeper tables take more `__`.
//! * `FANFARE__SECTION__KEY_FILE=path` reads the value from a file, without the white space around it.
//! * Where the default is a list, the value is split at commas.
//! * `FANFARE_CONFIG=path` names a TOML file that is read between the two.
//!
//! All services read one environment, alone or together in one process, so a service passes over the sections and keys
//! of the others ([`Known`]) and refuses what nobody knows: a misspelt setting is an error and never silently ignored.

mod effective;
mod known;
mod overrides;

use std::{collections::BTreeMap, path::PathBuf};

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value};
use serde::{Serialize, de::DeserializeOwned};

pub use effective::effective;
pub use known::Known;
use known::Sections;
use overrides::Override;

/// What every variable that sets a key begins with.
pub const PREFIX: &str = "FANFARE__";

/// The variable that names a settings file.
pub const FILE_VARIABLE: &str = "FANFARE_CONFIG";

/// Why settings could not be loaded. The texts name the variable or key at fault and never a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The embedded reference itself is broken.
    #[error("reading the embedded default settings")]
    Default(#[source] Box<ConfigError>),
    /// A file could not be read.
    #[error("reading `{}`, which {named_by} names", path.display())]
    Unreadable {
        /// The variable that names the file.
        named_by: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings file is not TOML.
    #[error("`{}` is not valid TOML", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where it went wrong.
        source: Box<ConfigError>,
    },
    /// No service has such a section.
    #[error("unknown section `{section}` in {origin}; the sections are: {known}")]
    UnknownSection {
        /// The section.
        section: String,
        /// The variable or file it stands in.
        origin: String,
        /// All there are.
        known: String,
    },
    /// The section is ours and the key is not in it.
    #[error("unknown setting `{key}` in {origin}; {hint}")]
    UnknownKey {
        /// The key as a path, `section.key`.
        key: String,
        /// The variable or file it stands in.
        origin: String,
        /// The keys beside it.
        hint: String,
    },
    /// The key is another service's and this one must not have it.
    #[error("`{key}`, set by {origin}, must not be given to this process: {reason}")]
    Withheld {
        /// The key as a path, `section.key`.
        key: String,
        /// The variable or file it stands in.
        origin: String,
        /// Why not.
        reason: String,
    },
    /// A variable's name or value cannot be understood.
    #[error("the variable {name} {problem}")]
    BadVariable {
        /// The variable.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A value is missing or has the wrong type.
    #[error("settings do not fit: {0}")]
    Invalid(#[source] Box<ConfigError>),
    /// The settings type cannot be shown, so unknown keys cannot be told.
    #[error("settings could not be listed: {0}")]
    Unlisted(#[source] serde_json::Error),
}

/// Variables to read settings from: the process's own, or a test's. A value that is not UTF-8 is an error once it is
/// asked for.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, Option<String>>);

impl Environment {
    /// This process's variables.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// These variables and no others.
    pub fn of<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), Some(value.into()))).collect())
    }

    fn iter(&self) -> impl Iterator<Item = (&str, Result<&str, SettingsError>)> {
        self.0.iter().map(|(name, value)| {
            let not_text = || SettingsError::BadVariable { name: name.clone(), problem: "is not valid UTF-8" };
            (name.as_str(), value.as_deref().ok_or_else(not_text))
        })
    }
}

/// Loads one service's settings over this process's environment.
///
/// `default_toml` is the reference: its tables are the sections that this service owns. `known` names what else there
/// is in the whole system. Every field of `T` must be serialised, also when it is not set: a key is unknown when what
/// was loaded does not show it, so `T` needs no `deny_unknown_fields`, whose messages name no variable.
pub fn load<'a, T: DeserializeOwned + Serialize>(
    default_toml: &str,
    known: impl Into<Known<'a>>,
) -> Result<T, SettingsError> {
    load_from(default_toml, known, &Environment::of_process())
}

/// The same as [`load`], over the given variables.
pub fn load_from<'a, T: DeserializeOwned + Serialize>(
    default_toml: &str,
    known: impl Into<Known<'a>>,
    environment: &Environment,
) -> Result<T, SettingsError> {
    let defaults = File::from_str(default_toml, FileFormat::Toml)
        .collect()
        .map_err(|error| SettingsError::Default(Box::new(error)))?;
    let sections = Sections { own: &defaults, known: known.into() };
    let mut overrides = overrides::from_file(environment, &sections)?;
    overrides.extend(overrides::from_variables(environment, &sections)?);

    let mut builder = Config::builder().add_source(Layer(defaults.clone()));
    for Override { path, value, .. } in &overrides {
        builder = builder.add_source(Layer(Map::from_iter([(path.join("."), value.clone())])));
    }
    let loaded: T =
        builder.build().and_then(Config::try_deserialize).map_err(|error| SettingsError::Invalid(Box::new(error)))?;

    let shown = serde_json::to_value(&loaded).map_err(SettingsError::Unlisted)?;
    overrides::from_defaults(defaults).iter().chain(&overrides).try_for_each(|found| found.check_known(&shown))?;
    Ok(loaded)
}

/// Values already read, as a source for `config`.
#[derive(Debug, Clone)]
struct Layer(Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}
