//! A database put back from a backup: nothing that went out since goes out again.

use std::{collections::HashMap, time::Duration};

use domain::platform::Platform;
use e2e::{
    Connected, Fleet, House, Options, Tenant, Transport, eventually,
    fleet::{Formation, Program},
    tenant::{id, ids},
    waiting::within,
};
use jiff::{SignedDuration, Timestamp};
use platforms::ProbeClass;
use serde_json::{Value, json};
use store::identity;

/// What comes between a lost answer and finding out is half a minute each in production.
const HASTE: [(&str, &str); 3] = [
    ("FANFARE__PUBLISHER__SEND_TIMEOUT_MS", "1500"),
    ("FANFARE__PUBLISHER__GRACE_MS", "200"),
    ("FANFARE__PUBLISHER__LEASE_MS", "4000"),
];

/// A list that may lag, a key that is looked up and a key that repeats: every way to find out what went out.
const NETWORKS: [Platform; 3] = [Platform::X, Platform::Bluesky, Platform::Mastodon];

/// To every account that sends after the backup.
const POSTS: usize = 4;

/// Asking again comes half a minute later and more. A list is taken for complete a minute after what is looked for.
const ASK_NOW: &str = "WITH old AS (SELECT subject_id, account_id FROM publish_queue \
        WHERE due_at > now() AND first_due_at < now() - interval '61 seconds'), \
    asked AS (UPDATE post_targets t SET next_at = now() FROM old \
        WHERE t.id = old.subject_id AND t.state IN ('unconfirmed', 'queued') AND t.platform <> 'x' RETURNING t.id), \
    due AS (UPDATE publish_queue q SET due_at = now() FROM asked WHERE q.subject_id = asked.id RETURNING q.account_id) \
    UPDATE jobs j SET wake_at = now() FROM due WHERE j.kind = 1 AND j.key = due.account_id AND j.lease_until IS NULL";

/// On each of these networks: an account whose posts go out after the backup, one whose posts do not, one in the midst of it.
struct Cast {
    sending: Vec<Connected>,
    stuck: Vec<Connected>,
    midst: Vec<Connected>,
}

impl Cast {
    async fn of(tenant: &Tenant) -> Self {
        Self {
            sending: tenant.connect_on(&NETWORKS).await,
            stuck: tenant.connect_on(&NETWORKS).await,
            midst: tenant.connect_on(&NETWORKS).await,
        }
    }

    fn account(&self, target: &Value) -> &Connected {
        let mut all = self.sending.iter().chain(&self.stuck).chain(&self.midst);
        all.find(|account| target["account_id"] == account.id).expect("its account")
    }
}

async fn fault(tenant: &Tenant, accounts: &[Connected], fault: &str, params: Value) {
    for account in accounts {
        let (platform, account) = (account.platform(), &account.resident.account);
        let fault = json!({"platform": platform, "account": account, "operation": "publish", "fault": fault,
            "times": null, "params": params});
        tenant.world.fault(fault).await;
    }
}

async fn schedule(tenant: &Tenant, content: &str, at: Timestamp, accounts: &[Connected]) -> Value {
    tenant.post_body(json!({"content": content, "scheduled_at": at, "accounts": ids(accounts)})).await
}

/// How often each text is live on each account.
async fn live(tenant: &Tenant) -> HashMap<(String, String), usize> {
    let mut live = HashMap::new();
    for entry in tenant.world.ledger().await {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        *live.entry((text("account"), text("text"))).or_default() += 1;
    }
    live
}

/// Whether a network is asked by a list that may lag.
fn may_lag(platform: Platform) -> bool {
    platforms::network(platform).spec().probe == ProbeClass::Listing
}

/// Those that something may still happen to, but for those that wait for such a list, with their attempts.
async fn open_targets(tenant: &Tenant, cast: &Cast, posts: &[&Value]) -> Vec<Value> {
    let mut open = Vec::new();
    for post in posts {
        let post = tenant.read(post).await;
        for target in post["targets"].as_array().expect("targets") {
            match target["status"].as_str() {
                Some("published") => {}
                Some("unconfirmed") if may_lag(cast.account(target).platform()) => {}
                _ => open.push(json!({"target": target, "attempts": tenant.attempts(&post).await})),
            }
        }
    }
    open
}

fn uuid(post: &Value) -> &str {
    id(post).strip_prefix("post_").expect("a post's id")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_went_out_after_the_backup_does_not_go_out_again() {
    // given: posts that are out, are being sent, are due while no publisher runs, and are due in an hour
    let mut fleet = Fleet::up(Formation::Apart, &HASTE).await;
    let tenant = fleet.tenant().await;
    let cast = Cast::of(&tenant).await;
    let out = tenant.post("out before the backup", &cast.sending).await;
    tenant.settled(&out).await;
    fault(&tenant, &cast.midst, "slow", json!({"delay_ms": 1_000})).await;
    fault(&tenant, &cast.stuck, "throttle", json!({"reset_s": 600})).await;
    let midst = tenant.post("in the midst of it", &cast.midst).await;
    let sending = "SELECT count(*) FROM target_parts WHERE status = 'sending'";
    eventually("the sends are under way", async || (fleet.db.count(sending).await == 3).then_some(())).await;
    fleet.kill(Program::Publisher);
    let now: Timestamp = fleet.db.texts("SELECT to_json(now())#>>'{}'").await[0].parse().expect("a time");
    let mut due = Vec::new();
    for number in 0..POSTS {
        due.push(schedule(&tenant, &format!("after the backup, number {number}"), now, &cast.sending).await);
    }
    let thread: Vec<_> = ["one", "two", "three"].map(|text| json!({"content": format!("part {text}")})).into();
    due.push(
        tenant.post_body(json!({"containers": thread, "scheduled_at": now, "accounts": ids(&cast.sending)})).await,
    );
    let stuck = schedule(&tenant, "not out yet", now, &cast.stuck).await;
    let ahead = schedule(&tenant, "in an hour", now + SignedDuration::from_hours(1), &cast.sending).await;

    // when: a backup is made, what is due goes out, more is posted, and the backup is put back
    fleet.kill_services();
    // A list is taken for complete a minute after what is looked for: nobody wants to wait for that.
    let age = "UPDATE publish_queue SET first_due_at = first_due_at - interval '2 minutes' WHERE due_at <= now()";
    fleet.db.execute(age).await;
    let lost_since = now.to_string();
    let backup = fleet.db.backup().await;
    fleet.start_services();
    fleet.are_ready().await;
    for post in &due {
        assert_eq!(tenant.settled(post).await["status"], "published");
    }
    eventually("what was being sent is found out", async || {
        let targets = tenant.read(&midst).await["targets"].clone();
        let open = |target: &Value| !matches!(target["status"].as_str(), Some("published" | "unconfirmed"));
        (!targets.as_array().expect("targets").iter().any(open)).then_some(())
    })
    .await;
    let lost = tenant.post("unknown to the backup", &cast.sending).await;
    tenant.settled(&lost).await;
    let before = live(&tenant).await;
    fleet.kill_services();
    fleet.db.restore(&backup).await;
    tenant.world.no_faults().await;
    fleet.start_services();
    fleet.are_ready().await;

    // then: it is held, loudly, and nothing goes out
    let gauge = "fanfare_publishing_held{service=\"gateway\"} 1";
    // (a gateway whose database does not answer yet keeps the gauge as it was)
    eventually("it is measured", async || fleet.metrics_of(Program::Gateway).await.contains(gauge).then_some(())).await;
    eventually("it is said", async || fleet.log_of(Program::Gateway).contains("publishing is held").then_some(()))
        .await;
    let doctor = fleet.fanfare(&["doctor"]).await;
    assert!(!doctor.is_done && doctor.out.contains("FAIL  sending   publishing is held"), "{doctor:?}");
    let meanwhile = tenant.post("while it is held", &cast.sending).await;
    let waited = "SELECT count(*) FROM publish_queue WHERE due_at < now() - interval '3 seconds' AND first_due_at > \
        (SELECT held_at FROM instance_identity)";
    eventually("it would have gone out", async || (fleet.db.count(waited).await == 3).then_some(())).await;
    assert_eq!(live(&tenant).await, before);
    // What is accepted more than a minute after it was noticed is known not to be out.
    let of_it =
        format!("UPDATE posts SET created_at = created_at + interval '2 minutes' WHERE id = '{}'", uuid(&meanwhile));
    fleet.db.execute(&of_it).await;

    // when: the operator releases it, with a slip at first
    for (arguments, said) in [
        (["--lost-since", "yesterday"], "invalid value 'yesterday'"),
        (["--lost-since", "2999-01-01T00:00:00Z"], "lies ahead of the database's clock"),
    ] {
        let refused = fleet.fanfare(&[&["release"][..], &arguments].concat()).await;
        assert!(!refused.is_done && refused.err.contains(said), "{refused:?}");
    }
    let released = fleet.fanfare(&["release", "--lost-since", &lost_since]).await;
    assert!(released.is_done && released.out.ends_with("publishing goes on\n"), "{released:?}");
    // (four posts, a thread and what is stuck, on each network)
    assert!(released.out.starts_with("18 targets were due"), "{released:?}");
    assert!(released.out.contains("mastodon   6"), "{released:?}");

    // then: what is due is accounted for
    let posts: Vec<&Value> = due.iter().chain([&out, &midst, &stuck, &meanwhile]).collect();
    let patience = Duration::from_secs(60);
    let mut open = Vec::new();
    let look = async || {
        fleet.db.execute(ASK_NOW).await;
        open = open_targets(&tenant, &cast, &posts).await;
        open.is_empty().then_some(())
    };
    let accounted = tokio::time::timeout(patience, within(patience * 2, "all is accounted for", look)).await;
    assert!(accounted.is_ok(), "{open:#?}");
    let after = live(&tenant).await;
    let twice: Vec<_> = after.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "live twice: {twice:#?}");
    assert!(before.keys().all(|entry| after.contains_key(entry)));
    let mut unconfirmed = 0;
    for post in &posts {
        let post = tenant.read(post).await;
        for target in post["targets"].as_array().expect("targets") {
            let account = cast.account(target);
            let entries = tenant.world.ledger_of(&account.resident.account).await;
            let ids: Vec<_> = entries.iter().map(|entry| &entry["platform_post_id"]).collect();
            let attempts = tenant.attempts(&post).await;
            for part in target["parts"].as_array().expect("parts") {
                if target["status"] == "published" {
                    assert!(ids.contains(&&part["platform_post_id"]), "{part:#}\n{entries:#?}\n{attempts:#?}");
                } else {
                    // A list that may lag does not prove that something is not there; what is there is found.
                    let text =
                        (account.resident.account.clone(), post["content"].as_str().unwrap_or_default().to_owned());
                    assert!(!after.contains_key(&text), "it is live and could be found: {target:#}\n{attempts:#?}");
                    unconfirmed += 1;
                }
            }
        }
    }
    let lagging = e2e::tenant::wordy().filter(|platform| may_lag(*platform)).count();
    assert!(unconfirmed <= 2 * lagging, "{unconfirmed}: what was stuck, or was being sent and never arrived");
    assert_eq!(tenant.read(&ahead).await["status"], "scheduled");

    // and what comes later goes out as ever
    let later = tenant.post("after the release", &cast.sending).await;
    let later = tenant.settled(&later).await;
    assert_eq!(later["status"], "published", "{later:#}");
    assert!(!fleet.metrics_of(Program::Gateway).await.contains(gauge));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_too_late_while_it_was_held_says_so() {
    // given
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    identity::hold(&house.database, "the disks are copied").await.expect("a hold");

    // when
    let brief = json!({"content": "news", "max_lateness": "PT1S", "accounts": ids(&accounts)});
    let brief = tenant.post_body(brief).await;
    let patient = tenant.post("no news", &accounts).await;
    let late = "SELECT count(*) FROM publish_queue WHERE expire_at < now()";
    let all = i64::try_from(accounts.len()).expect("a handful");
    eventually("it is too late", async || (house.db.count(late).await == all).then_some(())).await;
    assert_eq!(tenant.world.ledger().await, Vec::<Value>::new());
    identity::release(&house.database, None).await.expect("a release");

    // then
    let brief = tenant.settled(&brief).await;
    for target in brief["targets"].as_array().expect("targets") {
        assert_eq!((&target["status"], &target["error_code"]), (&json!("failed"), &json!("too_late")), "{target:#}");
        let message = target["error_message"].as_str().unwrap_or_default();
        assert!(message.starts_with("Publishing was held: the disks are copied"), "{target:#}");
    }
    assert_eq!(tenant.settled(&patient).await["status"], "published");
    house.down().await.expect("an orderly end");
}
