//! A post goes out and its webhook comes back.

use e2e::{
    House, Options, Transport,
    hooks::Hook,
    tenant::{id, ids, target_of},
};
use egress::Method;
use serde_json::json;

over_both!(a_post_goes_out_everywhere_and_its_webhook_comes_back);

async fn a_post_goes_out_everywhere_and_its_webhook_comes_back(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let hook = Hook::of(&tenant, &["post.published"]).await;

    // when
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let body = json!({"content": "Hello, world: https://example.com/news #hello", "accounts": ids(&accounts)});
    let traced = [("traceparent", &*format!("00-{trace}-00f067aa0ba902b7-01"))];
    let posted = tenant.caller.call(Method::POST, "/v1/posts", Some(body), &traced).await.expect(201);
    assert_eq!(posted["status"], "queued", "{posted:#}");

    // then: it is live on each network, once, under the id that is told
    let post = tenant.settled(&posted).await;
    assert_eq!(post["status"], "published", "{post:#}");
    for account in &accounts {
        let target = target_of(&post, account);
        assert_eq!(target["status"], "published", "{target:#}");
        assert_eq!(target["attempts"], 1, "{target:#}");
        assert!(
            target["platform_post_url"]
                .as_str()
                .is_some_and(|url| url.starts_with("https://") || url.starts_with("http://127.0.0.1")),
            "{target:#}"
        );
        assert!(target["published_at"].is_string(), "{target:#}");
    }
    assert_eq!(post["targets"].as_array().map(Vec::len), Some(accounts.len()));
    tenant.is_in_ledger_once(&post, &accounts).await;

    // and: the receiver gets it, signed, in the trace of the call
    let (delivery, event) = hook.wait_for("post.published", id(&post)).await;
    assert_eq!(delivery.header("webhook-id"), id(&event));
    assert_eq!(event["data"]["post"]["status"], "published", "{event:#}");
    assert_eq!(event["data"]["post"]["targets"], post["targets"], "{event:#}");
    assert!(event["data"]["resource_seq"].is_number(), "{event:#}");
    assert!(delivery.header("traceparent").starts_with(&format!("00-{trace}-")), "{:?}", delivery.headers);
    assert!(!delivery.header("traceparent").contains("00f067aa0ba902b7"), "the caller's own span came back");

    // and: what was tampered with would be noticed
    let mut forged = delivery.clone();
    forged.body[10] ^= 1;
    assert!(!e2e::hooks::verify(&hook.secret, &forged));

    house.down().await.expect("an orderly end");
}
