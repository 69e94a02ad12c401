//! Who calls, and what they may do.

mod cache;
mod key;
mod scope;

use std::{
    future::{Ready, ready},
    ops::Deref,
    sync::Arc,
};

use actix_web::{
    Error, FromRequest, HttpMessage as _, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web::Data,
};
use domain::ids::KeyId;
use jiff::Timestamp;
use store::{audit::Actor, keys, projects::Project};
use tokio::time::Instant;

pub(crate) use cache::Cache;
pub use key::{NewKey, generate};
pub use scope::Scope;

use crate::{App, problem::Problem};

/// What is known of a caller from its key.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The tenant with its mode and policies.
    pub project: Project,
    /// The key.
    pub key_id: KeyId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The only owner it may act for, if it is bound to one.
    pub external_id: Option<String>,
    /// From when on the key is no longer taken.
    pub expires_at: Option<Timestamp>,
}

/// The caller of a request, for handlers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Caller(Arc<Identity>);

impl Deref for Caller {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0
    }
}

impl Caller {
    /// Makes sure that the key has a scope.
    ///
    /// # Errors
    /// [`Problem::ScopeMissing`].
    pub(crate) fn needs(&self, scope: Scope) -> Result<(), Problem> {
        self.needs_any(&[scope])
    }

    /// Makes sure that the key has one of some scopes; the first is the one to ask for.
    ///
    /// # Errors
    /// [`Problem::ScopeMissing`].
    pub(crate) fn needs_any(&self, scopes: &[Scope]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.scopes.contains(scope)) {
            return Ok(());
        }
        Err(Problem::ScopeMissing(scopes.first().map_or("", |scope| scope.word())))
    }

    /// The owners whose things this key sees, in the form the store takes: `None` for all of them.
    pub(crate) fn owner(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// For audit rows.
    pub(crate) fn actor(&self, at: Timestamp) -> Actor {
        Actor { project_id: self.project.id, name: self.key_id.to_string(), at }
    }
}

/// Puts the [`Caller`] into each request that carries a good key, and refuses the others.
pub(crate) async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match identify(&request).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        // An answer and not an error: only an answer still has its request around it further out.
        Err(problem) => Ok(request.error_response(problem)),
    }
}

async fn identify(request: &ServiceRequest) -> Result<Caller, Problem> {
    let app = request.app_data::<Data<App>>().ok_or_else(|| Problem::Internal("the server has no state".to_owned()))?;
    let text = bearer(request).filter(|text| key::is_key(text)).ok_or(Problem::Unauthorized)?;
    let hash = key::hash(text);
    let still_good = |caller: &Caller| caller.expires_at.is_none_or(|at| app.clock.now() < at);
    if let Some(caller) = app.keys.get(&hash) {
        return Some(caller).filter(still_good).ok_or(Problem::Unauthorized);
    }
    let asked_at = Instant::now();
    let (key, project) = keys::find(&app.database, &hash).await?.ok_or(Problem::Unauthorized)?;
    let caller = Caller(Arc::new(Identity {
        project,
        key_id: key.id,
        // A scope that a later build knew and this one does not grants nothing here.
        scopes: key.scopes.iter().filter_map(|word| word.parse().ok()).collect(),
        external_id: key.external_id,
        expires_at: key.expires_at,
    }));
    app.keys.insert(hash, caller.clone(), asked_at);
    Some(caller).filter(still_good).ok_or(Problem::Unauthorized)
}

fn bearer(request: &ServiceRequest) -> Option<&str> {
    let given = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, text) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or(Problem::Unauthorized))
    }
}
