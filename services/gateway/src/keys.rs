//! API keys. A key never gives more than it has: no further scope, no other owner.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use domain::ids::KeyId;
use jiff::Timestamp;
use store::keys::{self, Key};
use uuid::Uuid;

use crate::{
    App,
    auth::{self, Caller, Scope},
    body::{self, Body},
    fields::Object,
    ids::Id,
    page::{List, Page},
    problem::Problem,
    query::Query,
};

/// Longest `external_id` anywhere.
pub(crate) const MAX_OWNER: usize = 255;

struct CreateRequest {
    name: String,
    scopes: Option<Vec<Scope>>,
    external_id: Option<String>,
    expires_at: Option<Timestamp>,
}

/// `POST /v1/api-keys`
pub(crate) async fn create(app: Data<App>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::KeysAdmin)?;
    let now = app.clock.now();
    let request = body.read(|body| read(body, &caller, now))?;
    let mut scopes = request.scopes.unwrap_or_else(|| caller.scopes.clone());
    scopes.sort_unstable();
    scopes.dedup();
    scopes.iter().try_for_each(|scope| caller.needs(*scope))?;
    let made = auth::generate(caller.project.mode);
    let key = Key {
        id: KeyId(Uuid::now_v7()),
        name: request.name,
        key_head: made.head,
        scopes: scopes.into_iter().map(|scope| scope.word().to_owned()).collect(),
        external_id: request.external_id.or_else(|| caller.external_id.clone()),
        created_at: now,
        expires_at: request.expires_at,
    };
    let once = body.once(&caller, StatusCode::CREATED);
    let done = keys::insert(&app.database, caller.actor(now), key, made.hash, once).await?;
    body::answer(done, StatusCode::CREATED, |key| {
        let mut shown = body::json(key)?;
        shown["key"] = made.text.into();
        Ok(shown)
    })
}

fn read(body: &Object<'_>, caller: &Caller, now: Timestamp) -> Option<CreateRequest> {
    let name = body.required("name").text(1..=100);
    let scopes = body.optional("scopes").list(1..=Scope::all().count(), |scope| scope.word());
    let external_id = owner(body, caller);
    let expires_at = body.optional("expires_at");
    let pointer = expires_at.pointer().to_owned();
    let expires_at = expires_at.timestamp();
    if expires_at.is_some_and(|at| at <= now) {
        body.fault_at(pointer, "in_the_past", "must be in the future");
    }
    Some(CreateRequest { name: name?.to_owned(), scopes, external_id, expires_at })
}

/// An owner that something is bound to. A key that is bound itself can name no other.
pub(crate) fn owner(body: &Object<'_>, caller: &Caller) -> Option<String> {
    let (text, field) = body.optional("external_id").text_kept(1..=MAX_OWNER)?;
    match caller.owner() {
        Some(own) if own != text => field.refuse("foreign_owner", "this key is bound to another external_id"),
        _ => Some(text.to_owned()),
    }
}

/// `GET /v1/api-keys`
pub(crate) async fn list(app: Data<App>, caller: Caller, query: Query) -> Result<Json<List<Key>>, Problem> {
    caller.needs(Scope::KeysAdmin)?;
    let page: Page<Uuid> = query.read(Page::of)?;
    let keys = keys::list(&app.database, caller.project.id, caller.owner(), page.after, page.probe()).await?;
    List::page(keys, &page, |key| key.id.0).map(Json)
}

/// `DELETE /v1/api-keys/{id}`
pub(crate) async fn revoke(app: Data<App>, caller: Caller, Id(id): Id<KeyId>) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::KeysAdmin)?;
    let revoked = keys::revoke(&app.database, &caller.actor(app.clock.now()), caller.owner(), id).await?;
    app.keys.forget(caller.project.id);
    if revoked { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::NotFound) }
}
