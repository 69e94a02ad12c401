//! `POST /api/v1/apps`.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde_json::json;

use super::super::accounts::secret;
use super::super::fact::{App, Fact};
use super::super::params::Params;
use super::super::{Mastodon, auth, error};
use super::SCOPES;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

pub(in super::super) async fn register(call: Call<Mastodon>, body: Bytes) -> Result<HttpResponse, Refusal> {
    auth::reader(&call, &["read", "write", "profile", "follow"])?;
    let params = Params::body(&call, &body)?.only(&["client_name", "redirect_uris", "scopes", "website"])?;
    call.before(Operation::Token, None, None).await?;
    let name = params.word("client_name")?.ok_or_else(|| error::invalid("Application name can't be blank"))?;
    let redirect_uris = match params.list("redirect_uris") {
        Ok(list) => list,
        Err(_) => params.text("redirect_uris")?.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
    };
    let absolute = |uri: &String| url::Url::parse(uri).is_ok_and(|url| url.fragment().is_none());
    if redirect_uris.is_empty() || !redirect_uris.iter().all(absolute) {
        return Err(error::invalid("Redirect URI must be an absolute URI."));
    }
    let scopes = params.word("scopes")?.unwrap_or_else(|| "read".to_owned());
    if !scopes.split_whitespace().all(|scope| SCOPES.contains(&scope)) {
        return Err(error::invalid("Scopes doesn't match configured on the server."));
    }
    let website = params.word("website")?;
    let app = {
        let mut state = locked(&call.state);
        let id = state.next_id(call.now());
        let (client_id, client_secret) = (secret(), secret());
        let app = App { id, name, website, redirect_uris, scopes, client_id, client_secret };
        call.keep(&mut state, Fact::AppRegistered(app.clone()));
        app
    };
    Ok(HttpResponse::Ok().json(json!({
        "id": app.id.to_string(),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.split_whitespace().collect::<Vec<_>>(),
        "redirect_uris": app.redirect_uris,
        "redirect_uri": app.redirect_uris.join("\n"),
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "client_secret_expires_at": 0,
    })))
}
