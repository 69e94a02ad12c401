//! The keys that secrets are sealed to: taken over one from another under traffic, missed when they are missing, and
//! not to be found where they do not belong.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{ids::AccountId, platform::Platform};
use e2e::{
    Connected, Fleet, crowd,
    fleet::{Formation, Program},
    hooks::Hook,
    tenant::id,
};
use secrecy::ExposeSecret as _;
use testkit::TestDatabase;
use uuid::Uuid;
use vault::{Context, PrivateRing, PublicRing};

/// As many rows as take a few batches.
const CROWD: usize = 250;

/// Sealed rows of `account_tokens`: account, project and bytes.
async fn sealed(db: &TestDatabase) -> Vec<(Uuid, Uuid, Vec<u8>)> {
    let rows = "SELECT account_id || ' ' || project_id || ' ' || encode(sealed, 'hex') FROM account_tokens";
    let parse = |row: String| {
        let mut words = row.split(' ');
        let mut uuid = || words.next().and_then(|word| word.parse().ok()).expect("an id");
        let (account, project) = (uuid(), uuid());
        (account, project, unhex(words.next().expect("bytes")))
    };
    db.texts(rows).await.into_iter().map(parse).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex"))
        .collect()
}

fn is_of_crowd(accounts: &[Connected], id: Uuid) -> bool {
    !accounts.iter().any(|account| account.id == AccountId(id).to_string())
}

fn tokens_of(account: Uuid, project: Uuid) -> Context<'static> {
    Context { table: "account_tokens", column: "sealed", row: account, project }
}

/// Stores newer tokens of one account after the other, as renewals do, until it is told to stop. Returns the last of each.
async fn renew(
    db: &TestDatabase,
    ring: &PublicRing,
    accounts: &[(Uuid, Uuid)],
    is_over: &AtomicBool,
) -> HashMap<Uuid, String> {
    let mut last = HashMap::new();
    for (number, (account, project)) in accounts.iter().cycle().enumerate() {
        let text = format!("renewed {number}");
        let bytes = ring.seal(text.as_bytes(), &tokens_of(*account, *project)).expect("sealed");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let renew = format!("UPDATE account_tokens SET sealed = '\\x{hex}', version = version + 1");
        db.execute(&format!("{renew} WHERE account_id = '{account}'")).await;
        last.insert(*account, text);
        if is_over.load(Ordering::Relaxed) {
            break;
        }
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_takes_over_from_another_while_everything_runs() {
    // given: accounts, webhooks with headers of their own, and a crowd besides
    let mut fleet = Fleet::up(Formation::Apart, &[]).await;
    let tenant = fleet.tenant().await;
    let accounts = tenant.connect_on(&[Platform::X, Platform::Bluesky, Platform::Mastodon]).await;
    let hook = Hook::of(&tenant, &["post.published"]).await;
    let headers = serde_json::json!({"headers": {"x-team": "a secret of the receiver's"}});
    tenant.caller.patch(&format!("/v1/webhooks/{}", hook.id), headers).await.expect(200);
    let versions = "SELECT version::text FROM account_tokens ORDER BY account_id LIMIT 3";
    let before = fleet.db.texts(versions).await;
    crowd::gather(&fleet.db, &fleet.ring(), tenant.project, Platform::X, CROWD).await;
    let crowd: Vec<_> =
        sealed(&fleet.db).await.iter().map(|row| (row.0, row.1)).filter(|row| is_of_crowd(&accounts, row.0)).collect();
    assert_eq!(crowd.len(), CROWD);
    let pair = vault::generate();
    let (old, new) = (fleet.keys().0.to_owned(), pair.private.expose_secret().to_owned());
    let (old_public, new_public) = (fleet.keys().1.to_owned(), pair.public.clone());

    // when: those who open learn the new key, and then everybody seals with it
    fleet.turn_keys(&format!("{old},{new}"), &old_public);
    let openers = [Program::Connector, Program::Publisher, Program::Dispatcher];
    for program in openers {
        fleet.restart(program).await;
    }
    fleet.turn_keys(&format!("{new},{old}"), &format!("{new_public},{old_public}"));
    for program in openers.into_iter().chain([Program::Gateway]) {
        fleet.restart(program).await;
    }
    let said = fleet.fanfare(&["keys", "list"]).await;
    let count = |said: &str, word: &str, place: &str| {
        said.lines().filter(|line| line.contains(word) && line.ends_with(place)).count()
    };
    assert_eq!(count(&said.out, "number 2", "account_tokens.sealed"), 1, "{said:?}");
    assert_eq!(count(&said.out, "number 2", "webhook_secrets.sealed"), 1, "{said:?}");

    // and: all is sealed anew, while posts go out and tokens of the crowd are renewed all the time
    let is_over = AtomicBool::new(false);
    let ring: PublicRing = new_public.parse().expect("a key just made");
    let rewrapping = async {
        let said = fleet.fanfare(&["keys", "rewrap"]).await;
        is_over.store(true, Ordering::Relaxed);
        said
    };
    let posting = tenant.post("sealed anew", &accounts);
    let (said, renewed, post) = tokio::join!(rewrapping, renew(&fleet.db, &ring, &crowd, &is_over), posting);

    // then
    assert!(said.is_done, "{said:?}");
    let post = tenant.settled(&post).await;
    assert_eq!(post["status"], "published", "{post:#}");
    hook.wait_for("post.published", id(&post)).await;
    let private: PrivateRing = new.parse().expect("a key just made");
    let mut kept = 0;
    for (account, project, bytes) in sealed(&fleet.db).await {
        let opened = private.open_text(&bytes, &tokens_of(account, project)).expect("the new key opens it");
        if let Some(text) = renewed.get(&account) {
            assert_eq!(opened.expose_secret(), text, "what was renewed meanwhile stays");
            kept += 1;
        }
    }
    assert!(kept > 0 && said.out.contains("account_tokens.sealed"), "{kept} {said:?}");
    // and: whoever is renewing tokens finds the version that it read
    assert_eq!(fleet.db.texts(versions).await, before);
    let again = fleet.fanfare(&["keys", "rewrap"]).await;
    assert!(
        again.is_done && again.out.lines().all(|line| !line.contains("rewrapped") || line.contains(" 0 rewrapped")),
        "{again:?}"
    );

    // when: the old key is taken away
    fleet.turn_keys(&new, &new_public);
    for program in openers.into_iter().chain([Program::Gateway]) {
        fleet.restart(program).await;
    }
    // then: all that was sealed before the first step is of use
    let posted = tenant.post("by the new key alone", &accounts).await;
    let post = tenant.settled(&posted).await;
    assert_eq!(post["status"], "published", "{post:#}");
    let (received, _) = hook.wait_for("post.published", id(&post)).await;
    assert_eq!(received.header("x-team"), "a secret of the receiver's");
    let doctor = fleet.fanfare(&["doctor"]).await;
    assert!(doctor.out.lines().any(|line| line.starts_with("ok") && line.contains("vault")), "{doctor:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_starts_without_a_key_that_something_was_sealed_to() {
    // given
    let mut fleet = Fleet::up(Formation::Apart, &[]).await;
    let tenant = fleet.tenant().await;
    let account = tenant.connect(Platform::X).await;
    let hook = Hook::of(&tenant, &["post.published"]).await;
    let (old, old_public) = (fleet.keys().0.to_owned(), fleet.keys().1.to_owned());
    let id_of_old = fleet.ring().key_ids().swap_remove(0);
    let other = vault::generate();
    let other_private = other.private.expose_secret().to_owned();

    // when
    fleet.turn_keys(&other_private, &other.public);
    for program in [Program::Connector, Program::Publisher, Program::Dispatcher, Program::Gateway] {
        fleet.stop(program).await;
        let said = fleet.is_refused(program).await;
        // then: it says which, and where
        let setting = if program == Program::Gateway { "vault.public_keys" } else { "vault.private_keys" };
        for word in [setting, &id_of_old, "1 of account_tokens.sealed", "1 of webhook_secrets.sealed"] {
            assert!(said.contains(word), "{program} does not say {word}: {said}");
        }
        assert!(!said.contains("fsk1_"), "{said}");
    }
    // and: so do the commands
    let doctor = fleet.fanfare(&["doctor"]).await;
    let finding = doctor.out.lines().find(|line| line.contains("vault")).unwrap_or_default();
    assert!(!doctor.is_done && finding.starts_with("FAIL") && finding.contains(&id_of_old), "{doctor:?}");
    let rewrap = fleet.fanfare(&["keys", "rewrap"]).await;
    assert!(
        !rewrap.is_done && rewrap.out.contains("1 left as they are") && rewrap.out.contains(&id_of_old),
        "{rewrap:?}"
    );
    let list = fleet.fanfare(&["keys", "list"]).await;
    assert!(list.out.lines().any(|line| line.starts_with(&id_of_old) && line.contains("missing")), "{list:?}");

    // when: it is there again, behind the other
    fleet.turn_keys(&format!("{other_private},{old}"), &format!("{},{old_public}", other.public));
    fleet.start_services();
    fleet.are_ready().await;
    // then
    let posted = tenant.post("all is well", std::slice::from_ref(&account)).await;
    let post = tenant.settled(&posted).await;
    assert_eq!(post["status"], "published", "{post:#}");
    hook.wait_for("post.published", id(&post)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_in_one_process_refuses_too() {
    // given
    let mut fleet = Fleet::up(Formation::Together, &[]).await;
    let tenant = fleet.tenant().await;
    tenant.connect(Platform::X).await;
    let id_of_old = fleet.ring().key_ids().swap_remove(0);
    let (old, old_public) = (fleet.keys().0.to_owned(), fleet.keys().1.to_owned());
    // when
    let other = vault::generate();
    fleet.turn_keys(other.private.expose_secret(), &other.public);
    fleet.stop(Program::Fanfare).await;
    let said = fleet.is_refused(Program::Fanfare).await;
    // then
    assert!(said.contains("FANFARE__VAULT__PRIVATE_KEYS") && said.contains(&id_of_old), "{said}");
    fleet.turn_keys(&old, &old_public);
    fleet.start_services();
    fleet.are_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateways_process_holds_nothing_that_opens() {
    // given: all it has are the files that are mounted for it, and it has sealed credentials and signing secrets
    let mut fleet = Fleet::up(Formation::Apart, &[]).await;
    let tenant = fleet.tenant().await;
    tenant.connect(Platform::X).await;
    Hook::of(&tenant, &["post.published"]).await;
    let (private, public) = (fleet.keys().0.to_owned(), fleet.keys().1.to_owned());
    let raw = |text: &str| URL_SAFE_NO_PAD.decode(&text[5..]).expect("base64")[..32].to_vec();

    // then: the key is nowhere in its memory, as text or as bytes; where it belongs it is found
    let stretches = [private.as_bytes().to_vec(), raw(&private)];
    for (program, is_there) in [(Program::Connector, true), (Program::Gateway, false)] {
        let found = stretches.iter().any(|bytes| fleet.is_in_memory_of(program, bytes));
        assert_eq!(found, is_there, "a private key in the memory of the {program}");
        assert!(program == Program::Connector || fleet.is_in_memory_of(program, public.as_bytes()), "it looks in vain");
    }
    // and: what it has opens nothing that is stored
    let has = public.replace("fpk1_", "fsk1_").parse::<PrivateRing>();
    assert!(has.is_err(), "a public key is no private one under another name");
    assert!(!sealed(&fleet.db).await.is_empty());

    // when: it is given the private keys by mistake, whichever way
    fleet.stop(Program::Gateway).await;
    fleet.turn_keys(&private, &private);
    let said = fleet.is_refused(Program::Gateway).await;
    // then
    assert!(said.contains("it is a private key where a public one (fpk1_) belongs"), "{said}");
    assert!(!said.contains(&private[5..]), "{said}");
    fleet.turn_keys(&private, &public);
    let all_files = [("FANFARE__VAULT__PRIVATE_KEYS_FILE", fleet.file_of_private_keys())];
    fleet.start_with(Program::Gateway, &all_files.each_ref().map(|(name, path)| (*name, path.as_str())));
    let ended = e2e::eventually("it gives up", async || fleet.fallen().pop()).await;
    assert!(ended.0 == Program::Gateway && !ended.1.success());
    assert!(fleet.log_of(Program::Gateway).contains("must not be able to open"));
}
