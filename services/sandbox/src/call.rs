//! One request to one network: the network's state, and the two places where a fault may strike.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::future::{Ready, ready};

use crate::answer::Refusal;
use crate::connection::Connection;
use crate::core::Core;
use crate::faults::{FaultKind, Operation, Stage, Struck, Target, Voice};
use crate::network::{Network, Platform};
use crate::world::{Fact, World};

/// What a handler of network `N` starts from.
pub(crate) struct Call<N> {
    pub(crate) core: Arc<Core>,
    network: Arc<N>,
    request: HttpRequest,
}

/// A network whose handlers use [`Call`].
pub(crate) trait Speaks: Network + Voice {
    const PLATFORM: Platform;
    /// Uploads have a processing state, which `slow` makes longer.
    const PROCESSES_MEDIA: bool;
}

impl<N> Deref for Call<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.network
    }
}

impl<N: Speaks> FromRequest for Call<N> {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The outermost middleware puts the world there for every request.
        let world = request.extensions().get::<Arc<World>>().cloned();
        let found = world.and_then(|world| {
            let network = world.network::<N>(N::PLATFORM)?;
            Some(Self { core: Arc::clone(&world.core), network, request: request.clone() })
        });
        let missing = || Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, json!({"error": "the network is not open"}));
        ready(found.ok_or_else(missing))
    }
}

impl<N: Speaks> Call<N> {
    pub(crate) fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// One header, when it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// The token of `Authorization: Bearer ...`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.core.now()
    }

    fn target<'a>(account: Option<&'a str>, operation: Operation, text: Option<&'a str>) -> Target<'a> {
        let processes = N::PROCESSES_MEDIA && operation == Operation::Media;
        Target { platform: N::PLATFORM, account, operation, text, processes }
    }

    fn strike(&self, stage: Stage, target: &Target<'_>) -> Option<Struck> {
        let struck = self.core.faults.strike(stage, target)?;
        self.core.record_own(&Fact::struck(&struck.by));
        Some(struck)
    }

    /// The place before anything is looked at or changed. `Err` is the answer.
    pub(crate) async fn before(
        &self,
        operation: Operation,
        account: Option<&str>,
        text: Option<&str>,
    ) -> Result<(), Refusal> {
        let Some(struck) = self.strike(Stage::Before, &Self::target(account, operation, text)) else {
            return Ok(());
        };
        let params = &struck.params;
        let status = params.status.and_then(|code| StatusCode::from_u16(code).ok());
        Err(match struck.fault {
            FaultKind::Slow => {
                tokio::time::sleep(Duration::from_millis(params.delay_ms())).await;
                return Ok(());
            }
            FaultKind::Reject => self.network.rejected(status, params.message.as_deref()),
            FaultKind::Throttle => {
                let now = self.now();
                let wait = SignedDuration::from_secs(i64::from(params.reset_s()));
                self.network.throttled(now, now.saturating_add(wait).unwrap_or(Timestamp::MAX))
            }
            FaultKind::ExpireToken => {
                self.network.expire_tokens(account.unwrap_or_default(), self.now());
                self.network.token_expired()
            }
            FaultKind::RevokeToken => {
                self.network.revoke_tokens(account.unwrap_or_default());
                self.network.token_revoked()
            }
            FaultKind::Hang => {
                self.outlast_the_caller().await;
                self.hang_up()
            }
            FaultKind::DropConnection => self.hang_up(),
            FaultKind::ErrorBeforeAccept
            | FaultKind::DropReplyAfterAccept
            | FaultKind::ErrorAfterAccept
            | FaultKind::GarbageAfterAccept => self.network.broken(status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE)),
        })
    }

    /// How much longer an upload is processed because of a fault.
    pub(crate) fn slow_processing(&self, account: &str) -> Option<SignedDuration> {
        let target = Self::target(Some(account), Operation::Media, None);
        let struck = self.strike(Stage::Processing, &target)?;
        i64::try_from(struck.params.delay_ms()).ok().map(SignedDuration::from_millis)
    }

    /// The place after the request has taken effect: what the caller gets to see of `answer`.
    pub(crate) async fn after(
        &self,
        operation: Operation,
        account: &str,
        text: Option<&str>,
        answer: HttpResponse,
    ) -> Result<HttpResponse, Refusal> {
        let Some(struck) = self.strike(Stage::After, &Self::target(Some(account), operation, text)) else {
            return Ok(answer);
        };
        match struck.fault {
            FaultKind::GarbageAfterAccept => {
                Ok(HttpResponse::Ok().content_type("application/json").body("<<< {\"id\": \u{1F4A5} not json"))
            }
            FaultKind::DropReplyAfterAccept => {
                // Public first, also for whoever reads the journal; a broken journal is answered by the middleware.
                let _ = self.core.journal.settled().await;
                Err(self.hang_up())
            }
            _ => {
                let code = struck.params.status.and_then(|code| StatusCode::from_u16(code).ok());
                Err(self.network.broken(code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)))
            }
        }
    }

    /// Waits until the caller has gone, or the sandbox is to go.
    async fn outlast_the_caller(&self) {
        let gone = async {
            match self.request.conn_data::<Connection>() {
                Some(connection) => connection.closed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = gone => {}
            () = self.core.stopping.cancelled() => {}
        }
    }

    /// Closes the connection. What is returned is for the type only: nobody receives it.
    fn hang_up(&self) -> Refusal {
        if let Some(connection) = self.request.conn_data::<Connection>() {
            connection.close();
        }
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, json!({"error": "connection closed"}))
    }
}
