//! API keys.

use utoipa::ToSchema;

use super::words;
use crate::auth::Scope;

/// Make a key.
#[derive(ToSchema)]
pub(super) struct CreateKeyRequest {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Those of the calling key if left out, and never more.
    scopes: Option<Vec<ScopeWord>>,
    /// Binds it to one owner's accounts.
    external_id: Option<String>,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// What a key may do.
pub(super) struct ScopeWord;

impl utoipa::PartialSchema for ScopeWord {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        words::<Scope>().into()
    }
}

impl ToSchema for ScopeWord {
    fn name() -> std::borrow::Cow<'static, str> {
        "Scope".into()
    }
}

/// A key, without itself.
#[derive(ToSchema)]
pub(super) struct Key {
    #[schema(example = "key_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    name: String,
    /// Its first characters.
    #[schema(example = "sk_test_ab12")]
    key_head: String,
    scopes: Vec<ScopeWord>,
    #[schema(required)]
    external_id: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
}

/// A key that was just made.
#[derive(ToSchema)]
pub(super) struct NewKey {
    #[schema(inline)]
    #[serde(flatten)]
    key_fields: Key,
    /// Shown here only.
    key: Option<String>,
}
