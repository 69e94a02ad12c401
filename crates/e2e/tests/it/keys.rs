//! One idempotency key, a hundred callers, and a gateway that dies among them: one post.

use std::{collections::HashSet, time::Duration};

use e2e::{
    Fleet, House, Options, Reply, Tenant, Transport,
    fleet::{Formation, Program},
    tenant::{id, ids},
};
use egress::{Body, ExchangeError, Method};
use futures::future::join_all;
use serde_json::{Value, json};

const CALLS: usize = 100;

/// So many calls at once with one key; who finds nobody there is told so.
async fn call(tenant: &Tenant, key: &str, bodies: &[Value]) -> Vec<Result<Reply, ExchangeError>> {
    let call = |body: &Value| {
        let (body, key) = (Body::Json(body.clone()), key.to_owned());
        async move { tenant.caller.try_call(Method::POST, "/v1/posts", body, &[("idempotency-key", &key)]).await }
    };
    join_all(bodies.iter().cycle().take(CALLS).map(call)).await
}

/// The posts that were answered with 201.
fn made(replies: &[Result<Reply, ExchangeError>]) -> HashSet<String> {
    let made = replies.iter().flatten().filter(|reply| reply.status == 201);
    made.map(|reply| id(&reply.body).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_at_once_make_one_post() {
    // given
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let posts = async || house.db.count("SELECT count(*) FROM posts").await;

    // when: all say the same
    let same = json!({"content": "once", "accounts": ids(&accounts)});
    let replies = call(&tenant, "launch-1", std::slice::from_ref(&same)).await;

    // then
    assert_eq!(replies.iter().flatten().filter(|reply| reply.status == 201).count(), CALLS);
    assert_eq!((made(&replies).len(), posts().await), (1, 1));
    let fresh = |reply: &&Reply| reply.headers.get("idempotency-replayed").is_none();
    assert_eq!(replies.iter().flatten().filter(fresh).count(), 1, "one call made it, the rest are told of it");

    // when: two things are said under one key
    let other = json!({"content": "or this", "accounts": ids(&accounts)});
    let either = json!({"content": "this", "accounts": ids(&accounts)});
    let replies = call(&tenant, "launch-2", &[either, other]).await;

    // then: whoever came first has it
    assert_eq!((made(&replies).len(), posts().await), (1, 2));
    let refused: Vec<_> = replies.iter().flatten().filter(|reply| reply.status == 422).collect();
    assert_eq!(refused.len(), CALLS / 2, "{refused:#?}");
    assert!(refused.iter().all(|reply| reply.body["code"] == "idempotency_key_reused"), "{refused:#?}");

    // when: the name is in the body instead
    let named = json!({"content": "by name", "accounts": ids(&accounts), "external_ref": "launch-3"});
    let calls = (0..CALLS).map(|_| tenant.caller.post("/v1/posts", named.clone()));
    let replies = join_all(calls).await;

    // then
    let of_status = |status| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((of_status(201), of_status(200), posts().await), (1, CALLS - 1, 3));
    let named: HashSet<_> = replies.iter().map(|reply| id(&reply.body)).collect();
    assert_eq!(named.len(), 1);

    // and: each is public once on each account
    for post in tenant.list("/v1/posts").await {
        let post = tenant.settled(&post).await;
        assert_eq!(post["status"], "published", "{post:#}");
    }
    assert_eq!(tenant.world.ledger().await.len(), 3 * accounts.len());
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_dies_among_a_hundred_calls_has_made_one_post_or_none() {
    // given
    let mut fleet = Fleet::up(Formation::Apart, &[]).await;
    let tenant = fleet.tenant().await;
    let accounts = tenant.connect_everywhere().await;

    let (mut answered, mut unanswered, mut kept) = (0, 0, 0);
    let deaths = [2, 8, 15, 25, 40, 60, 90];
    for (number, death) in deaths.iter().enumerate() {
        // when: it dies among them, at another moment each time
        let key = format!("launch-{number}");
        let body = json!({"content": format!("number {number}"), "accounts": ids(&accounts)});
        let calling = {
            let (tenant, key, body) = (tenant.clone(), key.clone(), body.clone());
            tokio::spawn(async move { call(&tenant, &key, &[body]).await })
        };
        tokio::time::sleep(Duration::from_millis(*death)).await;
        fleet.kill(Program::Gateway);
        let replies = calling.await.expect("no panic");
        let stands = fleet.db.count("SELECT count(*) FROM posts").await;
        fleet.start(Program::Gateway);
        fleet.is_ready(Program::Gateway).await;

        // then: who asks again gets what the others got, or makes it
        let again = tenant.caller.call(Method::POST, "/v1/posts", Some(body), &[("idempotency-key", &key)]).await;
        let post = again.expect(201);
        let mut told = made(&replies);
        assert!(told.len() <= 1, "{told:?}");
        told.insert(id(&post).to_owned());
        assert_eq!(told.len(), 1, "an acknowledged post is not made again: {told:?}, death after {death} ms");
        let posts = i64::try_from(number + 1).expect("few");
        assert_eq!(fleet.db.count("SELECT count(*) FROM posts").await, posts, "death after {death} ms");
        answered += replies.iter().flatten().count();
        unanswered += replies.iter().filter(|reply| reply.is_err()).count();
        kept += usize::from(stands == posts);
    }
    tracing::info!(
        "{answered} calls answered, {unanswered} not; {kept} of {} posts were made before it died",
        deaths.len()
    );
    assert!(unanswered > 0, "it never died among them");

    // and: each is public once on each account
    for post in tenant.list("/v1/posts").await {
        let post = tenant.settled(&post).await;
        assert_eq!(post["status"], "published", "{post:#}");
    }
    let ledger = tenant.world.ledger().await;
    let each: HashSet<_> =
        ledger.iter().map(|entry| (entry["account"].to_string(), entry["text"].to_string())).collect();
    assert_eq!((ledger.len(), each.len()), (deaths.len() * accounts.len(), deaths.len() * accounts.len()));
}
