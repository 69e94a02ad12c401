//! The nonces that proofs must carry: one for the authorization server, another for the PDS, each new every 90 seconds
//! and good for at most 180.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::super::Bluesky;
use crate::call::Speaks;
use crate::world::World;

const STEP_S: i64 = 90;
const NAME: HeaderName = HeaderName::from_static("dpop-nonce");

#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Role {
    Server,
    Pds,
}

/// Nonces are made of the time and a secret, which ends with the process: after a restart callers learn a new one.
pub(in super::super) struct Nonces([u8; 32]);

impl Default for Nonces {
    fn default() -> Self {
        Self(rand::random())
    }
}

impl Nonces {
    fn at(&self, role: Role, step: i64) -> String {
        let digest = Hmac::<Sha256>::new_from_slice(&self.0).map(|mut mac| {
            mac.update(format!("{role:?} {step}").as_bytes());
            mac.finalize().into_bytes()
        });
        // A key of any length will do, so there always is one.
        digest.map(|digest| URL_SAFE_NO_PAD.encode(&digest[..24])).unwrap_or_default()
    }

    pub(super) fn current(&self, role: Role, now: Timestamp) -> String {
        self.at(role, now.as_second().div_euclid(STEP_S))
    }

    pub(super) fn takes(&self, role: Role, nonce: &str, now: Timestamp) -> bool {
        let step = now.as_second().div_euclid(STEP_S);
        [step, step - 1].iter().any(|step| self.at(role, *step) == nonce)
    }
}

/// Every answer of the authorization server tells its nonce.
pub(in super::super) async fn tell_at_server<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    tell(request, next, Role::Server, true).await
}

/// Answers of the PDS tell its nonce to whoever sent a proof.
pub(in super::super) async fn tell_at_pds<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_wanted = request.headers().contains_key("dpop");
    tell(request, next, Role::Pds, is_wanted).await
}

async fn tell<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
    role: Role,
    is_wanted: bool,
) -> Result<ServiceResponse<B>, Error> {
    let world = request.extensions().get::<Arc<World>>().cloned();
    let mut answer = next.call(request).await?;
    let bluesky = world.filter(|_| is_wanted).and_then(|world| world.network::<Bluesky>(Bluesky::PLATFORM));
    let nonce =
        bluesky.and_then(|bluesky| HeaderValue::from_str(&bluesky.nonces.current(role, bluesky.core.now())).ok());
    if let Some(nonce) = nonce {
        answer.headers_mut().insert(NAME, nonce);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_its_role_and_for_minutes() {
        let nonces = Nonces::default();
        let at = |second| Timestamp::from_second(second).expect("in range");
        let nonce = nonces.current(Role::Pds, at(900));
        assert!(nonces.takes(Role::Pds, &nonce, at(989)) && nonces.takes(Role::Pds, &nonce, at(1_079)));
        assert!(!nonces.takes(Role::Pds, &nonce, at(1_080)) && !nonces.takes(Role::Pds, &nonce, at(899)));
        assert!(!nonces.takes(Role::Server, &nonce, at(900)));
        assert!(!Nonces::default().takes(Role::Pds, &nonce, at(900)));
    }
}
