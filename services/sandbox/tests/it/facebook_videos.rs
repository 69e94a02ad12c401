//! Facebook's videos, reels and stories: every way in.

use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::browser::App;
use crate::given::{Answer, Given, answer, mp4, png};
use crate::graph::{delete, each, get, hosted, nowhere, post};

struct Page {
    id: String,
    token: String,
}

async fn given() -> (Given, Page) {
    let given = Given::with(|settings| settings.processing_ms = 60_000).await;
    let account = given.account("facebook", "acme").await;
    let token = account.credentials["access_token"].as_str().expect("a token").to_owned();
    (given, Page { id: account.id, token })
}

impl Page {
    fn path(&self, edge: &str) -> String {
        format!("/facebook/v24.0/{}/{edge}", self.id)
    }

    async fn post(&self, given: &Given, edge: &str, parameters: &[(&str, &str)]) -> Answer {
        post(given, &self.path(edge), &self.token, parameters).await
    }

    async fn node(&self, given: &Given, id: &str, fields: &str) -> Answer {
        get(given, &format!("/facebook/v24.0/{id}"), &self.token, &[("fields", fields)]).await
    }
}

/// What looks like a video and takes several pieces.
fn long_mp4() -> Vec<u8> {
    let mut bytes = mp4();
    bytes.resize(2_500_000, 7);
    bytes
}

#[tokio::test]
async fn a_video_by_its_address_is_public_and_then_processed() {
    let (given, page) = given().await;
    let address = hosted(&given, mp4(), "video/mp4").await;
    let words = [("file_url", address.as_str()), ("description", "Hello"), ("title", "A")];
    let id = page.post(&given, "videos", &words).await.expect(200).text_at("/id");
    let read = page.node(&given, &id, "status,permalink_url,post_id,title").await.expect(200);
    assert_eq!((&read.body["status"]["video_status"], &read.body["title"]), (&json!("processing"), &json!("A")));
    given.advance("PT1M").await;
    assert_eq!(page.node(&given, &id, "status").await.body["status"]["video_status"], "ready");
    let ledger = given.ledger("").await;
    assert_eq!((&ledger[0]["platform_post_id"], &ledger[0]["text"]), (&read.body["post_id"], &json!("Hello")));
    assert_eq!(ledger[0]["media"][0]["id"], id);
    assert_eq!(each(&get(&given, &page.path("videos"), &page.token, &[]).await.expect(200), "description"), ["Hello"]);
    let posts =
        get(&given, &page.path("published_posts"), &page.token, &[("fields", "attachments{media_type,target}")]).await;
    assert_eq!(posts.body["data"][0]["attachments"]["data"][0]["target"]["id"], id);
    post(&given, &format!("/facebook/v24.0/{id}/comments"), &page.token, &[("message", "first")]).await.expect(200);
    delete(&given, &format!("/facebook/v24.0/{id}"), &page.token).await.expect(200);
    assert!(given.ledger("").await.iter().all(|entry| entry["deleted_at"].is_string()));
}

#[tokio::test]
async fn what_is_no_video_is_refused() {
    let (given, page) = given().await;
    let by_address = async |address: &str| page.post(&given, "videos", &[("file_url", address)]).await.refused();
    assert_eq!(by_address("nonsense").await, (400, 100, 2_061_006));
    assert_eq!(by_address(&nowhere()).await, (400, 100, 2_069_019));
    assert_eq!(by_address(&given.sandbox.url()).await, (400, 100, 1_349_125));
    assert_eq!(page.post(&given, "videos", &[("description", "a")]).await.refused(), (400, 324, 0));
    let form = Form::new().part("source", Part::bytes(png()).file_name("a").mime_str("video/mp4").expect("a type"));
    let picture = answer(given.post(&page.path("videos")).bearer_auth(&page.token).multipart(form)).await;
    assert_eq!(picture.refused(), (400, 100, 1_349_125));
    assert!(given.ledger("").await.is_empty());
    let form = Form::new().part("source", Part::bytes(mp4()).file_name("a").mime_str("video/mp4").expect("a type"));
    answer(given.post(&page.path("videos")).bearer_auth(&page.token).multipart(form)).await.expect(200);
}

#[tokio::test]
async fn a_resumable_upload_goes_on_where_it_was_after_a_restart() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = || async { sandbox::Sandbox::start(crate::given::settings(&directory)).await.expect("a sandbox") };
    let given = Given::over(start().await);
    let account = given.account("facebook", "acme").await;
    let token = account.credentials["access_token"].as_str().expect("a token").to_owned();
    let app = App::ready(&given, "facebook").await.id;
    let bytes = long_mp4();
    let length = bytes.len().to_string();
    let open = [("file_name", "a.mp4"), ("file_length", length.as_str()), ("file_type", "video/mp4")];
    let foreign = post(&given, "/facebook/v24.0/77/uploads", &token, &open).await;
    assert_eq!(foreign.refused(), (400, 100, 33));
    let session =
        post(&given, &format!("/facebook/v24.0/{app}/uploads"), &token, &open).await.expect(200).text_at("/id");
    assert!(session.starts_with("upload:"), "{session}");
    let send = async |given: &Given, offset: usize, end: usize| {
        let request =
            given.post(&format!("/facebook/v24.0/{session}")).header("authorization", format!("OAuth {token}"));
        let request = request.header("file_offset", offset.to_string()).body(bytes[offset..end].to_vec());
        answer(request).await
    };
    assert_eq!(send(&given, 0, 1_000_000).await.expect(200).body["file_offset"], 1_000_000);
    given.sandbox.stop().await;

    let given = Given::over(start().await);
    let far = get(&given, &format!("/facebook/{session}"), &token, &[]).await.expect(200);
    assert_eq!(far.body["file_offset"], 1_000_000);
    assert_eq!(send(&given, 0, 1_000_000).await.refused(), (400, 100, 0));
    let handle = send(&given, 1_000_000, bytes.len()).await.expect(200).text_at("/h");
    let publish = [("fbuploader_video_file_chunk", handle.as_str()), ("description", "Hello")];
    let path = format!("/facebook/v24.0/{}/videos", account.id);
    let id = post(&given, &path, &token, &publish).await.expect(200).text_at("/id");
    let read = get(&given, &format!("/facebook/v24.0/{id}"), &token, &[("fields", "source")]).await.expect(200);
    let kept = given.client.get(read.text_at("/source")).send().await.expect("an answer");
    assert_eq!(kept.bytes().await.expect("bytes"), bytes);
    let unknown = post(&given, &path, &token, &[("fbuploader_video_file_chunk", "4::abc")]).await;
    assert_eq!(unknown.refused(), (400, 100, 0));
    given.sandbox.stop().await;
}

#[tokio::test]
async fn phases_follow_the_servers_offsets() {
    let (given, page) = given().await;
    let bytes = long_mp4();
    let size = bytes.len().to_string();
    let started = page.post(&given, "videos", &[("upload_phase", "start"), ("file_size", &size)]).await.expect(200);
    let (session, video) = (started.text_at("/upload_session_id"), started.text_at("/video_id"));
    let finish = [("upload_phase", "finish"), ("upload_session_id", session.as_str()), ("description", "Hello")];
    assert_eq!(page.post(&given, "videos", &finish).await.refused(), (400, 100, 1_363_030));
    let (mut from, mut to) = (started.text_at("/start_offset"), started.text_at("/end_offset"));
    assert_eq!((from.as_str(), to.as_str()), ("0", "1048576"));
    while from != to {
        let piece = bytes[from.parse().expect("a number")..to.parse().expect("a number")].to_vec();
        let form = Form::new().text("upload_phase", "transfer").text("upload_session_id", session.clone());
        let piece = Part::bytes(piece).file_name("a").mime_str("application/octet-stream").expect("a type");
        let form = form.text("start_offset", from.clone()).part("video_file_chunk", piece);
        let moved = answer(given.post(&page.path("videos")).bearer_auth(&page.token).multipart(form)).await.expect(200);
        (from, to) = (moved.text_at("/start_offset"), moved.text_at("/end_offset"));
    }
    assert_eq!(from, size);
    assert!(given.ledger("").await.is_empty());
    assert_eq!(page.post(&given, "videos", &finish).await.expect(200).body, json!({"success": true}));
    assert_eq!(page.post(&given, "videos", &finish).await.refused(), (400, 100, 0));
    let post = page.node(&given, &video, "post_id").await.text_at("/post_id");
    assert_eq!((given.ledger("").await.len(), &given.ledger("").await[0]["platform_post_id"]), (1, &json!(post)));
    assert_eq!(page.post(&given, "videos", &[("upload_phase", "dance")]).await.refused(), (400, 100, 0));
}

#[tokio::test]
async fn reels_and_stories_are_uploaded_elsewhere_and_finished_once() {
    let (given, page) = given().await;
    let address = hosted(&given, mp4(), "video/mp4").await;
    for (edge, words) in
        [("video_reels", vec![("video_state", "PUBLISHED"), ("description", "Hello")]), ("video_stories", vec![])]
    {
        let started = page.post(&given, edge, &[("upload_phase", "start")]).await.expect(200);
        let (video, upload) = (started.text_at("/video_id"), started.text_at("/upload_url"));
        let mut finish = vec![("upload_phase", "finish"), ("video_id", video.as_str())];
        finish.extend(words);
        assert_eq!(page.post(&given, edge, &finish).await.refused(), (400, 100, 0));
        let request = given.client.post(&upload).header("authorization", format!("OAuth {}", page.token));
        let sent = match edge {
            "video_reels" => answer(request.header("file_url", &address)).await,
            _ => answer(request.header("offset", "0").header("file_size", mp4().len()).body(mp4())).await,
        };
        assert_eq!(sent.expect(200).body, json!({"success": true}));
        let done = page.post(&given, edge, &finish).await.expect(200);
        assert_eq!(
            (done.body["success"].as_bool(), done.body["post_id"].is_string()),
            (Some(true), edge == "video_stories")
        );
        assert_eq!(page.post(&given, edge, &finish).await.refused(), (400, 100, 0));
        let link = page.node(&given, &video, "permalink_url").await.text_at("/permalink_url");
        assert!(link.contains(if edge == "video_reels" { "/reel/" } else { "/stories/" }), "{link}");
    }
    let form = Form::new().part("source", Part::bytes(png()).file_name("a").mime_str("image/png").expect("a type"));
    let photo = given.post(&page.path("photos?published=false")).bearer_auth(&page.token).multipart(form);
    let photo = answer(photo).await.expect(200).text_at("/id");
    let story = page.post(&given, "photo_stories", &[("photo_id", &photo)]).await.expect(200);
    assert_eq!(page.post(&given, "photo_stories", &[("photo_id", &photo)]).await.refused(), (400, 100, 0));
    let ledger = given.ledger("").await;
    assert_eq!((ledger.len(), &ledger[2]["platform_post_id"]), (3, &story.body["post_id"]));
    // A story is in no listing.
    assert_eq!(each(&get(&given, &page.path("published_posts"), &page.token, &[]).await, "message"), ["Hello"]);
}
