//! What scopes of the protocol allow (atproto.com/specs/permission; fact sheet part 2, 4.1.2).

/// `transition:generic` is all that an app password may do; `repo:` names collections, and what may be done there. What a
/// permission set includes only its publisher knows.
pub(super) fn covers(granted: &str, needed: &str) -> bool {
    let Some(collection) = needed.strip_prefix("repo:") else { return false };
    if granted == "transition:generic" || granted.starts_with("include:") {
        return true;
    }
    let Some(rest) = granted.strip_prefix("repo").filter(|rest| rest.starts_with([':', '?'])) else { return false };
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    let named = name.strip_prefix(':').into_iter();
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let listed = pairs.iter().filter(|(name, _)| name == "collection").map(|(_, value)| value.as_ref());
    let mut actions = pairs.iter().filter(|(name, _)| name == "action").map(|(_, value)| value.as_ref()).peekable();
    let may_create = actions.peek().is_none() || actions.any(|action| action == "create");
    may_create && named.chain(listed).any(|name| name == "*" || name == collection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posting_is_granted_in_many_words() {
        let needed = "repo:app.bsky.feed.post";
        for granted in [
            "transition:generic",
            "repo:*",
            "repo:*?action=create",
            "repo:app.bsky.feed.post?action=create&action=update",
            "repo?collection=app.bsky.feed.like&collection=app.bsky.feed.post",
            "include:app.example.publisher",
        ] {
            assert!(covers(granted, needed), "{granted}");
        }
        for granted in
            ["atproto", "repo:app.bsky.feed.like", "repo:*?action=delete", "repo", "repository:*", "transition:email"]
        {
            assert!(!covers(granted, needed), "{granted}");
        }
        assert!(!covers("transition:generic", "atproto"));
    }
}
