//! Who is calling, for whom, and by which version of the API.

use jiff::Timestamp;

use super::fact::MediaKind;
use super::state::State;
use super::{LinkedIn, error, urn};
use crate::answer::Refusal;
use crate::call::Call;
use crate::lock::locked;

/// Versions that are alive. Data rather than a rule about the date: the sandbox's clock is moved by months in tests, and
/// a version would die under them (section 5.1 has the dates).
const OLDEST: u32 = 202_601;
const NEWEST: u32 = 202_611;
const RESTLI: &str = "2.0.0";

/// A member whose token is good.
pub(super) struct Caller {
    pub(super) member: String,
    scopes: Vec<String>,
}

/// The member whose token the request carries.
pub(super) fn caller(call: &Call<LinkedIn>) -> Result<Caller, Refusal> {
    let token = call.bearer().filter(|token| !token.is_empty()).ok_or_else(error::token_missing)?;
    let state = locked(&call.state);
    let access = state.access(token).ok_or_else(error::token_invalid)?;
    if access.is_revoked {
        return Err(error::token_revoked());
    }
    if access.expires_at <= call.now() {
        return Err(error::token_expired());
    }
    Ok(Caller { member: access.member.clone(), scopes: access.scopes.clone() })
}

/// The caller of an API below `/rest`, which names the version it speaks.
pub(super) fn versioned(call: &Call<LinkedIn>) -> Result<Caller, Refusal> {
    let caller = caller(call)?;
    let version = call.header("linkedin-version").ok_or_else(error::version_missing)?;
    let number = version.parse().ok().filter(|number: &u32| (1..=12).contains(&(number % 100)));
    if !number.is_some_and(|number| (OLDEST..=NEWEST).contains(&number)) {
        return Err(error::version_dead(version));
    }
    if call.header("x-restli-protocol-version") != Some(RESTLI) {
        let message = "X-Restli-Protocol-Version must be 2.0.0";
        return Err(error::bad_request("ILLEGAL_ARGUMENT", message));
    }
    Ok(caller)
}

/// A header that names the method must name the right one; it may be left out where the request says it all.
pub(super) fn method(call: &Call<LinkedIn>, wanted: &str) -> Result<(), Refusal> {
    match call.header("x-restli-method") {
        Some(method) if !method.eq_ignore_ascii_case(wanted) => {
            Err(error::bad_request("ILLEGAL_ARGUMENT", format!("X-RestLi-Method must be {wanted}")))
        }
        _ => Ok(()),
    }
}

impl Caller {
    pub(super) fn urn(&self) -> String {
        urn::person(&self.member)
    }

    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|each| each == scope)
    }

    /// Refuses a caller that has none of these scopes.
    pub(super) fn needs(&self, any_of: &[&str], resource: &str) -> Result<(), Refusal> {
        if any_of.iter().any(|scope| self.has(scope)) { Ok(()) } else { Err(error::not_permitted(resource)) }
    }

    /// Refuses a caller that may not write for this author: itself, or an organization it administers.
    pub(super) fn writes_for(&self, state: &State, author: &str, resource: &str) -> Result<(), Refusal> {
        let is_allowed = if urn::part(author, "person").is_some() {
            author == self.urn() && self.has("w_member_social")
        } else {
            self.administers(state, author) && self.has("w_organization_social")
        };
        if is_allowed { Ok(()) } else { Err(error::not_permitted(resource)) }
    }

    pub(super) fn administers(&self, state: &State, organization: &str) -> bool {
        let organization = urn::number(organization, "organization").and_then(|id| state.organizations.get(&id));
        organization.is_some_and(|organization| organization.admins.contains(&self.member))
    }

    /// Reading what an author has posted: members' own posts cannot be read back, `r_member_social` being closed
    /// (section 5.6).
    pub(super) fn reads(&self, state: &State, author: &str, resource: &str) -> Result<(), Refusal> {
        let is_allowed = self.administers(state, author) && self.has("r_organization_social");
        if is_allowed { Ok(()) } else { Err(error::not_permitted(resource)) }
    }

    /// Asking how far an upload is. A member may ask about its own videos, and about pictures and documents only for an
    /// organization (section 5.8).
    pub(super) fn polls(&self, state: &State, owner: &str, kind: MediaKind) -> Result<(), Refusal> {
        let is_own_video = owner == self.urn() && kind == MediaKind::Video && self.has("w_member_social");
        let for_organization = self.administers(state, owner) && self.has("w_organization_social");
        let resource = format!("{}s.GET", kind.word());
        if is_own_video || for_organization { Ok(()) } else { Err(error::not_permitted(&resource)) }
    }
}

/// Midnight to midnight UTC: what is counted is counted for this day.
pub(super) fn day(now: Timestamp) -> String {
    now.strftime("%Y-%m-%d").to_string()
}
