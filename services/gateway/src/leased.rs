//! Calls under an idempotency key whose answer cannot be written in the transaction of what they do: the key is leased
//! first, and the answer kept after.

use std::{future::Future, time::Duration};

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::Value;
use store::idempotency::{self, Answer, Once};

use crate::{App, body, problem::Problem};

/// Does `work` once for a key, or simply does it where there is none. `lease` is more than the work can take: when its
/// process dies the key is free again after that. Work that ends in a problem may be tried again under the same key.
///
/// # Errors
/// Those of the work, of keys, and of the database.
pub(crate) async fn leased(
    app: &App,
    once: Option<Once>,
    lease: Duration,
    work: impl Future<Output = Result<(StatusCode, Value), Problem>>,
) -> Result<HttpResponse, Problem> {
    let Some(once) = once else {
        let (status, body) = work.await?;
        return Ok(HttpResponse::build(status).json(body));
    };
    match idempotency::start(&app.database, &once, lease).await? {
        Answer::Done(()) => {}
        other => return body::answer(other, StatusCode::OK, |()| Ok(Value::Null)),
    }
    match work.await {
        Ok((status, body)) => {
            let number = i16::try_from(status.as_u16()).unwrap_or_default();
            idempotency::finish(&app.database, &once, number, body.clone()).await?;
            Ok(HttpResponse::build(status).json(body))
        }
        Err(problem) => {
            idempotency::abandon(&app.database, &once).await?;
            Err(problem)
        }
    }
}
