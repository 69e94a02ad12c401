//! What a log line holds.

use std::{
    io,
    sync::{Arc, Mutex},
};

use runtime::{
    telemetry::{LogFormat, TelemetryError, subscriber},
    trace::Trace,
};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

fn logged(format: LogFormat, filter: &str, log_something: impl FnOnce()) -> String {
    let log = Log::default();
    let subscriber = subscriber("publisher", format, filter, log.clone(), false).unwrap();
    tracing::subscriber::with_default(subscriber, log_something);
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn a_json_line_is_flat_and_carries_the_trace_of_the_span_around_it() {
    let trace = Trace::generate();
    let text = logged(LogFormat::Json, "info", || {
        let _in_trace = trace.span().entered();
        let _in_lane = tracing::info_span!("lane", platform = "x", lane = tracing::field::Empty).entered();
        tracing::Span::current().record("lane", 7);
        tracing::warn!(attempt = 2, ok = false, platform = "bluesky", "sending failed");
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["trace_id"], trace.id());
    assert_eq!(line["message"], "sending failed");
    assert_eq!(line["level"], "warn");
    assert_eq!(line["service"], "publisher");
    assert_eq!(line["lane"], 7);
    assert_eq!(line["attempt"], 2);
    assert_eq!(line["ok"], false);
    assert_eq!(line["platform"], "bluesky", "the innermost field stays");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    assert!(line["target"].as_str().unwrap().starts_with("it"));
}

#[test]
fn an_error_is_logged_with_its_causes_on_one_line() {
    let error = Outer(Inner);
    let text = logged(LogFormat::Json, "info", || {
        tracing::error!(error = &error as &dyn std::error::Error, "starting\nfailed");
    });
    assert_eq!(text.lines().count(), 1);
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["error"], "outer: inner");
}

#[derive(Debug, thiserror::Error)]
#[error("outer")]
struct Outer(#[source] Inner);

#[derive(Debug, thiserror::Error)]
#[error("inner")]
struct Inner;

#[test]
fn text_for_people_carries_the_trace_too() {
    let trace = Trace::generate();
    let text = logged(LogFormat::Pretty, "info", || trace.span().in_scope(|| tracing::info!("hello")));
    assert!(text.contains(&trace.id()) && text.contains("hello"), "{text}");
}

#[test]
fn the_filter_holds() {
    let text = logged(LogFormat::Json, "warn,it=debug", || {
        tracing::debug!("mine");
        tracing::info!(target: "other", "not mine");
    });
    assert!(text.contains("\"mine\"") && !text.contains("not mine"), "{text}");
    let refused = subscriber("x", LogFormat::Json, "it=loud", Log::default(), false);
    assert!(matches!(refused, Err(TelemetryError::Filter { .. })));
}
