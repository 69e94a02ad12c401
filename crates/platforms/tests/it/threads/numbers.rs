use jiff::Timestamp;
use platforms::{AccountNumbers, Network, threads::Threads};
use serde_json::{Value, json};
use wiremock::{Mock, ResponseTemplate, matchers};

use super::{account, asked, error};
use crate::bed::{Bed, NOW, at, refusal};

const INSIGHTS: &str = "/v1.0/me/threads_insights";
const COUNTED: &str = "views,likes,replies,reposts,quotes";

async fn told(bed: &Bed, metric: &str, status: u16, body: Value) {
    Mock::given(matchers::method("GET"))
        .and(matchers::path(INSIGHTS))
        .and(matchers::query_param("metric", metric))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&bed.server)
        .await;
}

async fn numbers(bed: &Bed, period: (Timestamp, Timestamp)) -> Result<AccountNumbers, String> {
    let numbers = Threads.numbers().expect("can");
    numbers.account_numbers(&bed.cx(), &account().get(), period).await.map_err(|error| refusal(&error))
}

#[tokio::test]
async fn days_are_added_up_and_followers_are_as_of_now() {
    // given
    let bed = Bed::new().await;
    told(&bed, "followers_count", 200, json!({"data": [{"name": "followers_count", "total_value": {"value": 12}}]}))
        .await;
    let total = |name: &str, value: u64| json!({"name": name, "total_value": {"value": value}});
    let views = json!({"name": "views", "values": [{"value": 3, "end_time": "x"}, {"value": 4}, {"value": null}]});
    let counted =
        json!({"data": [views, total("likes", 5), total("replies", 2), total("reposts", 1), total("quotes", 2)]});
    told(&bed, COUNTED, 200, counted).await;
    // when
    let read = numbers(&bed, (at(NOW - 86_400), at(NOW))).await.expect("numbers");
    // then
    let expected = AccountNumbers {
        followers: Some(12),
        views: Some(7),
        likes: Some(5),
        comments: Some(2),
        shares: Some(3),
        platform_specific: json!({"reposts": 1, "quotes": 2}),
        ..AccountNumbers::default()
    };
    assert_eq!(read, expected);
    let query = "metric=views%2Clikes%2Creplies%2Creposts%2Cquotes&since=1795255200&until=1795341600";
    let call = format!("GET {INSIGHTS}");
    assert_eq!(bed.seen().await, [asked(&call, "metric=followers_count"), asked(&call, query)]);
}

#[tokio::test]
async fn nothing_is_asked_of_the_time_before_threads_counted() {
    let bed = Bed::new().await;
    let followers = json!({"data": [{"name": "followers_count", "total_value": {"value": 12}}]});
    told(&bed, "followers_count", 200, followers).await;
    let read = numbers(&bed, (at(1_000_000), at(2_000_000))).await.expect("numbers");
    assert_eq!((read.followers, read.views, read.shares), (Some(12), None, None));
    assert_eq!(bed.seen().await.len(), 1);
    // and an answer without any number is none
    bed.forget().await;
    told(&bed, "followers_count", 200, json!({"data": []})).await;
    assert_eq!(numbers(&bed, (at(1_000_000), at(2_000_000))).await, Err("not_now".to_owned()));
}

#[tokio::test]
async fn an_error_is_told() {
    let bed = Bed::new().await;
    told(&bed, "followers_count", 403, error(10, None, "no permission")).await;
    assert_eq!(numbers(&bed, (at(NOW - 60), at(NOW))).await, Err("rejected permission_missing".to_owned()));
}
