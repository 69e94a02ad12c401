//! A request to Instagram or Threads that is read, and who makes it.

use actix_web::web::Payload;

use super::grants::Grant;
use super::problem::BadToken;
use super::usage::{self, Case};
use super::{Params, Problem, secret};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;

/// A network whose tokens are [`Grant`]s.
pub(crate) trait Granting: Speaks + Sized {
    const CASE: Case;
    /// The path that stands for the network's host.
    const ROOT: &'static str;
    /// Versions that live. A request without one is taken for any of them.
    const VERSIONS: &'static [&'static str];

    /// What the token of this request allows.
    fn grant(call: &Call<Self>, token: &str) -> Result<Grant, Refusal>;

    /// The secret of a token's app.
    fn app_secret(call: &Call<Self>, client_id: &str) -> Option<String> {
        call.core.apps.find(Self::PLATFORM, client_id)?.client_secret
    }
}

/// A request with a good token.
pub(crate) struct Visit<N> {
    pub(crate) call: Call<N>,
    pub(crate) params: Params,
    pub(crate) grant: Grant,
}

/// The token of a request: a parameter, or a header with either of two schemes.
pub(crate) fn token<N: Speaks>(call: &Call<N>, params: &Params) -> Result<String, Refusal> {
    let by_header = || {
        let (scheme, token) = call.header("authorization")?.split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
        known.then(|| token.trim().to_owned())
    };
    Ok(params.word("access_token")?.or_else(by_header).ok_or(BadToken::Missing)?)
}

/// A proof that came along has to be that of the token's app (section 2.1).
pub(crate) fn check_proof(params: &Params, token: &str, app_secret: Option<&str>) -> Result<(), Problem> {
    match params.word("appsecret_proof")? {
        Some(proof) if !app_secret.is_some_and(|app_secret| secret::proves(&proof, app_secret, token)) => {
            Err(Problem::new(100, "Invalid appsecret_proof provided in the API argument").kind("GraphMethodException"))
        }
        _ => Ok(()),
    }
}

/// The parameters of a request at a version that exists.
pub(crate) async fn params<N: Speaks>(
    call: &Call<N>,
    payload: Payload,
    root: &str,
    versions: &[&str],
) -> Result<Params, Problem> {
    let version = call.request().match_info().get("version");
    if version.is_some_and(|version| !versions.contains(&version)) {
        return Err(Problem::no_route(call.request().path().strip_prefix(root).unwrap_or_default()));
    }
    Params::read(call.request(), payload, call.core.settings.max_upload_bytes).await
}

/// The HTTP method as errors name it.
pub(crate) fn method<N: Speaks>(call: &Call<N>) -> &'static str {
    match call.request().method().as_str() {
        "GET" => "get",
        "DELETE" => "delete",
        _ => "post",
    }
}

/// The address of the request, without its query.
pub(crate) fn here<N: Speaks>(call: &Call<N>) -> String {
    format!("{}{}", call.core.origin, call.request().path())
}

impl<N: Granting> Visit<N> {
    /// Reads the request, finds who makes it, and counts it.
    pub(crate) async fn read(call: Call<N>, payload: Payload) -> Result<Self, Refusal> {
        let params = params(&call, payload, N::ROOT, N::VERSIONS).await?;
        let token = token(&call, &params)?;
        let grant = N::grant(&call, &token)?;
        check_proof(&params, &token, N::app_secret(&call, &grant.client_id).as_deref())?;
        usage::count(&call, N::CASE, &grant.user.to_string())?;
        Ok(Self { call, params, grant })
    }

    /// `network_unique_id`.
    pub(crate) fn who(&self) -> String {
        self.grant.user.to_string()
    }

    /// The place where a fault may strike before anything happens.
    pub(crate) async fn before(&self, operation: Operation, text: Option<&str>) -> Result<(), Refusal> {
        self.call.before(operation, Some(&self.who()), text).await
    }

    pub(crate) fn needs(&self, scope: &str) -> Result<(), Problem> {
        let missing =
            || Problem::numbered(10, format!("Application does not have permission for this action ({scope})"));
        if self.grant.allows(scope) { Ok(()) } else { Err(missing()) }
    }

    /// The id in the path, `me` being the caller.
    pub(crate) fn id(&self) -> String {
        match self.call.request().match_info().get("id") {
            Some("me") | None => self.who(),
            Some(id) => id.to_owned(),
        }
    }

    /// The caller's own id in the path.
    pub(crate) fn own(&self) -> Result<u64, Problem> {
        if self.id() == self.who() { Ok(self.grant.user) } else { Err(self.missing()) }
    }

    pub(crate) fn missing(&self) -> Problem {
        Problem::missing(method(&self.call), &self.id())
    }

    pub(crate) fn here(&self) -> String {
        here(&self.call)
    }
}
