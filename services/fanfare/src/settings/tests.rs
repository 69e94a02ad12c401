//! This process's settings, and that those of all services agree: only this program knows them all.

use std::collections::{BTreeMap, BTreeSet};

use runtime::settings::{Environment, load_from};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::*;

/// Of all that several services read, and of what each has alone.
const SHARED: [(&str, &str); 18] = [
    ("FANFARE__ADMIN__PORT", "9190"),
    ("FANFARE__BROKER__URL", "amqp://broker"),
    ("FANFARE__CONNECTOR__ADMIN__PORT", "9182"),
    ("FANFARE__DATABASE__URL", "postgres://database"),
    ("FANFARE__DISPATCHER__SHUTDOWN_SECONDS", "31"),
    ("FANFARE__EGRESS__ALLOW", "sandbox:8090,localhost:*"),
    ("FANFARE__EGRESS__CA_FILE", "/etc/roots.pem"),
    ("FANFARE__EGRESS__CONNECT_TIMEOUT_MS", "250"),
    ("FANFARE__FANFARE__SHUTDOWN_SECONDS", "41"),
    ("FANFARE__GATEWAY__ADMIN__PORT", "9180"),
    ("FANFARE__LOG__FORMAT", "pretty"),
    ("FANFARE__MEDIA__DIRECTORY", "/media"),
    ("FANFARE__MEDIA__SIGNING_KEY", "0123456789abcdef0123456789abcdef"),
    ("FANFARE__PUBLISHER__LANES", "7"),
    ("FANFARE__SANDBOX__DATA_DIR", "/sandbox"),
    ("FANFARE__SANDBOX__PORT", "8190"),
    ("FANFARE__SANDBOX__URL", "http://sandbox:8090"),
    ("FANFARE__VAULT__PUBLIC_KEYS", "fpk1_a"),
];
const PRIVATE_KEYS: (&str, &str) = ("FANFARE__VAULT__PRIVATE_KEYS", "fsk1_a");

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(variables.iter().copied())
}

fn read<T: DeserializeOwned + Serialize>(reference: &str, environment: &Environment) -> T {
    load_from(reference, KNOWN, environment).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_reference_is_complete() {
    let settings: Settings = read(DEFAULT, &Environment::default());
    assert_eq!((settings.gateway.port, settings.sandbox.port, settings.fanfare.admin.port), (8080, 8090, 9080));
}

#[test]
fn one_environment_serves_all_services() {
    let sealing = environment(&SHARED);
    let opening = environment(&[&SHARED[..], &[PRIVATE_KEYS]].concat());

    let gateway = gateway::Settings::load_from(&sealing).unwrap();
    let publisher: publisher::Settings = read(include_str!("../../../publisher/default.toml"), &opening);
    let connector: connector::Settings = read(include_str!("../../../connector/default.toml"), &opening);
    let dispatcher: dispatcher::Settings = read(include_str!("../../../dispatcher/default.toml"), &opening);
    let sandbox: sandbox::ServiceSettings = read(include_str!("../../../sandbox/default.toml"), &opening);
    let all: Settings = read(DEFAULT, &opening);

    assert_eq!(gateway.vault.public_keys, "fpk1_a");
    for vault in [publisher.vault, connector.vault, dispatcher.vault, all.vault] {
        assert_eq!(vault.private_keys.expose(), "fsk1_a");
    }
    for egress in [gateway.egress, publisher.egress, connector.egress, dispatcher.egress, all.egress] {
        assert_eq!((egress.connect_timeout_ms, egress.allow.len()), (250, 2));
        assert_eq!(egress.ca_file.to_str(), Some("/etc/roots.pem"));
    }
    for url in [gateway.sandbox.url, publisher.sandbox.url, connector.sandbox.url, sandbox.sandbox.url] {
        assert_eq!(url, "http://sandbox:8090");
    }
    assert_eq!((sandbox.sandbox.port, all.sandbox.port), (8190, 8190));
    assert_eq!(publisher.media.directory, gateway.media.directory);
}

#[test]
fn the_gateway_alone_is_not_to_have_what_opens() {
    let refused = gateway::Settings::load_from(&environment(&[PRIVATE_KEYS])).unwrap_err().to_string();
    assert!(refused.contains(PRIVATE_KEYS.0) && !refused.contains(PRIVATE_KEYS.1), "{refused}");
}

#[test]
fn the_operators_apps_are_read_by_network() {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "s3cr3t\n").unwrap();
    let variables = |name: &str, value: &str| {
        load_from::<Settings>(DEFAULT, KNOWN, &environment(&[(name, value)])).map_err(|error| error.to_string())
    };
    let read = variables("FANFARE__PLATFORMS__X__DEFAULT_APP__CLIENT_SECRET_FILE", secret.to_str().unwrap()).unwrap();
    let app = &read.platforms[&domain::platform::Platform::X]["default_app"];
    assert_eq!((app.client_secret.expose(), app.client_id.as_str()), ("s3cr3t", ""));
    assert!(!runtime::settings::effective(&read).unwrap().contains("s3cr3t"));

    let read = variables("FANFARE__PLATFORMS__X__DEFAULT_APP__SCOPES", "tweet.read, tweet.write").unwrap();
    assert_eq!(read.platforms[&domain::platform::Platform::X]["default_app"].scopes, ["tweet.read", "tweet.write"]);
    for unknown in ["FANFARE__PLATFORMS__MYSPACE__DEFAULT_APP__CLIENT_ID", "FANFARE__PLATFORMS__X__DEFAULT_APP__NAME"] {
        let refused = variables(unknown, "a").unwrap_err();
        assert!(refused.contains("myspace") || refused.contains("name"), "{refused}");
    }
}

#[test]
fn what_is_known_is_what_the_references_have() {
    fn shown<T: DeserializeOwned + Serialize>(reference: &str) -> Value {
        serde_json::to_value(read::<T>(reference, &Environment::default())).unwrap()
    }
    let services = [
        shown::<Settings>(DEFAULT),
        shown::<gateway::Settings>(include_str!("../../../gateway/default.toml")),
        shown::<publisher::Settings>(include_str!("../../../publisher/default.toml")),
        shown::<connector::Settings>(include_str!("../../../connector/default.toml")),
        shown::<dispatcher::Settings>(include_str!("../../../dispatcher/default.toml")),
        shown::<sandbox::ServiceSettings>(include_str!("../../../sandbox/default.toml")),
    ];

    // Of each section, what each of the services that read it has of it.
    let mut readers: BTreeMap<&str, Vec<BTreeSet<String>>> = BTreeMap::new();
    for (section, value) in services.iter().flat_map(|service| service.as_object().unwrap()) {
        let mut keys = BTreeSet::new();
        collect(section, value, &mut keys);
        readers.entry(section).or_default().push(keys);
    }
    let of_some = readers.values().flat_map(|each| {
        let all: BTreeSet<&String> = each.iter().flatten().collect();
        all.into_iter().filter(|key| each.iter().any(|keys| !keys.contains(*key))).map(String::as_str)
    });
    let expected: BTreeSet<&str> = readers.keys().copied().chain(of_some).collect();

    assert_eq!(KNOWN.iter().copied().collect::<BTreeSet<_>>(), expected);
}

fn collect(path: &str, value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(table) => table.iter().for_each(|(key, value)| collect(&format!("{path}.{key}"), value, keys)),
        _ => drop(keys.insert(path.to_owned())),
    }
}
