//! The hosted chooser.

use egress::Method;
use serde_json::json;
use url::Url;

use crate::{
    browser::{RETURN, Shown, visit},
    consent::code,
    world::World,
};

const A: Option<&str> = Some("user_a");

/// What waits under a name, and the chooser's address.
async fn waiting(world: &World) -> (String, Url) {
    world.app("client-1").await;
    let pages = json!([
        {"id": "1", "token": "one", "name": "<b>Acme & \"Co\"</b>", "picture": "https://cdn.example/a.png?x=1&y=\"2\""},
        {"id": "2&3", "token": "two", "name": "Other", "picture": "javascript:alert(1)"},
    ]);
    let session = world.begun(&world.begin_request(A)).await.allow(&code("client-1", pages)).await.session();
    let chooser = world.origin.join(&format!("/connect/{session}")).unwrap();
    (session, chooser)
}

async fn choose(chooser: &Url, form: &[(&str, &str)]) -> Shown {
    visit(Method::POST, chooser.clone(), Some(form)).await
}

async fn chosen(world: &World) -> Vec<String> {
    world.database.texts("SELECT unnest(chosen) FROM connect_sessions").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_chooses_and_nothing_is_connected_by_it() {
    let world = World::new().await;
    let (session, chooser) = waiting(&world).await;

    // given
    let page = visit(Method::GET, chooser.clone(), None).await;
    assert_eq!(page.status, 200);
    for word in [
        "&lt;b&gt;Acme &amp; &quot;Co&quot;&lt;/b&gt;",
        "value=\"2&amp;3\"",
        "https://cdn.example/a.png?x=1&amp;y=&quot;2&quot;",
    ] {
        assert!(page.text.contains(word), "{word} in {}", page.text);
    }
    for word in ["<b>", "javascript:", "<script"] {
        assert!(!page.text.contains(word), "{word} in {}", page.text);
    }
    let policy = &page.headers["content-security-policy"];
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    assert_eq!(
        (page.headers["cache-control"].as_str(), page.headers["referrer-policy"].as_str()),
        ("no-store", "no-referrer")
    );

    // when
    let back = choose(&chooser, &[("page", "2&3"), ("decision", "choose")]).await;

    // then
    assert_eq!(back.session(), session);
    assert!(back.to().as_str().starts_with(RETURN));
    assert_eq!(chosen(&world).await, ["2&3"]);
    assert_eq!(world.database.count("SELECT count(*) FROM social_accounts").await, 0);

    // and who comes again finds it so, and may choose anew
    let page = visit(Method::GET, chooser.clone(), None).await;
    assert!(
        page.text.contains("value=\"2&amp;3\" checked") && !page.text.contains("value=\"1\" checked"),
        "{}",
        page.text
    );
    choose(&chooser, &[("page", "1"), ("page", "2&3"), ("decision", "choose")]).await.session();
    assert_eq!(chosen(&world).await, ["1", "2&3"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_is_none_is_asked_for_again() {
    let world = World::new().await;
    let (_, chooser) = waiting(&world).await;
    for form in
        [&[("decision", "choose")][..], &[("page", "4"), ("decision", "choose")], &[("page", "1"), ("page", "4")]]
    {
        let again = choose(&chooser, form).await;
        assert_eq!(again.status, 422, "{form:?}");
        assert!(again.text.contains("role=\"alert\"") && again.text.contains("<form"), "{}", again.text);
        assert!(chosen(&world).await.is_empty());
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_goes_home_and_may_come_back() {
    let world = World::new().await;
    let (_, chooser) = waiting(&world).await;
    assert_eq!(choose(&chooser, &[("page", "1"), ("decision", "cancel")]).await.failed(), "access_denied");
    assert!(chosen(&world).await.is_empty());
    assert_eq!(visit(Method::GET, chooser, None).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_too_late_goes_home_too() {
    let world = World::new().await;
    let (_, chooser) = waiting(&world).await;
    world.database.execute("UPDATE connect_sessions SET expires_at = now() - interval '1 s'").await;
    assert_eq!(visit(Method::GET, chooser.clone(), None).await.failed(), "expired");
    assert_eq!(choose(&chooser, &[("page", "1")]).await.failed(), "expired");
    for unknown in ["a".repeat(43), "short".to_owned(), "%ff".to_owned()] {
        let shown = visit(Method::GET, world.origin.join(&format!("/connect/{unknown}")).unwrap(), None).await;
        assert_eq!(shown.status, 404, "{unknown}");
    }
    world.stop().await;
}
