//! The gateway's numbers. A route is its template and never an address with an id in it.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use runtime::metrics::{HistogramVec, IntCounterVec, Metrics, MetricsError, SECONDS};

/// What is counted of HTTP requests.
#[derive(Debug, Clone)]
pub(crate) struct HttpMetrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
}

impl HttpMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, MetricsError> {
        Ok(Self {
            requests: metrics.counters(
                "fanfare_http_requests_total",
                "HTTP requests answered, by route template and class of status.",
                &["method", "route", "status"],
            )?,
            seconds: metrics.histograms(
                "fanfare_http_request_seconds",
                "From the request's head to the answer's head, by route template.",
                &["method", "route"],
                SECONDS,
            )?,
        })
    }

    pub(crate) fn record(&self, method: &Method, route: Option<&str>, status: StatusCode, took: Duration) {
        let (method, route) = (label(method), route.unwrap_or("unmatched"));
        self.requests.with_label_values(&[method, route, class(status)]).inc();
        self.seconds.with_label_values(&[method, route]).observe(took.as_secs_f64());
    }
}

/// A caller may send any word as a method; a label may not be any word.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
