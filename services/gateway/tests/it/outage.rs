//! Without PostgreSQL every call says so, and works again when it is back.

use std::sync::Arc;

use gateway::Scope;
use runtime::secret::Secret;
use serde_json::json;
use store::{Database, DatabaseSettings};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use url::Url;

use crate::kit::Gateway;

/// Passes connections on to the database until it is cut.
async fn passage(listener: Arc<TcpListener>, to: String) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((mut near, _)) = listener.accept().await else { return };
        let to = to.clone();
        connections.spawn(async move {
            if let Ok(mut far) = TcpStream::connect(to).await {
                // How a connection ended is of no interest here.
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            }
        });
    }
}

#[tokio::test]
async fn every_call_is_put_off_while_the_database_is_away() {
    // given: a gateway that reaches its database by a passage that can be cut
    let db = testkit::database().await;
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let mut url: Url = db.url().parse().unwrap();
    let real = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    let settings =
        DatabaseSettings { acquire_timeout_ms: 500, ..DatabaseSettings::for_url(Secret::from(url.as_str())) };
    let open = tokio::spawn(passage(Arc::clone(&listener), real.clone()));
    let house = Gateway::over(db, Database::new(&settings).unwrap(), |_| {}).await;
    let project = house.other_project().await;
    let client = house.client_of(&project, Scope::all().collect(), None).await;
    client.get("/v1/project").await.expect(200);
    // when
    open.abort();
    let _ = open.await;
    // then: whether the key is remembered or not, reading and writing
    let stranger = house.with_key(&format!("sk_test_{}", "0".repeat(64)));
    for reply in [
        client.get("/v1/project").await,
        client.get("/v1/webhooks").await,
        client.post("/v1/api-keys", json!({"name": "x"})).await,
        client.post_once("k", "/v1/webhooks", json!({"url": "https://a.example/", "events": ["*"]})).await,
        stranger.get("/v1/project").await,
    ] {
        assert_eq!(reply.header("retry-after"), "1", "{reply:?}");
        let problem = reply.problem(503, "unavailable");
        assert!(!problem.to_string().contains("127.0.0.1:5"), "{problem}");
    }
    // when
    tokio::spawn(passage(listener, real));
    // then
    client.get("/v1/project").await.expect(200);
    client.post_once("k", "/v1/webhooks", json!({"url": "https://a.example/", "events": ["*"]})).await.expect(201);
}
