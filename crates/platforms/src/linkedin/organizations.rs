//! The organisations that a member may post for (fact sheet part 1, 5.5).

use domain::target::Refusal;
use egress::Method;

use super::{
    ask::{self, rest},
    author::Author,
    connect::vanity_name,
    tokens::LinkedinTokens,
    urn,
    wire::{self, Acl, Elements},
};
use crate::{Cx, Identity, Tokens, words};

/// The roles that may post.
const ROLES: [&str; 3] = ["ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"];
/// Roles asked for at a time.
const PAGE: usize = 100;
/// More than this many pages of one role are not read.
const MAX_PAGES: usize = 10;

/// An organisation's page.
pub(super) struct Organization {
    id: String,
    name: Option<String>,
    vanity_name: Option<String>,
}

impl Organization {
    pub(super) fn identity(self, scopes: Vec<String>, tokens: Tokens) -> Identity {
        let handle = self.vanity_name.unwrap_or_else(|| self.id.clone());
        let author = Author::Organization(&self.id);
        Identity {
            realm: String::new(),
            network_unique_id: author.urn(),
            facts: author.facts(),
            profile_url: Some(format!("https://www.linkedin.com/company/{handle}")),
            username: handle,
            display_name: self.name,
            // LinkedIn names the logo as an asset and not by an address.
            profile_image_url: None,
            account_type: "organization",
            scopes,
            tokens,
        }
    }
}

/// One whose name could not be learned.
pub(super) fn unnamed(id: String) -> Organization {
    Organization { id, name: None, vanity_name: None }
}

/// The numbers of all organisations that the token's member may post for, each once.
pub(super) async fn list(cx: &Cx<'_>, tokens: &LinkedinTokens) -> Result<Vec<String>, Refusal> {
    let mut found: Vec<String> = Vec::new();
    for role in ROLES {
        let mut start = 0;
        for _ in 0..MAX_PAGES {
            let answer = rest(cx, Method::GET, "/organizationAcls", tokens)
                .query("q", "roleAssignee")
                .query("role", role)
                .query("state", "APPROVED")
                .query("start", &start.to_string())
                .query("count", &PAGE.to_string())
                .call(cx)
                .await?;
            let Some(page) = answer.success::<Elements<Acl>>() else {
                return Err(ask::failed(cx, tokens, &answer));
            };
            for id in page.elements.iter().filter_map(|acl| organization(acl, role)) {
                if !found.iter().any(|known| known == id) {
                    found.push(id.to_owned());
                }
            }
            start += page.elements.len();
            // LinkedIn may give fewer than asked for, and says how many it gives.
            let whole = page.paging.and_then(|paging| paging.count).map_or(PAGE, |count| count.clamp(1, PAGE));
            if page.elements.len() < whole {
                break;
            }
        }
    }
    Ok(found)
}

fn organization<'a>(acl: &'a Acl, role: &str) -> Option<&'a str> {
    let holds =
        acl.role.as_deref().is_none_or(|has| has == role) && acl.state.as_deref().is_none_or(|is| is == "APPROVED");
    urn::organization_id(acl.organization.as_deref()?).filter(|_| holds)
}

/// What an organisation is called.
pub(super) async fn find(cx: &Cx<'_>, tokens: &LinkedinTokens, id: String) -> Result<Organization, Refusal> {
    let answer = rest(cx, Method::GET, &format!("/organizations/{id}"), tokens).call(cx).await?;
    match answer.success::<wire::Organization>() {
        Some(told) => Ok(Organization {
            id,
            name: words::profile(told.localized_name),
            vanity_name: vanity_name(told.vanity_name),
        }),
        None => Err(ask::failed(cx, tokens, &answer)),
    }
}
