//! Secrets that somebody planted are found nowhere: no log line, queue message, event, webhook body, stored row or answer.

use std::collections::BTreeSet;

use domain::platform::Platform;
use e2e::{
    Caller, Connected, Fleet, Tenant, eventually,
    fleet::{Formation, Program},
    hooks::Hook,
    parrot::{Parrot, Says},
    tape::Tape,
    tenant::{self, Policies, id},
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

/// All that ours say, down to the last word.
const LOUD: &str =
    "info,gateway=trace,publisher=trace,connector=trace,dispatcher=trace,store=trace,bus=trace,egress=trace";

/// What is planted by name, so that it is known when it is found.
struct Planted(BTreeSet<String>);

impl Planted {
    /// Long enough that nothing else looks like it.
    fn plant(&mut self, what: &str) -> String {
        let secret = format!("planted-{what}-{}", Uuid::new_v4().simple());
        self.0.insert(secret.clone());
        secret
    }

    /// The secrets among an account's credentials.
    fn take(&mut self, credentials: &Value) {
        let fields = credentials.as_object().expect("an object");
        let secrets =
            fields.iter().filter(|(name, _)| ["token", "secret", "password"].iter().any(|word| name.contains(word)));
        let before = self.0.len();
        self.0.extend(secrets.filter_map(|(_, value)| value.as_str().map(str::to_owned)));
        assert!(self.0.len() > before, "no secret in {fields:?}");
    }

    /// Those that are in some bytes, as they are or as a URL, JSON, hex or Base64 would have them.
    fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let text = String::from_utf8_lossy(bytes);
        let is_there = |secret: &&String| forms(secret).iter().any(|form| text.contains(form.as_str()));
        self.0.iter().filter(is_there).map(String::as_str).collect()
    }
}

fn forms(secret: &str) -> Vec<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    // Base64 depends on where in the text it begins; what depends on its neighbours is left out.
    let shifted = (0..3).map(|shift| {
        let text = STANDARD_NO_PAD.encode([&vec![0; shift][..], secret.as_bytes()].concat());
        text[4..text.len() - 4].to_owned()
    });
    [secret.to_owned(), encoded, hex].into_iter().chain(shifted).collect()
}

/// A fleet whose wires are listened to.
struct Overheard {
    fleet: Fleet,
    tenant: Tenant,
    parrot: Parrot,
    broker: Tape,
    front: Tape,
    _broker: testkit::TestBroker,
}

impl Overheard {
    async fn up() -> Self {
        let broker = testkit::broker().await;
        let (tape, broker_url) = Tape::to_url(broker.url()).await;
        let plan = e2e::fleet::Plan::of(Formation::Apart).broker(&broker_url).linked();
        let fleet = plan.settings(&[("FANFARE__LOG__FILTER", LOUD)]).up().await;
        let address = |url: &Url| format!("127.0.0.1:{}", url.port().expect("a port"));
        let parrot = Parrot::before(&address(fleet.world.caller().origin())).await;
        fleet.links().networks.turn_to(&parrot.address().to_string());
        let (front, front_url) = Tape::to_url(fleet.gateway.origin().as_str()).await;
        let front_caller = Caller::of(&front_url.parse().expect("a URL"));
        let tenant = tenant::move_in(&fleet.database, &front_caller, &fleet.world, Policies::default()).await;
        Self { fleet, tenant, parrot, broker: tape, front, _broker: broker }
    }

    /// From now on the networks say again what they are told, in an error of this kind.
    fn networks_repeat(&self, about: &'static str, status: u16, error: &'static str) {
        self.parrot.say(Some(Says { about, status, error }));
    }

    /// Returns how often they did.
    fn networks_behave(&self) -> usize {
        self.parrot.say(None)
    }

    /// Everything there is to look through, by name.
    async fn everything(&self, hook: &Hook) -> Vec<(String, Vec<u8>)> {
        let mut all = Vec::new();
        for program in [Program::Gateway, Program::Publisher, Program::Connector, Program::Dispatcher] {
            all.push((format!("the log of the {program}"), self.fleet.log_of(program).into_bytes()));
        }
        let wires =
            [("a queue", self.broker.there()), ("a queue", self.broker.back()), ("an answer", self.front.back())];
        for (name, tracks) in wires {
            all.extend(tracks.into_iter().map(|track| (name.to_owned(), track)));
        }
        for received in hook.receiver.received_at("/hook") {
            all.push(("a webhook's body".to_owned(), received.body));
        }
        let tables = "SELECT table_name::text FROM information_schema.tables \
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
        for table in self.fleet.db.texts(tables).await {
            let rows = self.fleet.db.texts(&format!("SELECT t::text FROM {table} t")).await;
            all.push((format!("the table {table}"), rows.join("\n").into_bytes()));
        }
        all
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planted_secrets_are_found_nowhere() {
    // given: secrets of every kind, handed in as they have to be
    let town = Overheard::up().await;
    let tenant = &town.tenant;
    let mut planted = Planted(BTreeSet::new());
    let (accounts, broken, throttled) =
        (settle(tenant, &mut planted).await, settle(tenant, &mut planted).await, settle(tenant, &mut planted).await);
    let hook = Hook::of(tenant, &["*"]).await;
    let own = planted.plant("header");
    let headers = json!({"headers": {"x-planted": own}});
    tenant.caller.patch(&format!("/v1/webhooks/{}", hook.id), headers).await.expect(200);

    // when: they work
    let posted = tenant.post("all is well", &accounts).await;
    assert_eq!(tenant.settled(&posted).await["status"], "published");
    for account in &accounts {
        look(tenant, account, 200).await;
    }
    // and: every call is refused, or breaks, with all that it said in the answer
    for (status, error, whose) in [(403, "forbidden", &accounts), (500, "internal", &broken), (429, "slow", &throttled)]
    {
        town.networks_repeat("/", status, error);
        let posted = tenant.post(&format!("answered with {status}"), whose).await;
        tried(tenant, &posted).await;
        for account in whose {
            look(tenant, account, if status == 403 { 0 } else { 503 }).await;
        }
        assert!(town.networks_behave() >= whose.len(), "{status}");
    }
    // and: tokens are not taken any more, and neither is what renews them
    town.networks_repeat("/", 401, "invalid_grant");
    let posted = tenant.post("answered with 401", &accounts).await;
    for account in &accounts {
        hook.wait_for_any(&["account.reauth_required", "account.token_expired"], &account.id).await;
    }
    assert!(town.networks_behave() > 0);
    tried(tenant, &posted).await;
    // and: credentials are handed in that nobody takes, or that are no credentials
    let refused = [
        json!({"platform": "x", "credentials": {"access_token": planted.plant("access"), "client_id": "app",
            "client_secret": planted.plant("client")}}),
        json!({"platform": "bluesky", "credentials": {"identifier": "nobody.example",
            "service": accounts[1].resident.credentials["service"], "app_password": planted.plant("password")}}),
        json!({"platform": "mastodon", "credentials": {"instance": accounts[2].resident.credentials["instance"],
            "access_token": planted.plant("access")}}),
        json!({"platform": "x", "credentials": {"access_token": [planted.plant("list")]}}),
        json!({"platform": "x", "credentials": planted.plant("text")}),
        json!({"platform": "x", "credentials": {"access_token": format!("{}\u{1}", planted.plant("control"))}}),
    ];
    for status in [None, Some(401), Some(500)] {
        if let Some(status) = status {
            town.networks_repeat("/", status, "AuthenticationRequired");
        }
        for body in &refused {
            let reply = tenant.caller.post("/v1/social-accounts", body.clone()).await;
            assert!(matches!(reply.status, 422 | 503), "{}", reply.text);
        }
        town.networks_behave();
    }
    let secret = planted.plant("signing");
    tenant
        .caller
        .post("/v1/webhooks", json!({"url": "https://a.example", "events": ["*"], "signing_secret": secret}))
        .await
        .expect(422);

    // then: what the networks said again was struck out
    let attempts = town.fleet.db.texts("SELECT coalesce(message, '') FROM publish_attempts").await;
    assert!(attempts.iter().any(|said| said.contains("[secret]")), "nothing was said again: {attempts:#?}");
    // and: nothing is found anywhere
    for (place, bytes) in town.everything(&hook).await {
        let found = planted.found_in(&bytes);
        assert!(found.is_empty(), "in {place}: {found:?}");
    }
    // and: a signing secret is where it was shown once, and only there
    let signing = Planted(BTreeSet::from([hook.secret.clone()]));
    for (place, bytes) in town.everything(&hook).await {
        assert_eq!(signing.found_in(&bytes).is_empty(), place != "an answer" || !shows(&bytes), "{place}");
    }
    // and: the search finds what is there
    assert!(town.front.there().iter().any(|said| !planted.found_in(said).is_empty()), "it looks in vain");
    assert_eq!(planted.found_in(hook.receiver.received_at("/hook")[0].header("x-planted").as_bytes()).len(), 1);
}

/// Whether this is the connection that the secret was shown on.
fn shows(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("\"signing_secret\"")
}

/// An account on each network, its secrets noted.
async fn settle(tenant: &Tenant, planted: &mut Planted) -> Vec<Connected> {
    let mut accounts = Vec::new();
    for platform in [Platform::X, Platform::Bluesky, Platform::Mastodon] {
        let resident = tenant.world.settle(platform).await;
        planted.take(&resident.credentials);
        accounts.push(tenant.connect_as(resident).await);
    }
    accounts
}

/// Asks for health and numbers; 0 for whatever they are answered with.
async fn look(tenant: &Tenant, account: &Connected, status: u16) {
    for what in ["health", "metrics"] {
        let reply = tenant.caller.get(&format!("/v1/social-accounts/{}/{what}", account.id)).await;
        assert!(status == 0 || reply.status == status, "{what} {}: {}", account.platform(), reply.text);
    }
}

/// Waits until each account was tried, and reads all that can be read of it.
async fn tried(tenant: &Tenant, post: &Value) {
    eventually("each account was tried", async || {
        let attempts = tenant.attempts(post).await;
        let of: BTreeSet<_> = attempts.iter().filter_map(|attempt| attempt["target_id"].as_str()).collect();
        (of.len() == 3).then_some(())
    })
    .await;
    tenant.read(post).await;
    tenant.caller.get(&format!("/v1/posts/{}", id(post))).await.expect(200);
    tenant.caller.get("/v1/events?limit=100").await.expect(200);
}
