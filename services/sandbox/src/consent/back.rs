//! Sending the browser back to the app.

use actix_web::HttpResponse;
use url::Url;

/// A redirect to the app with these parameters behind those that its address has already. An address that is none is
/// answered 400: it was checked before, so only an app registered with such an address gets there.
pub(crate) fn send_back(redirect_uri: &str, parameters: &[(&str, Option<&str>)]) -> HttpResponse {
    let Ok(mut url) = Url::parse(redirect_uri) else {
        return HttpResponse::BadRequest().content_type("text/plain; charset=utf-8").body("no address to go back to");
    };
    {
        let mut query = url.query_pairs_mut();
        for (name, value) in parameters {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
    }
    HttpResponse::Found()
        .insert_header(("location", url.as_str()))
        .insert_header(("cache-control", "no-store"))
        .insert_header(("referrer-policy", "no-referrer"))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_the_address_is_kept() {
        let answer = send_back("http://localhost/cb?a=1", &[("code", Some("c&d")), ("state", None)]);
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        assert_eq!(location, Some("http://localhost/cb?a=1&code=c%26d"));
    }
}
