//! Scopes, and what they are needed for.

use url::form_urlencoded;

use super::super::POST;

/// Without it nothing is granted.
pub(super) const ATPROTO: &str = "atproto";
/// As much as an app password allows.
const GENERIC: &str = "transition:generic";

/// What a call needs.
#[derive(Clone, Copy)]
pub(in super::super) enum Need {
    Nothing,
    /// Actions on posts.
    Post(&'static [&'static str]),
    Blob,
}

/// Whether the server knows a scope.
pub(super) fn is_known(scope: &str) -> bool {
    let families = ["repo:", "blob:", "rpc:", "include:", "identity:", "account:"];
    let family = families.iter().any(|family| scope.strip_prefix(family).is_some_and(|rest| !rest.is_empty()));
    family || [ATPROTO, GENERIC, "transition:email", "transition:chat.bsky"].contains(&scope)
}

/// The scope that is missing for a call, if one is.
pub(super) fn missing(granted: &[String], need: Need) -> Option<String> {
    if granted.iter().any(|scope| scope == GENERIC) {
        return None;
    }
    let has = |fits: &dyn Fn(&str) -> bool| granted.iter().any(|scope| fits(scope));
    match need {
        Need::Nothing => None,
        Need::Blob => {
            let fits = |scope: &str| scope.strip_prefix("blob:").is_some_and(|accepted| accepted.ends_with("/*"));
            (!has(&fits)).then(|| "blob:*/*".to_owned())
        }
        Need::Post(actions) => {
            let missing = actions.iter().find(|action| !has(&|scope: &str| covers(scope, action)));
            missing.map(|action| format!("repo:{POST}?action={action}"))
        }
    }
}

/// Whether `repo:<collection>?action=...` allows an action on posts. Without actions it allows all.
fn covers(scope: &str, action: &str) -> bool {
    let Some(rest) = scope.strip_prefix("repo:") else {
        return false;
    };
    let (collection, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut actions = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "action").peekable();
    [POST, "*"].contains(&collection) && (actions.peek().is_none() || actions.any(|(_, each)| each == action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn granular_scopes_allow_what_they_name() {
        let granted = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let create = Need::Post(&["create"]);
        assert_eq!(missing(&granted(&["atproto", "transition:generic"]), Need::Blob), None);
        assert_eq!(missing(&granted(&["atproto", "repo:app.bsky.feed.post"]), Need::Post(&["create", "delete"])), None);
        assert_eq!(missing(&granted(&["repo:*?action=create"]), create), None);
        assert!(missing(&granted(&["repo:app.bsky.feed.post?action=delete"]), create).is_some());
        assert!(missing(&granted(&["repo:app.bsky.feed.like"]), create).is_some());
        assert!(missing(&granted(&["atproto"]), create).is_some());
        assert_eq!(missing(&granted(&["blob:image/*"]), Need::Blob), None);
        assert!(missing(&granted(&["repo:*"]), Need::Blob).is_some());
        assert!(is_known("blob:*/*") && is_known("atproto") && !is_known("repo:") && !is_known("openid"));
    }
}
