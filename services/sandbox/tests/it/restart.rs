//! What was answered is remembered, however the process ends.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sandbox::{Sandbox, SandboxError};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::given::{Given, answer, client, settings};
use crate::posting::{ALL, Network};

/// The journal of the only world there is.
fn journal(directory: &TempDir) -> std::path::PathBuf {
    directory.path().join("data/world-000001/journal.jsonl")
}

/// A sandbox in a process of its own.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
}

impl Process {
    pub(crate) async fn start(data: &Path) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let child = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .env("FANFARE__SANDBOX__PORT", free.to_string())
            .env("FANFARE__SANDBOX__DATA_DIR", data)
            .env("FANFARE__ADMIN__PORT", "0")
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox's binary");
        let url = format!("http://127.0.0.1:{free}");
        let client = client();
        while client.get(format!("{url}/_sandbox/faults")).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { child, url }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a running process");
        self.child.wait().expect("its end");
    }
}

async fn post(url: &str, path: &str, body: Value) -> Value {
    let request = client().post(format!("{url}{path}")).json(&body);
    answer(request).await.body
}

#[tokio::test]
async fn every_post_answered_before_a_kill_is_there_after_it() {
    let directory = TempDir::new().expect("a directory");
    let process = Process::start(directory.path()).await;
    let account = post(&process.url, "/_sandbox/accounts", json!({"platform": "mastodon"})).await;
    let token = account["credentials"]["access_token"].as_str().expect("a token").to_owned();
    // Writers go on until the kill ends them, each remembering what was answered.
    let enough = Arc::new(Semaphore::new(0));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (url, token, client) = (process.url.clone(), token.clone(), client());
            let enough = Arc::clone(&enough);
            tokio::spawn(async move {
                let mut answered = Vec::new();
                for number in 0.. {
                    let key = format!("{writer}-{number}");
                    let request = client.post(format!("{url}/api/v1/statuses")).bearer_auth(&token);
                    let request = request.header("idempotency-key", &key).json(&json!({"status": key}));
                    let Ok(response) = request.send().await else { break };
                    let Ok(body) = response.json::<Value>().await else { break };
                    answered.push((key, body["id"].as_str().expect("an id").to_owned()));
                    enough.add_permits(1);
                }
                answered
            })
        })
        .collect();
    let _ = enough.acquire_many(200).await.expect("open");
    process.kill();
    let mut answered = Vec::new();
    for writer in writers {
        answered.extend(writer.await.expect("a writer"));
    }
    assert!(answered.len() >= 200, "{}", answered.len());

    let process = Process::start(directory.path()).await;
    let ledger = answer(client().get(format!("{}/_sandbox/ledger", process.url))).await;
    let entries = ledger.body["data"].as_array().expect("entries");
    for (key, id) in &answered {
        let found = entries.iter().filter(|entry| entry["platform_post_id"] == *id && entry["text"] == *key).count();
        assert_eq!(found, 1, "{key}");
    }
    let numbers: Vec<u64> = entries.iter().filter_map(|entry| entry["seq"].as_u64()).collect();
    assert!(numbers.iter().zip(1..).all(|(seq, expected)| *seq == expected));
    // The token and the keys still work: the last post of each writer is answered again.
    for (key, id) in answered.iter().rev().take(4) {
        let request = client().post(format!("{}/api/v1/statuses", process.url)).bearer_auth(&token);
        let repeated = answer(request.header("idempotency-key", key).json(&json!({"status": key}))).await.expect(200);
        assert_eq!(repeated.body["id"], *id);
    }
    process.kill();
}

#[tokio::test]
async fn accounts_tokens_faults_and_clock_outlive_a_restart() {
    let directory = TempDir::new().expect("a directory");
    let start = || async { Sandbox::start(settings(&directory)).await.expect("a sandbox") };
    let given = Given::over(start().await);
    let mut authors = Vec::new();
    for network in ALL {
        let author = network.author(&given, "alice").await;
        author.publish(&given, "Hello").await.expect("an answer").expect(network.accepts());
        authors.push(author);
    }
    let marked = "b [sandbox:throttle:1]";
    authors[0].publish(&given, marked).await.expect("an answer").expect(429);
    given.fault(json!({"platform": "x", "operation": "publish", "fault": "reject", "times": 2})).await;
    authors[3].publish(&given, "Hi").await.expect("an answer").expect(403);
    given.advance("PT30M").await;
    given.enforce_quotas().await;
    let before = given.ledger("").await;
    given.sandbox.stop().await;

    let given = Given::over(start().await);
    assert_eq!(given.ledger("").await, before);
    let clock = answer(given.get("/_sandbox/clock")).await;
    assert_eq!(clock.body["ahead"], "PT30M");
    let quotas = answer(given.get("/_sandbox/quotas")).await;
    assert!(quotas.body["data"].as_array().expect("each").iter().all(|each| each["enforce"] == true));
    authors[3].publish(&given, "Hi").await.expect("an answer").expect(403);
    for author in &authors {
        author.publish(&given, "Hi").await.expect("an answer").expect(author.network.accepts());
        let probe = answer(author.probing(&given)).await.expect(200);
        assert!(probe.text.contains("Hello"), "{probe:?}");
    }
    authors[0].publish(&given, marked).await.expect("an answer").expect(200);
    // Ids go on growing.
    let ledger = given.ledger("?platform=mastodon").await;
    assert!(ledger[0]["platform_post_id"].as_str() < ledger[1]["platform_post_id"].as_str());
    given.sandbox.stop().await;
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off_and_a_broken_one_before_it_is_an_error() {
    let directory = TempDir::new().expect("a directory");
    let given = Given::over(Sandbox::start(settings(&directory)).await.expect("a sandbox"));
    let author = Network::X.author(&given, "alice").await;
    author.publish(&given, "Hello").await.expect("an answer").expect(201);
    given.sandbox.stop().await;
    let whole = std::fs::read(journal(&directory)).expect("a journal");
    let append = |bytes: &[u8]| {
        let mut file = std::fs::OpenOptions::new().append(true).open(journal(&directory)).expect("a journal");
        file.write_all(bytes).expect("room");
    };
    append(br#"{"at":"2026-11-22T10:00:00Z","source":{"network":"x"},"fact":{"pos"#);

    let given = Given::over(Sandbox::start(settings(&directory)).await.expect("a sandbox"));
    assert_eq!(author.public(&given).await, ["Hello"]);
    author.publish(&given, "Again").await.expect("an answer").expect(201);
    given.sandbox.stop().await;
    let grown = std::fs::read(journal(&directory)).expect("a journal");
    assert!(grown.starts_with(&whole) && grown.ends_with(b"\n"));

    append(b"nonsense\n{}\n");
    let refused = Sandbox::start(settings(&directory)).await.err();
    assert!(matches!(refused, Some(SandboxError::Journal { line, .. }) if line > 2), "{refused:?}");
}

#[tokio::test]
async fn a_data_directory_has_one_sandbox_at_a_time() {
    let directory = TempDir::new().expect("a directory");
    let first = Sandbox::start(settings(&directory)).await.expect("a sandbox");
    let second = Sandbox::start(settings(&directory)).await.err();
    assert!(matches!(second, Some(SandboxError::InUse { .. })), "{second:?}");
    first.stop().await;
    Sandbox::start(settings(&directory)).await.expect("a sandbox").stop().await;
}

#[tokio::test]
async fn forgetting_leaves_nothing_also_after_a_restart() {
    let directory = TempDir::new().expect("a directory");
    let given = Given::over(Sandbox::start(settings(&directory)).await.expect("a sandbox"));
    let author = Network::X.author(&given, "alice").await;
    author.publish(&given, "Hello").await.expect("an answer").expect(201);
    given.advance("P1D").await;
    answer(given.delete("/_sandbox")).await.expect(204);
    assert!(given.ledger("").await.is_empty());
    author.publish(&given, "Hello").await.expect("an answer").expect(401);
    assert_eq!(answer(given.get("/_sandbox/clock")).await.body["ahead"], "PT0S");
    given.sandbox.stop().await;

    let given = Given::over(Sandbox::start(settings(&directory)).await.expect("a sandbox"));
    assert!(given.ledger("").await.is_empty());
    let author = Network::X.author(&given, "alice").await;
    author.publish(&given, "Hello").await.expect("an answer").expect(201);
    given.sandbox.stop().await;
}
