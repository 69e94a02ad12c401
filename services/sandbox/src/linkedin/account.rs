//! Members and organizations, and making them.

use jiff::Timestamp;
use rand::{Rng, RngCore};
use serde_json::json;
use serde_json::value::RawValue;

use super::fact::Fact;
use super::state::State;
use super::{LinkedIn, oauth, show, urn};
use crate::call::Speaks;
use crate::consent::opaque;
use crate::lock::locked;
use crate::network::{Network, NewAccount, Platform, Wanted};
use crate::page::Shown;

const LONGEST_NAME: usize = 100;
const PERSONAL: [&str; 4] = ["openid", "profile", "email", "w_member_social"];
const FOR_ORGANIZATIONS: [&str; 3] = ["w_organization_social", "r_organization_social", "rw_organization_admin"];

impl Speaks for LinkedIn {
    const PLATFORM: Platform = Platform::LinkedIn;
    const PROCESSES_MEDIA: bool = true;
}

impl LinkedIn {
    /// Applies a fact and writes it down; the caller holds the state.
    pub(super) fn keep(&self, state: &mut State, fact: Fact) {
        self.core.record(Self::PLATFORM, &fact);
        state.apply(fact);
    }

    /// The id of the member of this name, made when there is none, and whether it was.
    fn member(&self, state: &mut State, name: &str) -> (String, bool) {
        if let Some(member) = state.member_named(name) {
            return (member.id.clone(), false);
        }
        let id = opaque(10);
        self.keep(state, Fact::MemberMade { id: id.clone(), name: name.to_owned(), at: self.core.now() });
        (id, true)
    }

    fn organization(&self, state: &mut State, name: &str) -> (u64, bool) {
        if let Some(organization) = state.organization_named(name) {
            return (organization.id, false);
        }
        let id = loop {
            let id = rand::rng().random_range(10_000_000..1_000_000_000);
            if !state.organizations.contains_key(&id) {
                break id;
            }
        };
        self.keep(state, Fact::OrganizationMade { id, name: name.to_owned(), at: self.core.now() });
        (id, true)
    }
}

fn name(wanted: Option<&str>, field: &str) -> Result<Option<String>, String> {
    let Some(name) = wanted.map(str::trim) else {
        return Ok(None);
    };
    let is_plain = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    if is_plain { Ok(Some(name.to_owned())) } else { Err(format!("{field}: 1 to {LONGEST_NAME} characters")) }
}

impl Network for LinkedIn {
    /// `kind` `person` makes a member, whose person is itself; `organization` one that `person` administers.
    fn create_account(&self, wanted: &Wanted) -> Result<NewAccount, String> {
        wanted.only(&["person", "kind"])?;
        let is_organization = match wanted.kind.as_deref() {
            None | Some("person") => false,
            Some("organization") => true,
            Some(_) => return Err("kind: person or organization".to_owned()),
        };
        let made_up = || format!("user_{:08x}", rand::rng().next_u32());
        let username = name(wanted.username.as_deref(), "username")?.unwrap_or_else(made_up);
        let person = name(wanted.person.as_deref(), "person")?;
        let mut state = locked(&self.state);
        let (account, member, organization, created) = if is_organization {
            let person = person.unwrap_or_else(|| format!("{username} admin"));
            let (member, _) = self.member(&mut state, &person);
            let (id, created) = self.organization(&mut state, &username);
            if !state.members_for(&urn::organization(id)).contains(&member) {
                self.keep(&mut state, Fact::AdminMade { organization: id, member: member.clone() });
            }
            (urn::organization(id), member, Some(id), created)
        } else {
            if person.is_some_and(|person| !person.eq_ignore_ascii_case(&username)) {
                return Err("person: a person's own account is that person's".to_owned());
            }
            let (member, created) = self.member(&mut state, &username);
            (urn::person(&member), member, None, created)
        };
        let scopes: Vec<String> = match organization {
            Some(_) => PERSONAL.iter().chain(&FOR_ORGANIZATIONS).map(|scope| (*scope).to_owned()).collect(),
            None => PERSONAL.map(str::to_owned).to_vec(),
        };
        let tokens = oauth::tokens(member, scopes, None, self.core.now());
        self.keep(&mut state, Fact::TokensIssued(tokens.clone()));
        let mut credentials = json!({
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_at": tokens.expires_at,
            "scopes": tokens.scopes,
            "as": if organization.is_some() { "organization" } else { "personal" },
        });
        if let Some(id) = organization {
            credentials["organization_id"] = id.to_string().into();
        }
        Ok(NewAccount { account, username, credentials, created })
    }

    fn replay(&self, fact: &RawValue) -> Result<(), serde_json::Error> {
        locked(&self.state).apply(serde_json::from_str(fact.get())?);
        Ok(())
    }

    fn shown(&self, limit: usize) -> Vec<Shown> {
        show::newest(&locked(&self.state), limit)
    }

    fn expire_tokens(&self, account: &str, at: Timestamp) {
        let mut state = locked(&self.state);
        let members = state.members_for(account);
        self.keep(&mut state, Fact::AccessExpired { members, at });
    }

    fn revoke_tokens(&self, account: &str) {
        let mut state = locked(&self.state);
        let members = state.members_for(account);
        self.keep(&mut state, Fact::GrantsRevoked { members });
    }
}
