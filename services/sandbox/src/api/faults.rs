//! `/_sandbox/faults`: the switchboard.

use std::sync::Arc;

use actix_web::web::{Bytes, Path, ReqData};
use actix_web::{HttpResponse, http::StatusCode};
use serde_json::json;

use super::problem::{body, problem};
use crate::answer::Refusal;
use crate::faults::NewFault;
use crate::world::{Fact, World};

pub(super) async fn set(world: ReqData<Arc<World>>, bytes: Bytes) -> Result<HttpResponse, Refusal> {
    let plan: NewFault = body(&bytes)?;
    if let Some(detail) = plan.params.fault() {
        return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    if plan.times == Some(0) {
        return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, "times is 1 or more, or null for every request"));
    }
    let fault = world.core.faults.set(plan);
    world.core.record_own(&Fact::FaultSet(fault.clone()));
    Ok(HttpResponse::Created().json(fault))
}

pub(super) async fn list(world: ReqData<Arc<World>>) -> HttpResponse {
    HttpResponse::Ok().json(json!({"data": world.core.faults.list()}))
}

pub(super) async fn clear(world: ReqData<Arc<World>>) -> HttpResponse {
    world.core.faults.clear(None);
    world.core.record_own(&Fact::FaultsCleared { id: None });
    HttpResponse::NoContent().finish()
}

pub(super) async fn clear_one(world: ReqData<Arc<World>>, id: Path<u64>) -> Result<HttpResponse, Refusal> {
    if world.core.faults.clear(Some(*id)) == 0 {
        return Err(problem(StatusCode::NOT_FOUND, "no fault has this id"));
    }
    world.core.record_own(&Fact::FaultsCleared { id: Some(*id) });
    Ok(HttpResponse::NoContent().finish())
}
