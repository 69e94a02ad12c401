//! Whose token it is, and which organisations its member posts for.

use domain::target::{ErrorCode, Refusal};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    ask,
    author::Author,
    organizations,
    tokens::LinkedinTokens,
    urn,
    wire::{Profile, UserInfo},
};
use crate::{Account, Cx, Identity, Tokens, exchange::Ask, given::Given, stored, words};

const FIELDS: &[&str] = &["access_token", "refresh_token", "expires_at", "scopes", "as", "organization_id"];

pub(super) async fn identify(cx: &Cx<'_>, given: &Value) -> Result<Identity, Refusal> {
    let mut fields = Given::new(given, FIELDS);
    let access_token = fields.required("access_token").to_owned();
    let refresh_token = fields.optional("refresh_token").map(str::to_owned);
    let scopes = fields.list("scopes");
    let expires_at = fields.optional("expires_at").map(str::parse::<Timestamp>);
    if matches!(expires_at, Some(Err(_))) {
        fields.fault("expires_at", "must be a time like 2026-12-01T15:00:00Z");
    }
    let organization_id =
        fields.optional("organization_id").map(|id| urn::organization_id(id).unwrap_or(id).to_owned());
    match (fields.optional("as").unwrap_or("personal"), &organization_id) {
        ("personal", None) => {}
        ("personal", Some(_)) => fields.fault("organization_id", "is given, and `as` is not \"organization\""),
        ("organization", Some(id)) if !urn::is_number(id) => fields.fault("organization_id", "must be a number"),
        ("organization", Some(_)) => {}
        ("organization", None) => fields.fault("organization_id", "is missing beside `as`"),
        _ => fields.fault("as", "must be \"personal\" or \"organization\""),
    }
    fields.finish()?;

    let tokens = LinkedinTokens { access_token, refresh_token, issued_at: None };
    let sealed = stored::seal(&tokens, expires_at.and_then(Result::ok))?;
    match organization_id {
        None => Ok(member(cx, &tokens).await?.identity(scopes, sealed)),
        Some(id) => {
            must_post_for(cx, &tokens, &id).await?;
            Ok(organizations::find(cx, &tokens, id).await?.identity(scopes, sealed))
        }
    }
}

async fn must_post_for(cx: &Cx<'_>, tokens: &LinkedinTokens, id: &str) -> Result<(), Refusal> {
    if organizations::list(cx, tokens).await?.iter().any(|has| has == id) {
        return Ok(());
    }
    Err(Refusal::Rejected {
        code: ErrorCode::PermissionMissing,
        message: format!("the token's member has no role in organisation {id} that may post"),
        http_status: None,
    })
}

/// Whether the token opens what it was kept for: the member's own profile, or still an organisation's.
pub(super) async fn health(cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal> {
    let held: LinkedinTokens = stored::open(account)?;
    match Author::of(account)? {
        Author::Person(_) => stored::same(account, &member(cx, &held).await?.urn()),
        Author::Organization(id) => must_post_for(cx, &held, id).await,
    }
}

/// A member.
pub(super) struct Member {
    id: String,
    name: Option<String>,
    vanity_name: Option<String>,
    picture: Option<String>,
}

impl Member {
    fn urn(&self) -> String {
        Author::Person(&self.id).urn()
    }

    pub(super) fn identity(self, scopes: Vec<String>, tokens: Tokens) -> Identity {
        let username = self.vanity_name.clone().or_else(|| self.name.clone()).unwrap_or_else(|| self.id.clone());
        Identity {
            realm: String::new(),
            network_unique_id: self.urn(),
            facts: Author::Person(&self.id).facts(),
            profile_url: self.vanity_name.map(|name| format!("https://www.linkedin.com/in/{name}")),
            username,
            display_name: self.name,
            profile_image_url: self.picture,
            account_type: "person",
            scopes,
            tokens,
        }
    }
}

/// Asks whose token it is: by OpenID where the app has that, else by the older profile API, which apps with
/// `r_basicprofile` have. Both give a member the same id.
pub(super) async fn member(cx: &Cx<'_>, tokens: &LinkedinTokens) -> Result<Member, Refusal> {
    let ask = |path| Ask::get(ask::base(cx), path).bearer(&tokens.access_token);
    let answer = ask("/v2/userinfo").call(cx).await?;
    if answer.status == 403 {
        let answer = ask("/v2/me").call(cx).await?;
        return match answer.success::<Profile>().and_then(of_profile) {
            Some(member) => Ok(member),
            None => Err(ask::failed(cx, tokens, &answer)),
        };
    }
    match answer.success::<UserInfo>().and_then(of_user_info) {
        Some(member) => Ok(member),
        None => Err(ask::failed(cx, tokens, &answer)),
    }
}

fn of_user_info(user: UserInfo) -> Option<Member> {
    let whole = words::profile(user.name).or_else(|| full_name(user.given_name, user.family_name));
    words::is_id(&user.sub).then_some(Member {
        id: user.sub,
        name: whole,
        vanity_name: None,
        picture: words::link(user.picture),
    })
}

fn of_profile(profile: Profile) -> Option<Member> {
    words::is_id(&profile.id).then_some(Member {
        id: profile.id,
        name: full_name(profile.localized_first_name, profile.localized_last_name),
        vanity_name: vanity_name(profile.vanity_name),
        picture: None,
    })
}

fn full_name(first: Option<String>, last: Option<String>) -> Option<String> {
    let parts: Vec<String> = [words::profile(first), words::profile(last)].into_iter().flatten().collect();
    words::profile(Some(parts.join(" ")))
}

/// A name that may stand in an address.
pub(super) fn vanity_name(name: Option<String>) -> Option<String> {
    let name = words::profile(name)?;
    let fits = name.len() <= 200 && name.chars().all(|letter| letter.is_alphanumeric() || "-_.%".contains(letter));
    fits.then_some(name)
}
