//! OAuth apps that callers bring, and those that networks handed out for them: one for each variant of a network.

mod change;

use diesel_async::RunQueryDsl;
use domain::{
    ids::{NetworkId, ProjectId},
    platform::Platform,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

pub use change::{NetworkChange, NewNetwork, Upserted, delete, insert_registered, update, upsert};

use crate::{
    Database, StoreError,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, time, word},
};

/// An app as its project's callers see it: without its secret.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SocialNetwork {
    /// `net_...`
    pub id: NetworkId,
    /// The network.
    pub platform: Platform,
    /// Which login or instance it is for; `default` where a network has one of each.
    pub variant: String,
    /// The caller's own words.
    pub display_name: Option<String>,
    /// The network's name of it.
    pub client_id: String,
    /// What is asked for when nobody says.
    pub scopes: Vec<String>,
    /// What else its owner said of it, an object of the network's own; no secret.
    pub extra: Value,
    /// Whether it may be connected through.
    pub is_enabled: bool,
    /// Whether the network handed it out and nobody brought it.
    pub is_registered: bool,
    /// When it was first brought.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An app with its secret, for whoever asks the network.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// The app.
    pub network: SocialNetwork,
    /// Sealed to `social_networks.sealed_secret`, row `network.id`; `None` of a public client.
    pub sealed_secret: Option<Vec<u8>>,
}

/// An app.
///
/// # Errors
/// [`StoreError`].
pub async fn get(database: &Database, project: ProjectId, id: NetworkId) -> Result<Option<SocialNetwork>, StoreError> {
    Ok(get_app(database, project, id).await?.map(|app| app.network))
}

/// An app with its secret.
///
/// # Errors
/// [`StoreError`].
pub async fn get_app(database: &Database, project: ProjectId, id: NetworkId) -> Result<Option<App>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<AppRow> = GetNetwork { project: project.0, id: id.0 }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("read an app"))?;
    rows.into_iter().next().map(app).transpose()
}

/// The app of a network's variant, enabled or not.
///
/// # Errors
/// [`StoreError`].
pub async fn find_app(
    database: &Database,
    project: ProjectId,
    platform: Platform,
    variant: &str,
) -> Result<Option<App>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<AppRow> = FindNetwork { project: project.0, platform: platform.name(), variant: variant.to_owned() }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("find an app"))?;
    rows.into_iter().next().map(app).transpose()
}

/// A project's apps, newest first, from the one after `after` on.
///
/// # Errors
/// [`StoreError`].
pub async fn list(
    database: &Database,
    project: ProjectId,
    platform: Option<Platform>,
    after: Option<NetworkId>,
    limit: i64,
) -> Result<Vec<SocialNetwork>, StoreError> {
    let mut connection = database.connection().await?;
    let platform = platform.map(Platform::name);
    let rows: Vec<AppRow> = ListNetworks { project: project.0, platform, after: after.map(|id| id.0), limit }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("list apps"))?;
    rows.into_iter().map(|row| app(row).map(|app| app.network)).collect()
}

type AppRow =
    (Uuid, String, String, Option<String>, String, Vec<String>, Value, bool, bool, Stamp, Stamp, Option<Vec<u8>>);

type SqlApp = (
    sql::Uuid,
    sql::Text,
    sql::Text,
    Nullable<sql::Text>,
    sql::Text,
    Array<sql::Text>,
    sql::Jsonb,
    sql::Bool,
    sql::Bool,
    SqlStamp,
    SqlStamp,
    Nullable<sql::Bytea>,
);

fn app(row: AppRow) -> Result<App, StoreError> {
    let (id, platform, variant, display_name, client_id, scopes, extra, enabled, registered, made, changed, secret) =
        row;
    let network = SocialNetwork {
        id: id.into(),
        platform: word(&platform)?,
        variant,
        display_name,
        client_id,
        scopes,
        extra,
        is_enabled: enabled,
        is_registered: registered,
        created_at: time(made),
        updated_at: time(changed),
    };
    Ok(App { network, sealed_secret: secret })
}

/// The columns of an [`AppRow`].
macro_rules! columns {
    () => {
        "id, platform, variant, display_name, client_id, scopes, extra, is_enabled, is_registered, created_at, \
         updated_at, sealed_secret"
    };
}
use columns;

statement! {
    GetNetwork { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } -> SqlApp {
        concat!("SELECT ", columns!(), " FROM social_networks WHERE project_id = $1 AND id = $2")
    }
}

statement! {
    FindNetwork { project: Uuid as sql::Uuid, platform: &'static str as sql::Text, variant: String as sql::Text }
        -> SqlApp {
        concat!("SELECT ", columns!(), " FROM social_networks WHERE project_id = $1 AND platform = $2 AND variant = $3")
    }
}

statement! {
    ListNetworks {
        project: Uuid as sql::Uuid,
        platform: Option<&'static str> as Nullable<sql::Text>,
        after: Option<Uuid> as Nullable<sql::Uuid>,
        limit: i64 as sql::BigInt,
    } -> SqlApp {
        concat!("SELECT ", columns!(), " FROM social_networks WHERE project_id = $1 \
           AND ($2::text IS NULL OR platform = $2) AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4")
    }
}
