//! The origin itself, where two networks live: a Mastodon instance and a PDS with its authorization server. Both say
//! where their OAuth endpoints are at the same address, so one document speaks for both.
//!
//! The endpoints it names are Bluesky's, whose clients know them from nowhere else. Mastodon's stand at the paths that
//! every Mastodon has had from its first day; of the document its clients need the kinds of challenge and the scopes.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, ReqData, ServiceConfig};
use serde_json::Value;

use crate::world::World;
use crate::{bluesky, mastodon};

pub(crate) fn mount(config: &mut ServiceConfig) {
    config.route("/.well-known/oauth-authorization-server", web::get().to(metadata));
}

async fn metadata(world: ReqData<Arc<World>>) -> HttpResponse {
    let origin = &world.core.origin;
    HttpResponse::Ok().json(joined(mastodon::metadata(origin), bluesky::metadata(origin)))
}

/// Both documents: lists joined, anything else as the second says.
fn joined(mut first: Value, second: Value) -> Value {
    let (Value::Object(all), Value::Object(more)) = (&mut first, second) else {
        return first;
    };
    for (name, value) in more {
        match (all.get_mut(&name), value) {
            (Some(Value::Array(list)), Value::Array(others)) => {
                for other in others {
                    if !list.contains(&other) {
                        list.push(other);
                    }
                }
            }
            (_, value) => {
                all.insert(name, value);
            }
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_joined_and_the_second_has_the_last_word() {
        let (first, second) = (json!({"a": [1, 2], "b": 1, "c": 1}), json!({"a": [2, 3], "b": 2, "d": 2}));
        assert_eq!(joined(first, second), json!({"a": [1, 2, 3], "b": 2, "c": 1, "d": 2}));
    }
}
