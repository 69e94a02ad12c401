//! Who the member is, and which organizations it administers (section 5.5).

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::{Value, json};

use super::paging::Paging;
use super::query::Query;
use super::{LinkedIn, auth, error, quota, urn};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

const ADMINISTRATION: [&str; 2] = ["rw_organization_admin", "r_organization_admin"];

/// `GET /v2/userinfo`, which has no version.
pub(super) async fn userinfo(call: Call<LinkedIn>) -> Result<HttpResponse, Refusal> {
    let caller = auth::caller(&call)?;
    quota::count(&call, &caller.member, &quota::READS)?;
    call.before(Operation::Identity, Some(&caller.urn()), None).await?;
    caller.needs(&["profile"], "userinfo.GET")?;
    caller.needs(&["openid"], "userinfo.GET")?;
    let state = locked(&call.state);
    let member = state.members.get(&caller.member).ok_or_else(error::token_invalid)?;
    let (given, family) = member.name.split_once(' ').unwrap_or((&member.name, ""));
    let mut answer = json!({
        "sub": member.id,
        "name": member.name,
        "given_name": given,
        "family_name": family,
        "picture": format!("{}/linkedin/www/dms-uploads/picture-{}", call.core.origin, member.id),
        "locale": {"country": "US", "language": "en"},
    });
    if caller.has("email") {
        answer["email"] = format!("{}@example.com", member.id.to_lowercase()).into();
        answer["email_verified"] = true.into();
    }
    Ok(HttpResponse::Ok().json(answer))
}

/// `GET /rest/organizationAcls?q=roleAssignee`: the caller's roles.
pub(super) async fn organization_acls(call: Call<LinkedIn>) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::READS)?;
    auth::method(&call, "FINDER")?;
    let query = Query::read(&call, &["q", "role", "state", "start", "count", "projection"])?;
    let paging = Paging::read(&query)?;
    query.must_be("q", "roleAssignee")?;
    call.before(Operation::Identity, Some(&caller.urn()), None).await?;
    caller.needs(&ADMINISTRATION, "organizationAcls.FINDER-roleAssignee")?;
    let role = query.get("role").is_none_or(|role| role == "ADMINISTRATOR");
    let wanted = role && query.get("state").is_none_or(|state| state == "APPROVED");
    let state = locked(&call.state);
    let own = state.organizations.values().filter(|each| wanted && each.admins.contains(&caller.member));
    let elements: Vec<Value> = own
        .map(|organization| {
            json!({
                "role": "ADMINISTRATOR",
                "organization": urn::organization(organization.id),
                "roleAssignee": caller.urn(),
                "state": "APPROVED",
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(paging.of(elements)))
}

/// `GET /rest/organizations/{id}`.
pub(super) async fn organization(call: Call<LinkedIn>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::READS)?;
    Query::read(&call, &["projection", "fields"])?;
    call.before(Operation::Identity, Some(&caller.urn()), None).await?;
    caller.needs(&ADMINISTRATION, "organizations.GET")?;
    let state = locked(&call.state);
    let organization = id.parse().ok().and_then(|id: u64| state.organizations.get(&id));
    let organization = organization.ok_or_else(|| error::not_found(id.as_str()))?;
    if !organization.admins.contains(&caller.member) {
        return Err(error::not_permitted("organizations.GET"));
    }
    let vanity: String = organization.name.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    Ok(HttpResponse::Ok().json(json!({
        "id": organization.id,
        "$URN": urn::organization(organization.id),
        "localizedName": organization.name,
        "vanityName": vanity,
        "primaryOrganizationType": "NONE",
    })))
}
