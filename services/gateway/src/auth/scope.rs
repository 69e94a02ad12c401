//! What a key may do. The closed list of the contract.

/// One permission.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
#[allow(missing_docs, reason = "each is its word")]
pub enum Scope {
    #[strum(serialize = "posts:read")]
    PostsRead,
    #[strum(serialize = "posts:write")]
    PostsWrite,
    #[strum(serialize = "posts:draft")]
    PostsDraft,
    #[strum(serialize = "accounts:read")]
    AccountsRead,
    #[strum(serialize = "accounts:write")]
    AccountsWrite,
    #[strum(serialize = "accounts:transfer")]
    AccountsTransfer,
    #[strum(serialize = "networks:read")]
    NetworksRead,
    #[strum(serialize = "networks:write")]
    NetworksWrite,
    #[strum(serialize = "media:read")]
    MediaRead,
    #[strum(serialize = "media:write")]
    MediaWrite,
    #[strum(serialize = "webhooks:read")]
    WebhooksRead,
    #[strum(serialize = "webhooks:write")]
    WebhooksWrite,
    #[strum(serialize = "project:write")]
    ProjectWrite,
    #[strum(serialize = "keys:admin")]
    KeysAdmin,
    #[strum(serialize = "audit:read")]
    AuditRead,
}

impl Scope {
    /// The word callers see and the database stores.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Every permission there is.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }
}
