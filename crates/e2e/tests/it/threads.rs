//! Posts of several parts.

use e2e::{
    House, Options, Transport,
    hooks::Hook,
    tenant::{id, ids, target_of},
};
use serde_json::{Value, json};

over_both!(a_thread_that_breaks_is_partial_and_a_retry_sends_the_rest);

fn statuses(target: &Value) -> Vec<&str> {
    target["parts"].as_array().expect("parts").iter().filter_map(|part| part["status"].as_str()).collect()
}

async fn a_thread_that_breaks_is_partial_and_a_retry_sends_the_rest(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let hook = Hook::of(&tenant, &["*"]).await;
    let texts = ["the beginning", "the first comment", "the part they do not like [sandbox:reject:1]", "the end"];
    let containers: Vec<_> = texts.iter().map(|text| json!({"content": text})).collect();

    // when
    let posted = tenant.post_body(json!({"containers": containers, "accounts": ids(&accounts)})).await;
    let post = tenant.settled(&posted).await;

    // then
    assert_eq!(post["status"], "partial", "{post:#}");
    for account in &accounts {
        let target = target_of(&post, account);
        assert_eq!(target["status"], "partial", "{target:#}");
        assert_eq!(statuses(target), ["published", "published", "failed", "failed"], "{target:#}");
        assert_eq!(target["parts"][2]["error_code"], "content_rejected", "{target:#}");
        assert_eq!(target["parts"][3]["error_code"], "parent_part_failed", "{target:#}");
        assert_eq!(tenant.world.texts_of(&account.resident.account).await, texts[..2]);
    }
    tenant.is_in_ledger_once(&post, &accounts).await;
    hook.wait_for("post.published", id(&post)).await;
    hook.wait_for("post.partial", id(&post)).await;

    // when
    for account in &accounts {
        let target = id(target_of(&post, account));
        tenant.caller.poke(&format!("/v1/posts/{}/targets/{target}/retry", id(&post))).await.expect(200);
    }
    let post = tenant.settled(&posted).await;

    // then: the missing parts, and nothing else, in their places
    assert_eq!(post["status"], "published", "{post:#}");
    for account in &accounts {
        assert_eq!(statuses(target_of(&post, account)), ["published"; 4]);
        let entries = tenant.world.ledger_of(&account.resident.account).await;
        let live: Vec<_> = entries.iter().map(|entry| entry["text"].as_str().unwrap_or_default()).collect();
        assert_eq!(live, texts, "on {}", account.platform());
        assert_eq!(entries[0]["parent"], Value::Null);
        for pair in entries.windows(2) {
            // One chain, and where there are no chains comments under the post.
            let above = if pair[1]["kind"] == "comment" { &entries[0] } else { &pair[0] };
            assert_eq!(pair[1]["parent"], above["platform_post_id"], "on {}: {entries:#?}", account.platform());
        }
    }
    tenant.is_in_ledger_once(&post, &accounts).await;
    house.down().await.expect("an orderly end");
}
