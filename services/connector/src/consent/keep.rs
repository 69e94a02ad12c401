//! Sealing what was found to the accounts that it is of.

use domain::ids::{AccountId, ProjectId};
use platforms::Identity;
use secrecy::ExposeSecret as _;
use store::{
    StoreError,
    accounts::{self, Profile},
    sessions::{Choice, Session},
};
use uuid::Uuid;
use vault::VaultError;

use crate::{
    schedule,
    server::{Worker, tokens_of},
};

/// Why it could not be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unkept {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("sealing tokens: {0}")]
    Seal(#[from] VaultError),
}

/// Each profile with its tokens sealed to the account that it has, or to the one that it would get.
pub(super) async fn choices(worker: &Worker, session: &Session, found: Vec<Identity>) -> Result<Vec<Choice>, Unkept> {
    let mut choices = Vec::with_capacity(found.len());
    for identity in found {
        let profile = Profile {
            platform: session.platform,
            realm: identity.realm,
            network_unique_id: identity.network_unique_id,
        };
        let account_id = account_of(worker, session.project_id, &profile).await?;
        let tokens = identity.tokens.sealed_json.expose_secret().as_bytes();
        choices.push(Choice {
            account_id,
            realm: profile.realm,
            network_unique_id: profile.network_unique_id,
            username: identity.username,
            display_name: identity.display_name,
            profile_image_url: identity.profile_image_url,
            profile_url: identity.profile_url,
            account_type: identity.account_type.to_owned(),
            scopes: identity.scopes,
            facts: identity.facts,
            token_expires_at: identity.tokens.expires_at,
            refresh_at: schedule::first_look(
                worker.network(session.platform).refresher().is_some(),
                worker.clock.now(),
                identity.tokens.expires_at,
            ),
            sealed_tokens: worker.seals.seal(tokens, &tokens_of(account_id, session.project_id))?,
        });
    }
    Ok(choices)
}

/// Whoever it belongs to: that is decided when it is connected.
pub(super) async fn account_of(
    worker: &Worker,
    project: ProjectId,
    profile: &Profile,
) -> Result<AccountId, StoreError> {
    let found = accounts::find_profile(&worker.database, project, profile).await?;
    Ok(found.unwrap_or_else(|| AccountId(Uuid::now_v7())))
}
