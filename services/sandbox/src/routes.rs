//! The whole server on one screen.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{DATE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{Error, HttpMessage};

use crate::answer::Refusal;
use crate::house::House;
use crate::network::Platform;
use crate::{api, origin, page};

/// The sandbox's own API and page, then every network at the paths of its real API.
pub(crate) fn mount(config: &mut ServiceConfig) {
    page::mount(config);
    api::mount(config);
    origin::mount(config);
    for platform in Platform::ALL {
        (platform.entry().mount)(config);
    }
}

/// Around every request: it sees one world from beginning to end, and its answer leaves once everything that it may tell
/// of is written to disk. `Date` is the sandbox's clock, as reset times are, so that a careful caller can take the difference.
pub(crate) async fn answer_once_written<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let world = request.app_data::<Data<House>>().map(|house| house.world());
    let Some(world) = world else {
        return next.call(request).await;
    };
    request.extensions_mut().insert(std::sync::Arc::clone(&world));
    let answer = next.call(request).await;
    world.core.journal.settled().await.map_err(|broken| Refusal::server_error(&broken))?;
    let mut answer = answer?;
    let date = world.core.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        answer.headers_mut().insert(DATE, date);
    }
    Ok(answer)
}
