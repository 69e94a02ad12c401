//! `/_sandbox/quotas`: whether the networks' rate limits are enforced.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, ReqData};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::body;
use crate::answer::Refusal;
use crate::core::Core;
use crate::network::Platform;
use crate::world::{Fact, World};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotasRequest {
    /// Every network when absent.
    platform: Option<Platform>,
    enforce: bool,
}

fn reading(core: &Core) -> Value {
    let each = |platform| json!({"platform": platform, "enforce": core.quotas.enforced(platform)});
    json!({"data": Platform::ALL.map(each)})
}

pub(super) async fn set(world: ReqData<Arc<World>>, bytes: Bytes) -> Result<HttpResponse, Refusal> {
    let QuotasRequest { platform, enforce } = body(&bytes)?;
    world.core.quotas.enforce(platform, enforce);
    world.core.record_own(&Fact::QuotasSet { platform, enforce });
    Ok(HttpResponse::Ok().json(reading(&world.core)))
}

pub(super) async fn list(world: ReqData<Arc<World>>) -> HttpResponse {
    HttpResponse::Ok().json(reading(&world.core))
}
