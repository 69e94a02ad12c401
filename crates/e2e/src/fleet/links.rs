//! Wires between the programs and what they depend on, which can be made to misbehave.

use url::Url;

use crate::chaos::proxy::Link;

/// One wire for each dependency.
pub struct Links {
    /// To PostgreSQL.
    pub database: Link,
    /// To RabbitMQ, where there is one.
    pub broker: Option<Link>,
    /// To the networks.
    pub networks: Link,
    /// From callers to the API.
    pub front: Link,
    urls: Urls,
}

struct Urls {
    database: String,
    broker: Option<String>,
    networks: Url,
    front: Url,
}

impl Links {
    pub(super) async fn between(database: &str, broker: Option<&str>, networks: &Url, front: &Url) -> Self {
        let (database, database_url) = Link::to_url(database).await;
        let (broker, broker_url) = match broker {
            Some(url) => {
                let (link, url) = Link::to_url(url).await;
                (Some(link), Some(url))
            }
            None => (None, None),
        };
        let (networks, networks_url) = Link::to_url(networks.as_str()).await;
        let (front, front_url) = Link::to_url(front.as_str()).await;
        let urls = Urls {
            database: database_url,
            broker: broker_url,
            networks: networks_url.parse().expect("a URL"),
            front: front_url.parse().expect("a URL"),
        };
        Self { database, broker, networks, front, urls }
    }

    pub(super) fn database_url(&self) -> &str {
        &self.urls.database
    }

    pub(super) fn broker_url(&self) -> Option<&str> {
        self.urls.broker.as_deref()
    }

    pub(super) fn networks_url(&self) -> &Url {
        &self.urls.networks
    }

    pub(super) fn front_url(&self) -> &Url {
        &self.urls.front
    }
}
