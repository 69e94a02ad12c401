//! Signing secrets, as Standard Webhooks writes them: `whsec_` and the Base64 of 24 to 64 bytes.

use std::{str::FromStr, time::Duration};

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::ids::{EndpointId, ProjectId};
use jiff::SignedDuration;
use rand::RngCore as _;
use runtime::secret::Secret;
use store::endpoints::{self, NewSecret};
use uuid::Uuid;
use vault::Context;

use crate::{
    App,
    auth::{Caller, Scope},
    body::{self, Body},
    ids::Id,
    problem::Problem,
};

const PREFIX: &str = "whsec_";
/// What we make: as long as the hash is.
const NEW_BYTES: usize = 32;
/// How long an old secret still signs where the caller does not say.
const OVERLAP: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_OVERLAP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A secret's text.
#[derive(Debug, Clone)]
pub(super) struct SigningSecret(Secret);

/// Says nothing of what was given.
#[derive(Debug, thiserror::Error)]
#[error("must be `whsec_` and the Base64 of 24 to 64 bytes")]
pub(super) struct BadSecret;

impl FromStr for SigningSecret {
    type Err = BadSecret;

    fn from_str(text: &str) -> Result<Self, BadSecret> {
        let bytes = text.strip_prefix(PREFIX).and_then(|rest| STANDARD.decode(rest).ok()).ok_or(BadSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(text.into())) } else { Err(BadSecret) }
    }
}

impl SigningSecret {
    pub(super) fn generate() -> Self {
        let mut bytes = [0u8; NEW_BYTES];
        rand::rng().fill_bytes(&mut bytes);
        Self(format!("{PREFIX}{}", STANDARD.encode(bytes)).into())
    }

    /// For the one answer that shows it.
    pub(super) fn text(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn seal(&self, app: &App, project: ProjectId) -> Result<NewSecret, Problem> {
        let id = Uuid::now_v7();
        let context = Context { table: "webhook_secrets", column: "sealed", row: id, project: project.0 };
        let sealed = app
            .ring
            .seal(self.text().as_bytes(), &context)
            .map_err(|error| Problem::Internal(format!("a signing secret was not sealed: {error}")))?;
        Ok(NewSecret { id, sealed })
    }
}

/// `POST /v1/webhooks/{id}/secret`
pub(crate) async fn rotate(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<EndpointId>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    let overlap =
        body.read_or_default(|body| Some(body.optional("overlap").duration(SignedDuration::ZERO..=LONGEST_OVERLAP)))?;
    let overlap = Duration::try_from(overlap.unwrap_or(OVERLAP)).unwrap_or_default();
    let secret = SigningSecret::generate();
    let sealed = secret.seal(&app, caller.project.id)?;
    let (actor, owner) = (caller.actor(app.clock.now()), caller.external_id.clone());
    let once = body.once(&caller, StatusCode::CREATED);
    let done = endpoints::rotate(&app.database, actor, owner, id, sealed, overlap, once).await?;
    body::answer(done.ok_or(Problem::NotFound)?, StatusCode::CREATED, |mut shown| {
        shown["signing_secret"] = secret.text().into();
        Ok(shown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_taken_and_what_is_not_a_secret_is_not() {
        let made = SigningSecret::generate();
        assert!(made.text().parse::<SigningSecret>().is_ok());
        assert!(!format!("{made:?}").contains(&made.text()[PREFIX.len()..]));
        let short = format!("{PREFIX}{}", STANDARD.encode([0; 23]));
        let long = format!("{PREFIX}{}", STANDARD.encode([0; 65]));
        for text in ["", PREFIX, "whsec_!!", &short, &long, &made.text()[PREFIX.len()..]] {
            assert!(text.parse::<SigningSecret>().is_err(), "{text}");
        }
    }
}
