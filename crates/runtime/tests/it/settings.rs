//! Settings over a made-up service with the sections `http`, `egress` and `broker`; `media` is somebody else's.

use std::{collections::BTreeMap, io::Write as _};

use runtime::{
    secret::Secret,
    settings::{Environment, Known, SettingsError, effective, load_from},
};
use serde::{Deserialize, Serialize};

const DEFAULT: &str = r#"
    [http]
    host = "127.0.0.1"
    port = 8080
    body_file = "reference"

    [egress]
    allow = ["public"]
    timeout_ms = 500

    [broker]
    url = ""

    [apps]
"#;

const KNOWN: &[&str] =
    &["http", "egress", "egress.ca_file", "broker", "broker.token", "broker.token_file_format", "apps", "media"];

#[derive(Debug, Serialize, Deserialize)]
struct Settings {
    http: Http,
    egress: Egress,
    broker: Broker,
    apps: BTreeMap<String, App>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Http {
    host: String,
    port: u16,
    body_file: String,
    public_url: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Egress {
    allow: Vec<String>,
    timeout_ms: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Broker {
    url: Secret,
}

#[derive(Debug, Serialize, Deserialize)]
struct App {
    client_secret: Secret,
}

fn load(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    load_from(DEFAULT, KNOWN, &Environment::of(variables.iter().copied()))
}

fn refusal(variables: &[(&str, &str)]) -> String {
    load(variables).unwrap_err().to_string()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

#[test]
fn without_variables_the_reference_holds() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.http.host, "127.0.0.1");
    assert_eq!(settings.http.port, 8080);
    assert_eq!(settings.http.public_url, None);
    assert_eq!(settings.egress.allow, ["public"]);
    assert!(settings.broker.url.is_empty());
}

#[test]
fn variables_override_numbers_texts_lists_and_what_has_no_default() {
    let settings = load(&[
        ("FANFARE__HTTP__PORT", "0"),
        ("FANFARE__HTTP__HOST", "0123"),
        ("FANFARE__HTTP__PUBLIC_URL", "https://fanfare.example"),
        ("FANFARE__EGRESS__ALLOW", "127.0.0.1:*, localhost:*,"),
        ("FANFARE__APPS__X__CLIENT_SECRET", "s"),
        ("PATH", "/bin"),
    ])
    .unwrap();
    assert_eq!(settings.http.port, 0);
    assert_eq!(settings.http.host, "0123", "a text that looks like a number stays as it is");
    assert_eq!(settings.http.public_url.as_deref(), Some("https://fanfare.example"));
    assert_eq!(settings.egress.allow, ["127.0.0.1:*", "localhost:*"]);
    assert_eq!(settings.apps["x"].client_secret.expose(), "s");
    assert!(load(&[("FANFARE__EGRESS__ALLOW", "")]).unwrap().egress.allow.is_empty());
}

#[test]
fn a_secret_can_come_from_a_file_without_its_line_end() {
    let secret = file("amqp://u:p@host\n");
    let settings = load(&[("FANFARE__BROKER__URL_FILE", path(&secret))]).unwrap();
    assert_eq!(settings.broker.url.expose(), "amqp://u:p@host");
}

#[test]
fn a_key_whose_own_name_ends_in_file_is_not_read_as_one() {
    let settings = load(&[("FANFARE__HTTP__BODY_FILE", "/nowhere")]).unwrap();
    assert_eq!(settings.http.body_file, "/nowhere");
}

#[test]
fn a_value_given_twice_is_refused() {
    let secret = file("amqp://b");
    let text = refusal(&[("FANFARE__BROKER__URL", "amqp://a"), ("FANFARE__BROKER__URL_FILE", path(&secret))]);
    assert_eq!(text, "the variable FANFARE__BROKER__URL_FILE sets a value that another variable sets too");
}

#[test]
fn a_settings_file_lies_between_the_reference_and_the_environment() {
    let settings_file = file("[http]\nport = 1\nhost = \"::1\"\n[egress]\nallow = [\"a\"]\n[media]\nanything = 1\n");
    let settings = load(&[("FANFARE_CONFIG", path(&settings_file)), ("FANFARE__HTTP__PORT", "2")]).unwrap();
    assert_eq!(settings.http.port, 2);
    assert_eq!(settings.http.host, "::1");
    assert_eq!(settings.egress.allow, ["a"]);
}

#[test]
fn sections_of_other_services_are_passed_over() {
    load(&[("FANFARE__MEDIA__WHATEVER", "1")]).unwrap();
}

#[test]
fn keys_that_only_others_read_are_passed_over_unread() {
    let settings_file = file("[broker]\ntoken = \"t\"\nurl = \"amqp://a\"\n");
    let settings = load(&[
        ("FANFARE_CONFIG", path(&settings_file)),
        ("FANFARE__EGRESS__CA_FILE", "/nowhere/roots.pem"),
        ("FANFARE__BROKER__TOKEN_FILE", "/nowhere/token"),
        ("FANFARE__BROKER__TOKEN_FILE_FORMAT", "pem"),
    ])
    .unwrap();
    assert_eq!(settings.broker.url.expose(), "amqp://a");
}

#[test]
fn a_key_that_is_withheld_is_refused_wherever_it_is_set() {
    let load = |variables: &[(&str, &str)]| {
        let known = Known::from(KNOWN).withholding("broker.token", "it opens the broker");
        load_from::<Settings>(DEFAULT, known, &Environment::of(variables.iter().copied())).map_err(|e| e.to_string())
    };
    assert_eq!(
        load(&[("FANFARE__BROKER__TOKEN", "t")]).unwrap_err(),
        "`broker.token`, set by FANFARE__BROKER__TOKEN, must not be given to this process: it opens the broker"
    );
    assert!(load(&[("FANFARE__BROKER__TOKEN_FILE", "/nowhere")]).unwrap_err().contains("must not be given"));
    let settings_file = file("[broker]\ntoken = \"t\"\n");
    assert!(load(&[("FANFARE_CONFIG", path(&settings_file))]).unwrap_err().contains("`broker.token`, set by /"));
    load(&[("FANFARE__BROKER__TOKEN", "")]).unwrap();
    let settings_file = file("[broker]\ntoken = \"\"\n");
    load(&[("FANFARE_CONFIG", path(&settings_file))]).unwrap();
}

#[test]
fn a_section_nobody_knows_is_refused_by_name() {
    let text = refusal(&[("FANFARE__HTTPS__PORT", "1")]);
    assert_eq!(
        text,
        "unknown section `https` in FANFARE__HTTPS__PORT; the sections are: apps, broker, egress, http, media"
    );
    let settings_file = file("[nobody]\nx = 1\n");
    let text = refusal(&[("FANFARE_CONFIG", path(&settings_file))]);
    assert!(text.starts_with("unknown section `nobody` in /"), "{text}");
}

#[test]
fn an_unknown_key_of_a_section_of_ours_is_refused_with_the_keys_there_are() {
    let text = refusal(&[("FANFARE__EGRESS__ALOW", "x")]);
    assert_eq!(text, "unknown setting `egress.alow` in FANFARE__EGRESS__ALOW; `egress` has: allow, timeout_ms");
    let text = refusal(&[("FANFARE__EGRESS__TIMEOUT_MS__EXTRA", "1")]);
    assert!(text.contains("egress.timeout_ms"), "{text}");
    let settings_file = file("[egress]\nalow = []\n");
    let text = refusal(&[("FANFARE_CONFIG", path(&settings_file))]);
    assert!(text.starts_with("unknown setting `egress.alow` in /"), "{text}");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_by_name() {
    let text = refusal(&[("FANFARE__HTTP__PORT", "eighty")]);
    assert!(text.contains("`http.port`") && text.contains("FANFARE__HTTP__PORT"), "{text}");
    assert!(refusal(&[("FANFARE__HTTP__PORT", "65536")]).contains("http.port"));
}

#[test]
fn names_that_cannot_be_a_key_are_refused() {
    for name in ["FANFARE__HTTP", "FANFARE__", "FANFARE__HTTP__", "FANFARE__HTTP__A.B"] {
        assert!(refusal(&[(name, "1")]).contains(name), "{name}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let text = refusal(&[("FANFARE__BROKER__URL_FILE", "/nowhere/secret")]);
    assert_eq!(text, "reading `/nowhere/secret`, which FANFARE__BROKER__URL_FILE names");
    assert!(refusal(&[("FANFARE_CONFIG", "/nowhere/file.toml")]).contains("FANFARE_CONFIG"));
    let broken = file("[http\n");
    assert!(refusal(&[("FANFARE_CONFIG", path(&broken))]).contains("not valid TOML"));
}

#[test]
fn effective_values_are_printed_with_secrets_masked() {
    let settings = load(&[("FANFARE__BROKER__URL", "amqp://u:hunter2@host")]).unwrap();
    assert_eq!(
        effective(&settings).unwrap(),
        concat!(
            "broker.url = \"****\"\n",
            "egress.allow = [\"public\"]\n",
            "egress.timeout_ms = 500\n",
            "http.body_file = \"reference\"\n",
            "http.host = \"127.0.0.1\"\n",
            "http.port = 8080\n",
            "# http.public_url is not set\n",
        )
    );
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_key_of_the_reference_that_nothing_reads_is_refused() {
    let default = DEFAULT.replace("port = 8080", "port = 8080\nprot = 1");
    let text = load_from::<Settings>(&default, KNOWN, &Environment::default()).unwrap_err().to_string();
    assert!(text.starts_with("unknown setting `http.prot` in the embedded default settings"), "{text}");
}
