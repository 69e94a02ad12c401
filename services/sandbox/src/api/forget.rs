//! `DELETE /_sandbox`: accounts, posts, faults, clock, inboxes, everything.

use actix_web::HttpResponse;
use actix_web::web::{Data, block};

use crate::answer::Refusal;
use crate::house::House;

pub(super) async fn delete(house: Data<House>) -> Result<HttpResponse, Refusal> {
    let forgotten = block(move || house.forget()).await.map_err(|stopped| Refusal::server_error(&stopped))?;
    forgotten.map_err(|error| Refusal::server_error(&error))?;
    Ok(HttpResponse::NoContent().finish())
}
