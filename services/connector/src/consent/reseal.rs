//! Sealing a pending attempt's tokens anew, for profiles whose accounts came or went since they were found.

use domain::{
    connection::{ResealAnswer, ResealRequest},
    ids::ProjectId,
};
use secrecy::ExposeSecret as _;
use store::{
    accounts::Profile,
    sessions::{self, Resealed, Sought},
};
use uuid::Uuid;

use super::keep::{Unkept, account_of};
use crate::server::{Worker, tokens_of};

/// Answers whether it was done.
pub(crate) async fn reseal(worker: &Worker, request: &ResealRequest) -> ResealAnswer {
    match anew(worker, request.project_id, request.session).await {
        Ok(true) => ResealAnswer::Done,
        Ok(false) => ResealAnswer::Gone,
        Err(error) => {
            tracing::error!(%error, "a pending attempt's tokens could not be sealed anew");
            ResealAnswer::Unavailable { detail: "The tokens could not be sealed anew".to_owned() }
        }
    }
}

/// `false` when the attempt is over. A profile that has no account gets a new id, also where its tokens are sealed to
/// one that has never been: that may be a purged account's, which keeps its id.
pub(super) async fn anew(worker: &Worker, project: ProjectId, session: Uuid) -> Result<bool, Unkept> {
    let Some(session) = sessions::get(&worker.database, project, session).await? else { return Ok(false) };
    let Sought::Here(choices) = sessions::list_sealed(&worker.database, project, session.id).await? else {
        return Ok(false);
    };
    let mut resealed = Vec::new();
    for choice in choices {
        let profile =
            Profile { platform: session.platform, realm: choice.realm, network_unique_id: choice.network_unique_id };
        let account_id = account_of(worker, project, &profile).await?;
        if account_id != choice.account_id {
            let opened = worker.ring.open_text(&choice.sealed_tokens, &tokens_of(choice.account_id, project))?;
            let sealed = worker.seals.seal(opened.expose_secret().as_bytes(), &tokens_of(account_id, project))?;
            resealed.push(Resealed { was: choice.account_id, account_id, sealed_tokens: sealed });
        }
    }
    Ok(sessions::reseal(&worker.database, project, session.id, &resealed).await?)
}
