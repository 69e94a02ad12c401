//! The admin port, over a real socket.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use runtime::{
    admin::{Admin, AdminSettings, Vitals},
    metrics::{Gauge, Metrics},
    shutdown::{DEFAULT_DEADLINE, Shutdown},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

struct Service {
    can_claim: AtomicBool,
    open: Gauge,
}

#[async_trait]
impl Vitals for Service {
    async fn not_ready(&self) -> Vec<String> {
        if self.can_claim.load(Ordering::Relaxed) { Vec::new() } else { vec!["no database".to_owned()] }
    }

    async fn refresh_metrics(&self) {
        self.open.inc();
    }
}

fn start(metrics: Metrics, vitals: Arc<dyn Vitals>, shutdown: Shutdown) -> Admin {
    let settings = AdminSettings { host: "127.0.0.1".to_owned(), port: 0 };
    Admin::start(&settings, metrics, vitals, shutdown).unwrap()
}

/// The whole answer, head and body.
async fn get(admin: &Admin, path: &str) -> String {
    let mut stream = TcpStream::connect(admin.addr()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_means_that_work_could_be_claimed_now() {
    let metrics = Metrics::new("publisher");
    let open = metrics.gauge("fanfare_open", "Open.").unwrap();
    let service = Arc::new(Service { can_claim: AtomicBool::new(false), open });
    let shutdown = Shutdown::new(DEFAULT_DEADLINE);
    let admin = start(metrics, service.clone(), shutdown.clone());

    assert!(get(&admin, "/healthz").await.starts_with("HTTP/1.1 200"));
    let answer = get(&admin, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("\r\n\r\nno database\n"), "{answer}");

    service.can_claim.store(true, Ordering::Relaxed);
    assert!(get(&admin, "/readyz").await.starts_with("HTTP/1.1 200"));

    shutdown.stop();
    let answer = get(&admin, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("\r\n\r\nshutting down\n"), "{answer}");
    assert!(get(&admin, "/healthz").await.starts_with("HTTP/1.1 200"), "a draining process is up");
    admin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_sees_gauges_as_they_are_now() {
    let metrics = Metrics::new("publisher");
    let open = metrics.gauge("fanfare_open", "Open.").unwrap();
    let service = Arc::new(Service { can_claim: AtomicBool::new(true), open });
    let admin = start(metrics, service, Shutdown::new(DEFAULT_DEADLINE));
    for scrape in 1..=2 {
        let answer = get(&admin, "/metrics").await;
        assert!(answer.contains(&format!("fanfare_open{{service=\"publisher\"}} {scrape}\n")), "{answer}");
    }
    admin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_ready_when_all_it_needs_is() {
    let vitals: Vec<Arc<dyn Vitals>> =
        vec![Arc::new(|| vec!["no database".to_owned()]), Arc::new(Vec::new), Arc::new(|| vec!["no key".to_owned()])];
    let admin = start(Metrics::new("fanfare"), Arc::new(vitals), Shutdown::new(DEFAULT_DEADLINE));
    let answer = get(&admin, "/readyz").await;
    assert!(answer.ends_with("\r\n\r\nno database\nno key\n"), "{answer}");
    admin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let taken = start(Metrics::new("a"), Arc::new(Vec::new), Shutdown::new(DEFAULT_DEADLINE));
    let settings = AdminSettings { host: "127.0.0.1".to_owned(), port: taken.addr().port() };
    let refused = Admin::start(&settings, Metrics::new("b"), Arc::new(Vec::new), Shutdown::new(DEFAULT_DEADLINE));
    let text = refused.unwrap_err().to_string();
    assert_eq!(text, format!("listening on 127.0.0.1:{} for the admin port", taken.addr().port()));
    taken.stop().await;
}
