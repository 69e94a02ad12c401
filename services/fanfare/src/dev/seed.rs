//! A test project with one connected sandbox account per network, and what to try first.

use std::{collections::BTreeMap, fs, time::Duration};

use clap::Args;
use domain::{platform::Platform, policy::Mode, post::Role};
use egress::{Body, Deadline, Door, EgressSettings, HeaderName, HeaderValue, Limits, Method, Request};
use platforms::{DraftPart, TargetDraft};
use runtime::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use store::{Database, projects};
use url::Url;

use crate::{
    cli::Failure,
    commands::{self, key, project},
    settings::Settings,
};

/// What scripts read.
const FILE: &str = ".dev/run.env";
const PROJECT: &str = "dev";
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub(crate) struct SeedArgs {
    /// Where the gateway is.
    #[arg(long)]
    url: Url,
    /// Where the admin port is.
    #[arg(long)]
    admin_url: Url,
}

/// `fanfare dev seed`
pub(crate) async fn run(args: SeedArgs, settings: &Settings) -> Result<(), Failure> {
    let sandbox: Url = settings
        .sandbox
        .url
        .parse()
        .map_err(|_| "where the sandbox is has to be said: FANFARE__SANDBOX__URL=http://127.0.0.1:8090")?;
    seed(&commands::database(settings)?, &args.url, &args.admin_url, &sandbox).await
}

/// Makes what is missing, writes `.dev/run.env` and prints a first call.
pub(crate) async fn seed(database: &Database, url: &Url, admin: &Url, sandbox: &Url) -> Result<(), Failure> {
    let known = read();
    let caller = Caller { door: Door::new(&EgressSettings::default())? };
    let keys = match kept_keys(&caller, url, &known).await {
        Some(keys) => keys,
        None => new_keys(database).await?,
    };
    let mut accounts = Vec::new();
    for platform in Platform::all() {
        let name = format!("FANFARE_TEST_ACCOUNT_{}", platform.name().to_uppercase());
        let kept = match known.get(&name) {
            Some(id) => caller.usable(url, &keys.0, id).await.then(|| id.clone()),
            None => None,
        };
        let id = match kept {
            Some(id) => id,
            None => caller.connect(url, sandbox, &keys.0, platform).await?,
        };
        accounts.push((platform, name, id));
    }
    write(url, admin, sandbox, &keys, &accounts)?;
    accounts.retain(|(platform, ..)| takes_words(*platform));
    print(url, sandbox, &keys.0, &accounts)
}

/// Whether a network takes what is printed to be tried first: a post without a file.
fn takes_words(platform: Platform) -> bool {
    let part = DraftPart { role: Role::Main, content: "Hello", media: Vec::new() };
    let draft = TargetDraft { parts: vec![part], options: Value::Null };
    platforms::network(platform).check(&draft, &Value::Null).is_empty()
}

fn read() -> BTreeMap<String, String> {
    fs::read_to_string(FILE)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The keys of the last run, when they still open something: a key's text is stored nowhere else.
async fn kept_keys(caller: &Caller, url: &Url, known: &BTreeMap<String, String>) -> Option<(String, String)> {
    let (test, live) = (known.get("FANFARE_TEST_KEY")?, known.get("FANFARE_LIVE_KEY")?);
    let answer = caller.call(Method::GET, &url.join("/v1/project").ok()?, Some(test), None).await.ok()?;
    (answer["mode"] == "test").then(|| (test.clone(), live.clone()))
}

async fn new_keys(database: &Database) -> Result<(String, String), Failure> {
    let now = SystemClock.now();
    let there = projects::find_named(database, PROJECT, Mode::Test).await?;
    let (live, test) = match there {
        Some(test) => (project::named(database, PROJECT, Mode::Live).await?, test),
        None => {
            let [live, test] = project::create(database, PROJECT, now).await?;
            (live, test)
        }
    };
    let test = key::create(database, &test, "make run", &[], now).await?;
    let live = key::create(database, &live, "make run", &[], now).await?;
    Ok((test, live))
}

struct Caller {
    door: Door,
}

impl Caller {
    /// Whether an account is there and works.
    async fn usable(&self, url: &Url, key: &str, id: &str) -> bool {
        let Ok(at) = url.join(&format!("/v1/social-accounts/{id}")) else { return false };
        let answer = self.call(Method::GET, &at, Some(key), None).await;
        answer.is_ok_and(|account| account["status"] == "active")
    }

    /// Makes an account at the sandbox and connects it, as any caller would.
    async fn connect(&self, url: &Url, sandbox: &Url, key: &str, platform: Platform) -> Result<String, Failure> {
        let made = self
            .call(Method::POST, &sandbox.join("/_sandbox/accounts")?, None, Some(json!({"platform": platform})))
            .await?;
        let body = json!({"platform": platform, "credentials": made["credentials"]});
        let account = self.call(Method::POST, &url.join("/v1/social-accounts")?, Some(key), Some(body)).await?;
        account["id"].as_str().map(str::to_owned).ok_or_else(|| format!("connecting {platform}: {account}").into())
    }

    async fn call(&self, method: Method, at: &Url, key: Option<&str>, body: Option<Value>) -> Result<Value, Failure> {
        let mut request = Request::new(method, at.clone());
        if let Some(key) = key {
            let bearer = HeaderValue::from_str(&format!("Bearer {key}"))?;
            request = request.header(HeaderName::from_static("authorization"), bearer);
        }
        if let Some(body) = body {
            request = request.body(Body::Json(body));
        }
        let origin = Url::parse(&at.origin().ascii_serialization())?;
        let limits = Limits::new(Deadline::after(PATIENCE), 1 << 20);
        let answer = self.door.only(&origin).exchange(request, limits).await?;
        let text = String::from_utf8_lossy(&answer.body);
        if !answer.status.is_success() {
            return Err(format!("{at} answered {}: {text}", answer.status).into());
        }
        Ok(serde_json::from_str(&text)?)
    }
}

fn trimmed(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

fn write(
    url: &Url,
    admin: &Url,
    sandbox: &Url,
    keys: &(String, String),
    accounts: &[(Platform, String, String)],
) -> Result<(), Failure> {
    let mut text = format!(
        "FANFARE_URL={}\nFANFARE_ADMIN_URL={}\nFANFARE_SANDBOX_URL={}\nFANFARE_TEST_KEY={}\nFANFARE_LIVE_KEY={}\n",
        trimmed(url),
        trimmed(admin),
        trimmed(sandbox),
        keys.0,
        keys.1
    );
    for (_, name, id) in accounts {
        text.push_str(&format!("{name}={id}\n"));
    }
    let draft = format!("{FILE}.{}", std::process::id());
    fs::create_dir_all(".dev")?;
    fs::write(&draft, text)?;
    fs::rename(&draft, FILE)?;
    Ok(())
}

fn print(url: &Url, sandbox: &Url, key: &str, accounts: &[(Platform, String, String)]) -> Result<(), Failure> {
    let ids: Vec<_> = accounts.iter().map(|(_, _, id)| format!("\\\"{id}\\\"")).collect();
    commands::say(format_args!(
        "\nFanfare is up.\n\n  base URL   {url}\n  test key   {key}\n  sandbox    {sandbox} (every post as a person would see it)\n  \
         for scripts {FILE}\n\nPublish to {count} networks:\n\n  curl -s '{base}/v1/posts?wait=10s' \\\n    \
         -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\\n    \
         -d \"{{\\\"content\\\": \\\"Hello from Fanfare at $(date +%T)\\\", \\\"accounts\\\": [{ids}]}}\"\n",
        url = trimmed(url),
        base = trimmed(url),
        sandbox = trimmed(sandbox),
        count = accounts.len(),
        ids = ids.join(", "),
    ))
}
