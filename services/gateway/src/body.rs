//! A request's body: JSON, at most 1 MiB, read strictly.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header},
};
use futures::StreamExt as _;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::idempotency::{Answer, Once};

use crate::{
    auth::Caller,
    fields::{Faults, Object},
    problem::Problem,
};

/// The largest body of a JSON call.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;

/// Says that an answer was given before.
pub(crate) const REPLAYED: (&str, &str) = ("idempotency-replayed", "true");

const KEY_HEADER: &str = "idempotency-key";
const KEY_LENGTH: usize = 255;

/// A body as it came in, parsed and not yet read. Also of calls that need none.
#[derive(Debug)]
pub(crate) struct Body {
    value: Option<Value>,
    key: Option<String>,
    /// Of method, path and bytes; the query is left out, so that `?wait` may differ.
    call: Sha256,
}

impl Body {
    /// Reads the body with `read`; every fault at once.
    ///
    /// # Errors
    /// [`Problem::Malformed`] when there is none, [`Problem::Invalid`] with all faults.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Object<'_>) -> Option<T>) -> Result<T, Problem> {
        let faults = self.faults();
        let read = faults.object(self.value()?, read);
        faults.check_read(read)
    }

    /// As [`Body::read`], for calls whose fields may all be left out: no body at all is as good as `{}`.
    ///
    /// # Errors
    /// [`Problem::Invalid`].
    pub(crate) fn read_or_default<T: Default>(
        &self,
        read: impl FnOnce(&Object<'_>) -> Option<T>,
    ) -> Result<T, Problem> {
        if self.value.is_none() { Ok(T::default()) } else { self.read(read) }
    }

    /// Makes sure that a call without fields was given none. No body at all is as good as `{}`.
    ///
    /// # Errors
    /// [`Problem::Invalid`].
    pub(crate) fn read_nothing(&self) -> Result<(), Problem> {
        self.read_or_default(|_| Some(()))
    }

    /// The JSON itself, for calls that check more than fields; begin with [`Body::faults`].
    ///
    /// # Errors
    /// [`Problem::Malformed`] when there is none.
    pub(crate) fn value(&self) -> Result<&Value, Problem> {
        self.value.as_ref().ok_or_else(|| Problem::Malformed("the body is empty; a JSON object is expected".to_owned()))
    }

    /// The faults that can be seen before any field is read.
    pub(crate) fn faults(&self) -> Faults {
        let faults = Faults::default();
        if let Some(value) = &self.value {
            faults.refuse_nul(value);
        }
        faults
    }

    /// The caller's `Idempotency-Key`, to be answered with `status` when all goes well.
    pub(crate) fn once(&self, caller: &Caller, status: StatusCode) -> Option<Once> {
        let key = self.key.clone()?;
        let mut call = self.call.clone();
        // A key bound to an owner must not be answered with what was done for another.
        call.update([u8::from(caller.external_id.is_some())]);
        call.update(caller.external_id.as_deref().unwrap_or_default());
        let fingerprint = call.finalize().to_vec();
        // Every status of HTTP fits.
        let status = i16::try_from(status.as_u16()).unwrap_or_default();
        Some(Once { project_id: caller.project.id, key, fingerprint, status })
    }
}

/// Answers with what a call under a key came to. `show` makes the body of a call that was done now.
///
/// # Errors
/// [`Problem::IdempotencyKeyReused`], [`Problem::IdempotencyInProgress`].
pub(crate) fn answer<T>(
    answer: Answer<T>,
    status: StatusCode,
    show: impl FnOnce(T) -> Result<Value, Problem>,
) -> Result<HttpResponse, Problem> {
    match answer {
        Answer::Done(value) => Ok(HttpResponse::build(status).json(show(value)?)),
        Answer::Replayed(saved) => {
            let status = u16::try_from(saved.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
            let status = status.ok_or_else(|| Problem::Internal(format!("a saved status is {}", saved.status)))?;
            Ok(HttpResponse::build(status).insert_header(REPLAYED).json(saved.body))
        }
        Answer::KeyReused => Err(Problem::IdempotencyKeyReused),
        Answer::InProgress => Err(Problem::IdempotencyInProgress),
    }
}

/// A value as JSON.
///
/// # Errors
/// [`Problem::Internal`] when it has no JSON form.
pub(crate) fn json<T: Serialize>(value: T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::Internal(format!("an answer has no JSON form: {error}")))
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let key = idempotency_key(&request)?;
            let bytes = collect(&request, &mut payload).await?;
            let mut call = Sha256::new();
            for part in [request.method().as_str(), request.path()] {
                call.update(part);
                call.update([0]);
            }
            // Its digest and not the bytes themselves, so that what follows cannot be taken for more of the body.
            call.update(Sha256::digest(&bytes));
            if bytes.is_empty() {
                return Ok(Self { value: None, key, call });
            }
            if !is_json(&request) {
                let detail = "send JSON with the header `Content-Type: application/json`";
                return Err(Problem::UnsupportedMediaType(detail.to_owned()));
            }
            let value = serde_json::from_slice(&bytes)
                .map_err(|error| Problem::Malformed(format!("the body is not valid JSON: {error}")))?;
            Ok(Self { value: Some(value), key, call })
        })
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut given = request.headers().get_all(KEY_HEADER);
    let Some(key) = given.next() else { return Ok(None) };
    let fits =
        |key: &&str| (1..=KEY_LENGTH).contains(&key.len()) && key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match key.to_str().ok().filter(fits) {
        Some(key) if given.next().is_none() => Ok(Some(key.to_owned())),
        _ => {
            Err(Problem::Malformed(format!("`Idempotency-Key` must be one text of 1 to {KEY_LENGTH} ASCII characters")))
        }
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let given = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

async fn collect(request: &HttpRequest, payload: &mut Payload) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::TooLarge(MAX_BYTES as u64);
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BYTES as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::Malformed(format!("the body broke off: {error}")))?;
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
