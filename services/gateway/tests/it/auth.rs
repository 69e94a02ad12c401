//! Who may call, and what every answer has in common.

use egress::{Body, Method};
use gateway::Scope;

use crate::house::House;

#[tokio::test]
async fn a_call_without_a_good_key_is_refused() {
    // given
    let house = House::start().await;
    let unknown = format!("Bearer sk_test_{}", "0".repeat(64));
    let basic = unknown.replace("Bearer", "Basic");
    for header in ["", "Bearer", "Bearer nonsense", unknown.as_str(), basic.as_str()] {
        // when
        let headers: &[(&str, &str)] = if header.is_empty() { &[] } else { &[("authorization", header)] };
        let reply = house.anonymous().send(Method::GET, "/v1/project", Body::Empty, headers).await;
        // then
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{header}");
        reply.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let house = House::start().await;
    let client = house.client().await;
    client.get("/nowhere").await.problem(404, "not_found");
    client.get("/v1/nowhere").await.problem(404, "not_found");
    client.get("/v1/webhooks/acc_1").await.problem(404, "not_found");
    client.get("/v1/webhooks/%00").await.problem(404, "not_found");
    let reply = client.delete("/v1/platforms").await;
    assert_eq!(reply.header("allow"), "GET");
    reply.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_key_may_do_what_its_scopes_say() {
    // given
    let house = House::start().await;
    let project = house.client().await.project;
    let client = house.key(project, None, &[Scope::WebhooksRead]).await;
    // when, then
    client.get("/v1/webhooks").await.expect(200);
    client.get("/v1/events").await.expect(200);
    let problem = client.get("/v1/api-keys").await.problem(403, "scope_missing");
    assert!(problem["detail"].as_str().unwrap().contains("keys:admin"), "{problem}");
    client.patch("/v1/project", serde_json::json!({})).await.problem(403, "scope_missing");
}

#[tokio::test]
async fn a_key_that_ran_out_or_was_revoked_elsewhere_stops_working() {
    // given: two keys, of which the first is used, so that it is remembered
    let house = House::start().await;
    let client = house.client().await;
    let second = house.key(client.project, None, &[Scope::WebhooksRead]).await;
    client.get("/v1/project").await.expect(200);
    // when
    house
        .db
        .execute("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE cardinality(scopes) = 1")
        .await;
    house.db.execute("UPDATE api_keys SET revoked_at = now() WHERE cardinality(scopes) > 1").await;
    // then: at once where it was not remembered, within seconds where it was
    second.get("/v1/project").await.problem(401, "unauthorized");
    let began = tokio::time::Instant::now();
    while client.get("/v1/project").await.status != 401 {
        assert!(began.elapsed().as_secs() < 5, "a revoked key is still taken");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_callers_trace_is_taken_up_and_every_request_has_its_id() {
    let house = House::start().await;
    let client = house.client().await;
    let first = client.get("/v1/project").await.header("x-request-id");
    let second = client.get("/v1/project").await.header("x-request-id");
    assert!(first.starts_with("req_") && first != second, "{first} {second}");
}

#[tokio::test]
async fn the_page_of_errors_is_where_a_problems_type_leads() {
    // given
    let house = House::start().await;
    let nobody = house.anonymous();
    let problem = nobody.get("/v1/project").await.problem(401, "unauthorized");
    // when
    let (page, anchor) = problem["type"].as_str().unwrap().split_once('#').unwrap();
    let reply = nobody.get(page).await;
    // then
    let text = String::from_utf8(reply.bytes).unwrap();
    assert!(text.contains(&format!("id=\"{anchor}\"")), "{text}");
}

#[tokio::test]
async fn requests_are_counted_by_template_and_never_by_id() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    // when
    client.get("/v1/project").await.expect(200);
    client.get("/v1/webhooks/wh_00000000000000000000000000000007").await.problem(404, "not_found");
    client.get("/nowhere/at/all").await.problem(404, "not_found");
    // then
    let text = house.metrics.encode().unwrap();
    let counted = |route: &str, status: &str| {
        format!(
            "fanfare_http_requests_total{{method=\"GET\",route=\"{route}\",service=\"gateway\",status=\"{status}\"}} 1"
        )
    };
    for line in [counted("/v1/project", "2xx"), counted("/v1/webhooks/{id}", "4xx"), counted("unmatched", "4xx")] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    assert!(!text.contains("wh_0"), "{text}");
}
