//! Trading the refresh token for a new pair. X's refresh tokens work once.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::target::{ErrorCode, Refusal};
use egress::Body;
use jiff::SignedDuration;
use secrecy::ExposeSecret;

use super::{
    errors,
    spec::{BASE, DEFAULT_BASE},
    tokens::XTokens,
    wire::TokenAnswer,
};
use crate::{
    Account, Cx, OauthApp, Tokens,
    exchange::{Answer, Ask},
    failure, stored,
};

pub(super) async fn refresh(cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
    let held: XTokens = stored::open(account)?;
    let (client_id, client_secret) = match app {
        Some(app) => (Some(app.client_id), app.client_secret.map(ExposeSecret::expose_secret)),
        None => (held.client_id.as_deref(), held.client_secret.as_deref()),
    };
    let (Some(refresh_token), Some(client_id)) = (&held.refresh_token, client_id) else {
        return Err(Refusal::Auth {
            code: ErrorCode::TokenExpired,
            message:
                "the access token ran out, and without a refresh token and its app's client id it cannot be renewed"
                    .to_owned(),
            http_status: None,
        });
    };
    let mut form = vec![
        ("grant_type".to_owned(), "refresh_token".to_owned()),
        ("refresh_token".to_owned(), refresh_token.clone()),
    ];
    let mut ask = Ask::post(cx.bases.get(BASE, DEFAULT_BASE), "/2/oauth2/token").secret(refresh_token);
    match client_secret {
        Some(secret) => ask = ask.secret(secret).authorization("Basic", &basic(client_id, secret)),
        None => form.push(("client_id".to_owned(), client_id.to_owned())),
    }
    let answer = ask.body(Body::Form(form)).call(cx).await?;
    let fresh = answer.success::<TokenAnswer>().filter(|fresh| !fresh.access_token.is_empty());
    let Some(fresh) = fresh else { return Err(failure::failed(cx.now, &answer, |answer| refused(cx, answer))) };
    let life = fresh.expires_in.filter(|seconds| (1..=31_536_000).contains(seconds));
    let expires_at = life.and_then(|seconds| cx.now.checked_add(SignedDuration::from_secs(seconds)).ok());
    let tokens = XTokens {
        access_token: fresh.access_token,
        refresh_token: fresh.refresh_token.filter(|token| !token.is_empty()).or(held.refresh_token),
        ..held
    };
    stored::seal(&tokens, expires_at)
}

/// RFC 6749 2.3.1: both are form-encoded before they are joined.
fn basic(client_id: &str, client_secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    STANDARD.encode(format!("{}:{}", encode(client_id), encode(client_secret)))
}

fn refused(cx: &Cx<'_>, answer: &Answer) -> Refusal {
    if answer.status == 429 {
        return errors::classify(cx.now, answer);
    }
    let message = errors::words(answer);
    if errors::refresh_token_is_dead(answer) {
        return Refusal::Auth { code: ErrorCode::TokenRevoked, message, http_status: Some(answer.status) };
    }
    // Anything else (the app's secret is wrong, the endpoint has a bad day) may be cured without the account's owner.
    Refusal::NotNow { message, http_status: Some(answer.status), after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_credentials_are_encoded_before_they_are_joined() {
        assert_eq!(basic("id", "secret"), "aWQ6c2VjcmV0");
        assert_eq!(basic("a:b", "c d"), STANDARD.encode("a%3Ab:c+d"));
    }
}
