//! Where the broker is and how it is used.

use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};
use runtime::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::BusError;

/// Settings of the RabbitMQ transport, as a settings section.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RabbitSettings {
    /// `amqp://user:password@host:port/vhost`; the vhost is percent-encoded, `%2f` is the default one.
    pub url: Secret,
    /// Stands before the name of every exchange and queue: empty in production, the run's own in tests.
    pub prefix: String,
    /// A connection that is silent for twice as long is dropped.
    pub heartbeat_seconds: u16,
    /// A confirm that takes longer is not waited for, and the connection is dropped.
    pub confirm_timeout_ms: u64,
    /// The type of all queues. Changing it needs the queues deleted first: a queue's type cannot change.
    pub queue_type: QueueType,
}

/// How the broker keeps a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueType {
    /// Replicated, and always on disk.
    Quorum,
    /// Durable on one node, with messages in its memory: they are only hints.
    Classic,
}

impl RabbitSettings {
    /// What production uses, for this broker.
    pub fn for_url(url: impl Into<Secret>) -> Self {
        Self {
            url: url.into(),
            prefix: String::new(),
            heartbeat_seconds: 10,
            confirm_timeout_ms: 5_000,
            queue_type: QueueType::Quorum,
        }
    }

    pub(super) fn confirm_timeout(&self) -> Duration {
        Duration::from_millis(self.confirm_timeout_ms)
    }

    /// The URL, taken apart. Errors never repeat it.
    pub(super) fn uri(&self) -> Result<AMQPUri, BusError> {
        let wrong = |what: &str| BusError::Settings(what.to_owned());
        let url = self.url.expose();
        let mut uri: AMQPUri =
            url.parse().map_err(|_| wrong("the URL must be amqp://user:password@host:port/vhost"))?;
        if uri.scheme == AMQPScheme::AMQPS {
            // Without TLS compiled in the client would go on in the clear.
            return Err(wrong("the URL says amqps, and TLS to the broker is not built in"));
        }
        if let Some(host) = ipv6_host(url) {
            uri.authority.host = host.to_owned();
        }
        if uri.vhost.is_empty() {
            uri.vhost = "/".to_owned();
        }
        if self.heartbeat_seconds == 0 || self.confirm_timeout_ms == 0 {
            return Err(wrong("heartbeat_seconds and confirm_timeout_ms must be at least 1"));
        }
        uri.query.heartbeat = Some(self.heartbeat_seconds);
        let in_names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if self.prefix.len() > 64 || !self.prefix.chars().all(in_names) {
            return Err(wrong("the prefix must be at most 64 letters, digits, `.`, `-` or `_`"));
        }
        Ok(uri)
    }
}

/// The host of a URL that names an IPv6 address in brackets, which the client's own parser takes for localhost.
fn ipv6_host(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split('/').next()?;
    let host = authority.rsplit('@').next()?.strip_prefix('[')?;
    host.split_once(']').map(|(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(url: &str) -> Result<AMQPUri, BusError> {
        RabbitSettings::for_url(url).uri()
    }

    #[test]
    fn a_url_is_taken_apart() {
        let uri = uri("amqp://user:p%40ss@broker.example:5673/a%2fb").unwrap();
        assert_eq!(uri.authority.userinfo.password, "p@ss");
        assert_eq!((uri.authority.host.as_str(), uri.authority.port), ("broker.example", 5673));
        assert_eq!(uri.vhost, "a/b");
        assert_eq!(uri.query.heartbeat, Some(10));
    }

    #[test]
    fn the_default_vhost_and_port_may_be_left_out() {
        for url in ["amqp://broker", "amqp://broker/", "amqp://broker/%2f"] {
            let uri = uri(url).unwrap();
            assert_eq!((uri.vhost.as_str(), uri.authority.port), ("/", 5672), "{url}");
        }
    }

    #[test]
    fn an_ipv6_address_is_not_taken_for_localhost() {
        assert_eq!(uri("amqp://u:p@[2001:db8::1]:5672/v").unwrap().authority.host, "2001:db8::1");
    }

    #[test]
    fn settings_that_cannot_be_right_are_refused_without_repeating_them() {
        for url in ["", "hunter2", "http://u:hunter2@host", "amqp:hunter2", "amqps://u:hunter2@host"] {
            let text = uri(url).unwrap_err().to_string();
            assert!(!text.contains("hunter2"), "{text}");
        }
        let settings = RabbitSettings { prefix: "a b".to_owned(), ..RabbitSettings::for_url("amqp://host") };
        assert!(settings.uri().is_err());
        let settings = RabbitSettings { confirm_timeout_ms: 0, ..RabbitSettings::for_url("amqp://host") };
        assert!(settings.uri().is_err());
    }
}
