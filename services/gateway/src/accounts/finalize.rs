//! `POST /v1/social-accounts/pending/{session}/finalize`: connecting what an attempt found, for whom the caller says.

use std::time::Duration;

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use domain::{
    connection::{ConnectQuestion, ResealAnswer, ResealRequest},
    fault::Fault,
};
use serde_json::{Value, json};
use store::sessions::{self, Finalize, Finalized, MOST_CHOICES, Selection};
use uuid::Uuid;

use super::{ask::ask, pending, sight};
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    body::Body,
    fields::Object,
    ids::Id,
    keys::MAX_OWNER,
    leased::leased,
    problem::Problem,
    query::Query,
};

/// A profile's account can come and go between sealing its tokens and connecting it; more often than this nobody does
/// that.
const TRIES: usize = 4;
/// More than that many questions and transactions take.
const LEASE: Duration = Duration::from_secs(60);
const SELECTED: &str = "/selected_page_ids";
const MAX_PAGE_ID: usize = 500;

struct Given {
    selected: Option<Vec<String>>,
    external_id: Option<String>,
}

/// Connects some of what was found, and destroys the rest.
pub(crate) async fn finalize(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    Id(name): Id<String>,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::AccountsWrite)?;
    query.read(|_| Some(()))?;
    let given = body.read(|body| read(body, &caller))?;
    let owner = sight::owner(&caller, given.external_id)?;
    let work = async {
        let session_hash = sessions::hash(&name);
        pending::find(&app, &caller, &session_hash).await?;
        let actor = caller.actor(app.clock.now());
        let word = Finalize {
            actor: &actor,
            session_hash: &session_hash,
            selection: given.selected.clone().map_or(Selection::Chosen, Selection::These),
            external_id: owner.as_deref(),
            trace: Some(incoming.trace.to_string()),
        };
        for _ in 0..TRIES {
            match sessions::finalize(&app.database, &word).await? {
                Finalized::Raced { session } => reseal(&app, &caller, session).await?,
                finalized => return answer(finalized, given.selected.as_deref().unwrap_or_default()),
            }
        }
        Err(Problem::unavailable("the accounts of what was found came and went all the while"))
    };
    leased(&app, body.once(&caller, StatusCode::OK), LEASE, work).await
}

fn read(body: &Object<'_>, caller: &Caller) -> Option<Given> {
    let selected = body.optional("selected_page_ids");
    let selected = selected.list(1..=MOST_CHOICES, |id| id.text(1..=MAX_PAGE_ID).map(str::to_owned));
    // A key that is bound to an owner says whom it is for.
    let owner = if caller.owner().is_some() { body.optional("external_id") } else { body.required("external_id") };
    let external_id = owner.text(1..=MAX_OWNER).map(str::to_owned);
    Some(Given { selected, external_id })
}

/// Has the attempt's tokens sealed to the accounts that its profiles have now.
async fn reseal(app: &App, caller: &Caller, session: Uuid) -> Result<(), Problem> {
    let question = ConnectQuestion::Reseal(ResealRequest { session, project_id: caller.project.id });
    match ask(app, &question, "").await? {
        ResealAnswer::Done => Ok(()),
        ResealAnswer::Gone => Err(Problem::SessionExpired),
        ResealAnswer::Unavailable { detail } => Err(Problem::unavailable(detail)),
    }
}

fn answer(finalized: Finalized, selected: &[String]) -> Result<(StatusCode, Value), Problem> {
    match finalized {
        Finalized::Done { accounts, rejected } if accounts.is_empty() && !rejected.is_empty() => {
            Err(Problem::AccountOwned(rejected.first().map(|one| one.account_id)))
        }
        Finalized::Done { accounts, rejected } => {
            let rejected: Vec<_> =
                rejected.iter().map(|one| json!({"page_id": one.page_id, "code": "account_owned"})).collect();
            Ok((StatusCode::OK, json!({"accounts": accounts, "rejected": rejected})))
        }
        Finalized::NotOffered(strange) => {
            let fault = |(place, _)| {
                let detail = "was not offered; `GET /v1/social-accounts/pending/{session}` lists what is";
                Fault::new(format!("{SELECTED}/{place}"), "unknown_page", detail)
            };
            let strange = selected.iter().enumerate().filter(|(_, id)| strange.contains(id));
            Err(Problem::Invalid(strange.map(fault).collect()))
        }
        Finalized::Unchosen => {
            Err(Problem::fault(SELECTED, "required", "is required where there are several pages and nobody chose"))
        }
        Finalized::ForeignOwner => {
            let detail = "this attempt to connect was begun for another external_id";
            Err(Problem::fault("/external_id", "foreign_owner", detail))
        }
        Finalized::Over => Err(Problem::SessionExpired),
        Finalized::Unknown => Err(Problem::NotFound),
        Finalized::Raced { .. } => Err(Problem::Internal("an attempt that raced was answered".to_owned())),
    }
}
