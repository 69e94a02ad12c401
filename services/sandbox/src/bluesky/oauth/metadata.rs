//! Where the authorization server is, and what it can do.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::super::Bluesky;
use super::scope::ATPROTO;
use crate::call::Call;

/// `/.well-known/oauth-protected-resource` of the PDS.
pub(in super::super) async fn protected_resource(call: Call<Bluesky>) -> HttpResponse {
    let origin = &call.core.origin;
    HttpResponse::Ok().json(json!({
        "resource": origin,
        "authorization_servers": [origin],
        "scopes_supported": [],
        "bearer_methods_supported": ["header"],
        "resource_documentation": "https://atproto.com",
    }))
}

/// What the authorization server says of itself. Its issuer is the origin.
pub(crate) fn metadata(origin: &str) -> Value {
    let at = |path: &str| format!("{origin}/oauth/bluesky/{path}");
    json!({
        "issuer": origin,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "pushed_authorization_request_endpoint": at("par"),
        "revocation_endpoint": at("revoke"),
        "jwks_uri": at("jwks"),
        "require_pushed_authorization_requests": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "scopes_supported": [ATPROTO, "transition:generic", "transition:email", "transition:chat.bsky"],
        "subject_types_supported": ["public"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    })
}

/// It signs nothing that others check.
pub(in super::super) async fn keys() -> HttpResponse {
    HttpResponse::Ok().json(json!({"keys": []}))
}
