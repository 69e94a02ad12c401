//! `GET /v1/social-accounts/pending/{session}`

use actix_web::web::{Data, Json};
use domain::platform::Platform;
use jiff::Timestamp;
use serde::Serialize;
use store::sessions::{self, Page, Pending, Sought};

use crate::{
    App,
    auth::{Caller, Scope},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// What may be connected.
#[derive(Debug, Serialize)]
pub(crate) struct PendingResponse {
    platform: Platform,
    external_id: Option<String>,
    expires_at: Timestamp,
    pages: Vec<Page>,
    /// Those that were chosen on the hosted page.
    chosen_page_ids: Option<Vec<String>>,
}

/// What an attempt to connect found.
pub(crate) async fn pending(
    app: Data<App>,
    caller: Caller,
    Id(name): Id<String>,
    query: Query,
) -> Result<Json<PendingResponse>, Problem> {
    caller.needs(Scope::AccountsRead)?;
    query.read(|_| Some(()))?;
    let Pending { session, pages, chosen } = find(&app, &caller, &sessions::hash(&name)).await?;
    Ok(Json(PendingResponse {
        platform: session.platform,
        external_id: session.external_id,
        expires_at: session.expires_at,
        pages,
        chosen_page_ids: chosen,
    }))
}

/// An attempt that the caller may see.
///
/// # Errors
/// [`Problem::NotFound`] also when it is another project's or owner's, [`Problem::SessionExpired`].
pub(super) async fn find(app: &App, caller: &Caller, session_hash: &[u8]) -> Result<Pending, Problem> {
    let pending = match sessions::pending(&app.database, Some(caller.project.id), session_hash).await? {
        Sought::Here(pending) => pending,
        Sought::Over => return Err(Problem::SessionExpired),
        Sought::Unknown => return Err(Problem::NotFound),
    };
    let is_in_sight = caller.owner().is_none() || pending.session.external_id.as_deref() == caller.owner();
    if is_in_sight { Ok(pending) } else { Err(Problem::NotFound) }
}
