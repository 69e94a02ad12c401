//! The sealing keys of this checkout, made once and kept in `.dev/keys.env`.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use rand::distr::{Alphanumeric, SampleString};
use runtime::secret::Secret;
use vault::PrivateRing;

use crate::{cli::Failure, commands::say};

const FILE: &str = ".dev/keys.env";
const PRIVATE: &str = "FANFARE_DEV_PRIVATE_KEYS";
const PUBLIC: &str = "FANFARE_DEV_PUBLIC_KEYS";
const SIGNING: &str = "FANFARE_DEV_MEDIA_SIGNING_KEY";

/// A developer's keys.
pub(crate) struct DevKeys {
    pub(crate) private: Secret,
    pub(crate) media_signing: Secret,
}

/// Reads the keys, or makes them.
pub(crate) fn load() -> Result<DevKeys, Failure> {
    if !Path::new(FILE).exists() {
        make()?;
    }
    let text = fs::read_to_string(FILE)?;
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| Secret::from(value.to_owned()))
            .ok_or_else(|| format!("{FILE} has no {name}; delete it to have it made again"))
    };
    Ok(DevKeys { private: value(PRIVATE)?, media_signing: value(SIGNING)? })
}

/// `fanfare dev keys`
pub(crate) fn print() -> Result<(), Failure> {
    let keys = load()?;
    let ring: PrivateRing = keys.private.expose().parse()?;
    say(format_args!("{PRIVATE}={}", keys.private.expose()))?;
    say(format_args!("{PUBLIC}={}", ring.public()))?;
    say(format_args!("{SIGNING}={}", keys.media_signing.expose()))
}

fn make() -> Result<(), Failure> {
    use secrecy::ExposeSecret;
    fs::create_dir_all(".dev")?;
    let pair = vault::generate();
    let signing = Alphanumeric.sample_string(&mut rand::rng(), 48);
    let text = format!("{PRIVATE}={}\n{SIGNING}={signing}\n", pair.private.expose_secret());
    // Written whole under another name first: two commands at once must not read half a file.
    let draft = format!("{FILE}.{}", std::process::id());
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    if fs::hard_link(&draft, FILE).is_err() && !Path::new(FILE).exists() {
        return Err(format!("{FILE} could not be written").into());
    }
    fs::remove_file(&draft)?;
    Ok(())
}
