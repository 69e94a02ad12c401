//! The page that shows every post.

use serde_json::json;

use crate::given::{Given, answer};
use crate::posting::{ALL, Network};

#[tokio::test]
async fn hostile_text_is_shown_as_text() {
    let given = Given::sandbox().await;
    for network in ALL {
        let author = network.author(&given, "mallory").await;
        let text = "<script>alert(1)</script> \"'&amp; https://example.com/\"onmouseover=x";
        author.publish(&given, text).await.expect("an answer").expect(network.accepts());
    }
    let page = answer(given.get("/")).await.expect(200);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(!page.text.contains("<script") && !page.text.contains("\"onmouseover"), "{}", page.text);
    assert_eq!(page.text.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count(), ALL.len());
    assert!(page.text.contains("<html lang=\"en\">") && page.text.contains("<main>") && page.text.contains("<h1>"));
    let style = answer(given.get("/_sandbox/style.css")).await.expect(200);
    assert!(style.header("content-type").starts_with("text/css"));
}

#[tokio::test]
async fn threads_are_joined_and_pictures_have_their_words() {
    let given = Given::sandbox().await;
    let author = Network::Mastodon.author(&given, "alice").await;
    let file =
        reqwest::multipart::Part::bytes(crate::given::png()).file_name("a.png").mime_str("image/png").expect("a type");
    let form = reqwest::multipart::Form::new().part("file", file).text("description", "a \"red\" field");
    let media = answer(given.post("/api/v2/media").bearer_auth(&author.token).multipart(form)).await.expect(200);
    let post = |body| answer(given.post("/api/v1/statuses").bearer_auth(&author.token).json(&body));
    let one = post(json!({"status": "first part", "media_ids": [media.body["id"]]})).await.expect(200);
    post(json!({"status": "unrelated", "spoiler_text": "beware"})).await.expect(200);
    post(json!({"status": "second part", "in_reply_to_id": one.body["id"]})).await.expect(200);
    let page = answer(given.get("/?platform=mastodon")).await.expect(200).text;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is missing: {page}"));
    // The thread has the newest post, so it is first, and reads downwards.
    assert!(place("first part") < place("second part") && place("second part") < place("unrelated"));
    assert!(page.contains("alt=\"a &quot;red&quot; field\"") && page.contains("<summary>beware</summary>"));
    let source = page.split("<img src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a picture");
    let picture = given.get(source).send().await.expect("an answer");
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert_eq!(picture.bytes().await.expect("bytes"), crate::given::png());
    assert!(!answer(given.get("/?platform=x")).await.text.contains("first part"));
}
