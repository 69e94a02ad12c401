//! How much of a processor a post costs. A measurement, so not part of the suite:
//! `cargo nextest run --release -p sandbox --run-ignored only`.

use futures::StreamExt;
use futures::stream;
use serde_json::json;
use tempfile::TempDir;

use crate::given::{answer, client};
use crate::restart::Process;

const POSTS: usize = 20_000;
const CONNECTIONS: usize = 32;
const WANTED_PER_SECOND: f64 = 2_000.0;
/// Clock ticks of `/proc/<pid>/stat` a second, on every Linux in use.
const TICKS: f64 = 100.0;

/// Seconds of processor that a process has used.
fn processor_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    let after_name = stat.rsplit(") ").next().expect("fields");
    let fields: Vec<f64> = after_name.split(' ').filter_map(|field| field.parse().ok()).collect();
    // The state is not a number, so the user's and the system's ticks are the 11th and 12th of the rest.
    (fields[10] + fields[11]) / TICKS
}

#[tokio::test]
#[ignore = "a measurement, meaningful in release mode only"]
async fn a_core_publishes_thousands_of_posts_a_second() {
    let directory = TempDir::new().expect("a directory");
    for platform in ["mastodon", "x"] {
        let process = Process::start(&directory.path().join(platform)).await;
        let client = client();
        let made = client.post(format!("{}/_sandbox/accounts", process.url)).json(&json!({"platform": platform}));
        let token = answer(made).await.text_at("/credentials/access_token");
        let before = processor_seconds(process.pid());
        stream::iter(0..POSTS)
            .map(|number| {
                let (client, token) = (&client, &token);
                let request = match platform {
                    "x" => {
                        client.post(format!("{}/x/2/tweets", process.url)).json(&json!({"text": number.to_string()}))
                    }
                    _ => client
                        .post(format!("{}/api/v1/statuses", process.url))
                        .header("idempotency-key", number.to_string())
                        .json(&json!({"status": format!("number {number} https://example.com/{number} #tag")})),
                };
                async move { answer(request.bearer_auth(token)).await.status }
            })
            .buffer_unordered(CONNECTIONS)
            .for_each(|status| async move { assert!([200, 201].contains(&status)) })
            .await;
        let rate = POSTS as f64 / (processor_seconds(process.pid()) - before);
        process.kill();
        assert!(rate >= WANTED_PER_SECOND, "{platform}: {rate:.0} posts a processor second");
    }
}
