//! RabbitMQ dies under load and its disk is lost.
//!
//! Over a broker of its own, since the tests' is everybody's. The scripts that run it for developers do so here too.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{
    eventually,
    fleet::{Formation, Plan},
};
use serde_json::json;

use crate::crashes::{all_is_well, crowd, flood};

/// The set of programs of this test.
const SET: &str = "chaos";

struct Broker {
    script: PathBuf,
}

impl Broker {
    fn up() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/dev/services");
        let broker = Self { script };
        broker.run(&["up", "rabbitmq"]);
        broker
    }

    fn url(&self) -> String {
        let printed = self.run(&["env", "rabbitmq"]);
        let url = printed.lines().find_map(|line| line.strip_prefix("FANFARE__BROKER__URL="));
        url.unwrap_or_else(|| panic!("no URL in {printed}")).to_owned()
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.script)
            .args(["--for", SET])
            .args(arguments)
            // What the environment names is used instead, and must not be: it is everybody's.
            .env_remove("FANFARE__BROKER__URL")
            .env_remove("FANFARE__BROKER__URL_FILE")
            .output()
            .expect("deploy/dev/services runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "services {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let mut command = Command::new(&self.script);
        command.args(["--for", SET, "down", "--wipe", "rabbitmq"]).env_remove("FANFARE__BROKER__URL");
        // What is left is taken down by `make services-down`.
        let _ = command.env_remove("FANFARE__BROKER__URL_FILE").output();
    }
}

/// Whether somebody listens.
async fn answers(url: &str) -> bool {
    let url: url::Url = url.parse().expect("a URL");
    let at = (url.host_str().expect("a host"), url.port().expect("a port"));
    tokio::net::TcpStream::connect(at).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_dies_and_loses_everything() {
    // given: much under way
    let broker = Broker::up();
    let fleet = Plan::of(Formation::Apart).broker(&broker.url()).up().await;
    let tenant = fleet.tenant().await;
    let accounts = crowd(&tenant).await;
    let slow = json!({"operation": "publish", "fault": "slow", "times": null, "params": {"delay_ms": 150}});
    tenant.world.fault(slow).await;
    let mut posts = flood(&tenant, &accounts).await;
    eventually("some of it is out", async || (tenant.world.ledger().await.len() > 50).then_some(())).await;

    // when: it is gone, and back on the same port without a memory
    let url = broker.url();
    let wiping = tokio::task::spawn_blocking(move || {
        broker.run(&["wipe", "rabbitmq"]);
        broker
    });
    eventually("it is gone", async || (!answers(&url).await).then_some(())).await;
    posts.push(tenant.post("number 1000", &accounts).await);
    let broker = wiping.await.expect("it is back");

    // then: as if nothing had been
    all_is_well(&tenant, &accounts, &posts).await;
    drop(fleet);
    drop(broker);
}
