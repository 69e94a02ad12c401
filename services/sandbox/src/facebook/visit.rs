//! A request that is read, and who makes it.

use actix_web::web::Payload;

use super::fact::Grant;
use super::state::State;
use super::{Facebook, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Params, Problem, usage, visit};
use crate::lock::locked;
use crate::network::Platform;

/// Versions that live (section 2.1). A request without one is taken for the oldest of them, and they are alike here.
const VERSIONS: [&str; 6] = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];

/// A request with a good token.
pub(super) struct Visit {
    pub(super) call: Call<Facebook>,
    pub(super) params: Params,
    pub(super) grant: Grant,
    pub(super) token: String,
}

/// The parameters of a request at a version that exists.
pub(super) async fn params(call: &Call<Facebook>, payload: Payload) -> Result<Params, Problem> {
    visit::params(call, payload, "/facebook", &VERSIONS).await
}

/// The secret of an app that people sign in to with Facebook: of a Facebook app, or of an Instagram one.
pub(super) fn app_secret(facebook: &Facebook, client_id: &str) -> Option<String> {
    let platforms = [Platform::Facebook];
    platforms.into_iter().find_map(|platform| facebook.core.apps.find(platform, client_id))?.client_secret
}

impl Visit {
    /// Reads the request, finds who makes it, and counts it.
    pub(super) async fn read(call: Call<Facebook>, payload: Payload) -> Result<Self, Refusal> {
        let params = params(&call, payload).await?;
        let token = visit::token(&call, &params)?;
        let grant = locked(&call.state).grant(&token, call.now())?.clone();
        visit::check_proof(&params, &token, app_secret(&call, &grant.client_id).as_deref())?;
        let visit = Self { call, params, grant, token };
        usage::count(&visit.call, error::CASE, &visit.who())?;
        Ok(visit)
    }

    /// Who the ledger and the faults know the caller as: the page, or else the person.
    pub(super) fn who(&self) -> String {
        self.grant.owner().to_string()
    }

    /// The place where a fault may strike before anything happens.
    pub(super) async fn before(&self, operation: Operation, text: Option<&str>) -> Result<(), Refusal> {
        self.call.before(operation, Some(&self.who()), text).await
    }

    pub(super) fn needs(&self, scope: &str) -> Result<(), Problem> {
        let granted = self.grant.scopes.iter().any(|each| each == scope);
        if granted { Ok(()) } else { Err(error::scope_missing(scope)) }
    }

    /// The id in the path, `me` being the caller.
    pub(super) fn id(&self) -> String {
        match self.call.request().match_info().get("id") {
            Some("me") | None => self.who(),
            Some(id) => id.to_owned(),
        }
    }

    /// The page in the path, whose own token this has to be, with these scopes.
    pub(super) fn page(&self, scopes: &[&str]) -> Result<u64, Problem> {
        let id = self.id();
        let named = id.parse().ok().filter(|id| locked(&self.call.state).pages.contains_key(id));
        let page: u64 = named.ok_or_else(|| Problem::missing(visit::method(&self.call), &id))?;
        if self.grant.page != Some(page) {
            return Err(error::page_needed());
        }
        scopes.iter().try_for_each(|scope| self.needs(scope))?;
        Ok(page)
    }

    /// The page that calls, with these scopes.
    pub(super) fn own_page(&self, scopes: &[&str]) -> Result<u64, Problem> {
        let page = self.grant.page.ok_or_else(error::page_needed)?;
        scopes.iter().try_for_each(|scope| self.needs(scope))?;
        Ok(page)
    }

    pub(super) fn missing(&self) -> Problem {
        Problem::missing(visit::method(&self.call), &self.id())
    }

    pub(super) fn here(&self) -> String {
        visit::here(&self.call)
    }
}

impl Facebook {
    /// Applies a fact and writes it down; the caller holds the state.
    pub(super) fn keep(&self, state: &mut State, fact: super::fact::Fact) {
        self.core.record(Self::PLATFORM, &fact);
        state.apply(fact);
    }
}
