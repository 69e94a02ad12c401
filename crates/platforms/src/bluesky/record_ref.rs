//! Naming a record.

use crate::exchange::Ask;

use super::{did, spec::COLLECTION};

/// A post by its repository and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordRef {
    repo: String,
    rkey: String,
}

impl RecordRef {
    pub(super) fn new(repo: &str, rkey: &str) -> Self {
        Self { repo: repo.to_owned(), rkey: rkey.to_owned() }
    }

    /// `at://did/app.bsky.feed.post/key`, or a key alone in the repository `own`.
    pub(super) fn parse(id: &str, own: &str) -> Option<Self> {
        let (repo, rkey) = match id.strip_prefix("at://") {
            Some(rest) => {
                let (repo, path) = rest.split_once('/')?;
                (repo, path.strip_prefix(COLLECTION)?.strip_prefix('/')?)
            }
            None => (own, id),
        };
        let is_key = (1..=512).contains(&rkey.len())
            && rkey.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:~".contains(&byte));
        (did::is_did(repo) && is_key).then(|| Self::new(repo, rkey))
    }

    pub(super) fn uri(&self) -> String {
        format!("at://{}/{COLLECTION}/{}", self.repo, self.rkey)
    }

    /// Asks for it. Records are public: no token is needed, and none that has run out stands in the way.
    pub(super) fn get(&self, pds: &str) -> Ask {
        Ask::get(pds, "/xrpc/com.atproto.repo.getRecord")
            .query("repo", &self.repo)
            .query("collection", COLLECTION)
            .query("rkey", &self.rkey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_in_full_or_by_its_key() {
        let full = "at://did:plc:abc/app.bsky.feed.post/3lsandbox2k2a";
        assert_eq!(RecordRef::parse(full, "did:plc:other").map(|record| record.uri()).as_deref(), Some(full));
        assert_eq!(RecordRef::parse("3lsandbox2k2a", "did:plc:abc").map(|record| record.uri()).as_deref(), Some(full));
        for bad in [
            "",
            "at://",
            "at://did:plc:abc/app.bsky.feed.like/3l",
            "at://alice.example/app.bsky.feed.post/3l",
            "a/b",
            "a?b",
        ] {
            assert_eq!(RecordRef::parse(bad, "did:plc:abc"), None, "{bad}");
        }
    }
}
