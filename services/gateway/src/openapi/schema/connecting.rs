//! Apps, and connecting through them.

use domain::platform::Platform;
use serde_json::Value;
use utoipa::ToSchema;

use super::{account::Account, words};

/// An OAuth app, without its secret.
#[derive(ToSchema)]
#[schema(as = SocialNetwork)]
pub(super) struct Network {
    #[schema(example = "net_0192f0c1a2b3c4d5e6f708192a3b4c5d")]
    id: String,
    #[schema(schema_with = words::<Platform>)]
    platform: Platform,
    /// Which login or instance it is for; `default` where a network has one of each.
    variant: String,
    #[schema(required)]
    display_name: Option<String>,
    client_id: String,
    /// Where the network is to send browsers back to: register it with the app.
    callback_url: String,
    /// Asked for where nobody says.
    scopes: Vec<String>,
    #[schema(value_type = Object)]
    extra: Value,
    is_enabled: bool,
    /// Whether the network handed it out when somebody first connected.
    is_registered: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Bring an app. Where the variant has one, all that was said of it is replaced.
#[derive(ToSchema)]
pub(super) struct CreateNetworkRequest {
    #[schema(schema_with = words::<Platform>)]
    platform: Platform,
    /// `default` if left out.
    variant: Option<String>,
    #[schema(max_length = 2000)]
    client_id: String,
    /// Required where the network's apps have one. Sealed, and never shown again.
    #[schema(max_length = 4000)]
    client_secret: Option<String>,
    #[schema(max_length = 255)]
    display_name: Option<String>,
    /// Those that publishing needs if left out.
    scopes: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    extra: Option<Value>,
}

/// What is left out stays.
#[derive(ToSchema)]
pub(super) struct UpdateNetworkRequest {
    client_id: Option<String>,
    client_secret: Option<String>,
    display_name: Option<String>,
    scopes: Option<Vec<String>>,
    /// All of it at once.
    #[schema(value_type = Option<Object>)]
    extra: Option<Value>,
    /// Whether profiles may be connected through it.
    is_enabled: Option<bool>,
}

/// Connect a profile on its network's consent page.
#[derive(ToSchema)]
pub(super) struct AuthUrlRequest {
    #[schema(schema_with = words::<Platform>)]
    platform: Platform,
    /// The caller's user it is for. May be left out with a key that is bound to one.
    #[schema(max_length = 255)]
    external_id: String,
    /// Where the browser goes in the end: one of the project's `redirect_uris`, exactly as listed there.
    #[schema(max_length = 2000)]
    redirect_uri: String,
    /// Those of the app if left out.
    scopes: Option<Vec<String>>,
    /// Connects whatever is found at once. Whoever opens the address connects their own profile for the owner named here.
    auto_finalize: Option<bool>,
    /// Comes back to `redirect_uri` as it is.
    #[schema(max_length = 2000)]
    state: Option<String>,
    /// The network's own: `{instance}`, `{service?, handle?}`, `{login}`, `{as}`.
    #[schema(value_type = Option<Object>)]
    platform_data: Option<Value>,
}

/// Where to send the browser.
#[derive(ToSchema)]
pub(super) struct AuthUrl {
    auth_url: String,
    /// The attempt is over then.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What an attempt to connect found.
#[derive(ToSchema)]
#[schema(as = PendingSession)]
pub(super) struct Pending {
    #[schema(schema_with = words::<Platform>)]
    platform: Platform,
    #[schema(required)]
    external_id: Option<String>,
    #[schema(format = DateTime)]
    expires_at: String,
    pages: Vec<PendingPage>,
    /// Those that a person chose on the hosted page.
    #[schema(required)]
    chosen_page_ids: Option<Vec<String>>,
}

/// A profile that may be connected.
#[derive(ToSchema)]
pub(super) struct PendingPage {
    /// The network's own.
    id: String,
    #[schema(example = "page")]
    r#type: String,
    name: String,
    username: String,
    #[schema(required)]
    profile_image_url: Option<String>,
}

/// Say what to connect, and for whom.
#[derive(ToSchema)]
pub(super) struct FinalizeRequest {
    /// What was chosen on the hosted page, or the only page there is, if left out.
    selected_page_ids: Option<Vec<String>>,
    /// The logged-in user: the one the attempt was begun for. May be left out with a key that is bound to one.
    #[schema(max_length = 255)]
    external_id: String,
}

/// What is connected now.
#[derive(ToSchema)]
#[schema(as = ConnectedAccounts)]
pub(super) struct Connected {
    accounts: Vec<Account>,
    rejected: Vec<RejectedPage>,
}

/// A profile that was left as it was.
#[derive(ToSchema)]
pub(super) struct RejectedPage {
    page_id: String,
    /// `account_owned`
    code: String,
}
