//! Tenants. A project is in exactly one mode; a name has at most one project in each.

use diesel_async::RunQueryDsl;
use domain::{
    ids::ProjectId,
    policy::{Mode, OnAuthFailure, OnUnconfirmed},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Database, StoreError,
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, word},
};

/// A project and its policies, as its callers see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Project {
    /// `prj_...`
    pub id: ProjectId,
    /// Shared by the pair, live and test.
    pub name: String,
    /// Which of the pair this is.
    pub mode: Mode,
    /// Where a browser may be sent back to after connecting, matched exactly.
    pub redirect_uris: Vec<String>,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<String>,
    /// What to do with a part that may be live when nothing more can be found out.
    pub on_unconfirmed: OnUnconfirmed,
    /// What to do with a target when its account's token is no longer taken.
    pub on_auth_failure: OnAuthFailure,
    /// How late a post may go out that does not say so itself.
    pub max_lateness: SignedDuration,
    /// What the dialects need to know, by dialect.
    pub dialects: Value,
}

pub(crate) type ProjectRow = (Uuid, String, String, Vec<String>, Vec<String>, String, String, i64, Value);

pub(crate) type SqlProject = (
    sql::Uuid,
    sql::Text,
    sql::Text,
    Array<sql::Text>,
    Array<sql::Text>,
    sql::Text,
    sql::Text,
    sql::BigInt,
    sql::Jsonb,
);

impl Project {
    pub(crate) fn of(row: ProjectRow) -> Result<Self, StoreError> {
        let (id, name, mode, redirect_uris, cors_origins, on_unconfirmed, on_auth_failure, seconds, dialects) = row;
        Ok(Self {
            id: id.into(),
            name,
            mode: word(&mode)?,
            redirect_uris,
            cors_origins,
            on_unconfirmed: word(&on_unconfirmed)?,
            on_auth_failure: word(&on_auth_failure)?,
            max_lateness: SignedDuration::from_secs(seconds),
            dialects,
        })
    }
}

/// Makes a project. `false` when the name is taken in that mode; nothing is changed then.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(database: &Database, project: &Project, now: Timestamp) -> Result<bool, StoreError> {
    let mut connection = database.connection().await?;
    let made = InsertProject {
        id: project.id.0,
        name: project.name.clone(),
        mode: project.mode.word(),
        redirect_uris: project.redirect_uris.clone(),
        cors_origins: project.cors_origins.clone(),
        on_unconfirmed: project.on_unconfirmed.word(),
        on_auth_failure: project.on_auth_failure.word(),
        seconds: project.max_lateness.as_secs(),
        dialects: project.dialects.clone(),
        now: stamp(now),
    }
    .execute(&mut connection)
    .await
    .map_err(StoreError::from_diesel("insert a project"))?;
    Ok(made == 1)
}

/// What of a project is to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProjectChange {
    /// See [`Project`].
    pub redirect_uris: Option<Vec<String>>,
    /// See [`Project`].
    pub cors_origins: Option<Vec<String>>,
    /// See [`Project`].
    pub on_unconfirmed: Option<OnUnconfirmed>,
    /// See [`Project`].
    pub on_auth_failure: Option<OnAuthFailure>,
    /// See [`Project`].
    pub max_lateness: Option<SignedDuration>,
    /// Replaces all of it.
    pub dialects: Option<Value>,
}

/// Changes a project's policies; its name and mode never change. Two changes of different fields at once both hold.
/// `None` when it is not there.
///
/// # Errors
/// [`StoreError`].
pub async fn update(
    database: &Database,
    id: ProjectId,
    change: ProjectChange,
    now: Timestamp,
) -> Result<Option<Project>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<ProjectRow> = UpdateProject {
        id: id.0,
        redirect_uris: change.redirect_uris,
        cors_origins: change.cors_origins,
        on_unconfirmed: change.on_unconfirmed.map(OnUnconfirmed::word),
        on_auth_failure: change.on_auth_failure.map(OnAuthFailure::word),
        seconds: change.max_lateness.map(|lateness| lateness.as_secs()),
        dialects: change.dialects,
        now: stamp(now),
    }
    .load(&mut connection)
    .await
    .map_err(StoreError::from_diesel("update a project"))?;
    rows.into_iter().next().map(Project::of).transpose()
}

/// A project by its id.
///
/// # Errors
/// [`StoreError`].
pub async fn find(database: &Database, id: ProjectId) -> Result<Option<Project>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<ProjectRow> =
        FindProject { id: id.0 }.load(&mut connection).await.map_err(StoreError::from_diesel("find a project"))?;
    rows.into_iter().next().map(Project::of).transpose()
}

/// A project by its name and mode.
///
/// # Errors
/// [`StoreError`].
pub async fn find_named(database: &Database, name: &str, mode: Mode) -> Result<Option<Project>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<ProjectRow> = FindNamedProject { name: name.to_owned(), mode: mode.word() }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("find a project by its name"))?;
    rows.into_iter().next().map(Project::of).transpose()
}

statement! {
    InsertProject {
        id: Uuid as sql::Uuid,
        name: String as sql::Text,
        mode: &'static str as sql::Text,
        redirect_uris: Vec<String> as Array<sql::Text>,
        cors_origins: Vec<String> as Array<sql::Text>,
        on_unconfirmed: &'static str as sql::Text,
        on_auth_failure: &'static str as sql::Text,
        seconds: i64 as sql::BigInt,
        dialects: Value as sql::Jsonb,
        now: Stamp as SqlStamp,
    } {
        "INSERT INTO projects (id, name, mode, redirect_uris, cors_origins, on_unconfirmed, on_auth_failure, \
           max_lateness_seconds, dialects, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT (name, mode) DO NOTHING"
    }
}

statement! {
    UpdateProject {
        id: Uuid as sql::Uuid,
        redirect_uris: Option<Vec<String>> as Nullable<Array<sql::Text>>,
        cors_origins: Option<Vec<String>> as Nullable<Array<sql::Text>>,
        on_unconfirmed: Option<&'static str> as Nullable<sql::Text>,
        on_auth_failure: Option<&'static str> as Nullable<sql::Text>,
        seconds: Option<i64> as Nullable<sql::BigInt>,
        dialects: Option<Value> as Nullable<sql::Jsonb>,
        now: Stamp as SqlStamp,
    } -> SqlProject {
        "UPDATE projects SET redirect_uris = COALESCE($2, redirect_uris), cors_origins = COALESCE($3, cors_origins), \
           on_unconfirmed = COALESCE($4, on_unconfirmed), on_auth_failure = COALESCE($5, on_auth_failure), \
           max_lateness_seconds = COALESCE($6, max_lateness_seconds), dialects = COALESCE($7, dialects), \
           updated_at = $8 WHERE id = $1 \
         RETURNING id, name, mode, redirect_uris, cors_origins, on_unconfirmed, on_auth_failure, \
           max_lateness_seconds, dialects"
    }
}

statement! {
    FindProject { id: Uuid as sql::Uuid } -> SqlProject {
        "SELECT id, name, mode, redirect_uris, cors_origins, on_unconfirmed, on_auth_failure, max_lateness_seconds, \
           dialects FROM projects WHERE id = $1"
    }
}

statement! {
    FindNamedProject { name: String as sql::Text, mode: &'static str as sql::Text } -> SqlProject {
        "SELECT id, name, mode, redirect_uris, cors_origins, on_unconfirmed, on_auth_failure, max_lateness_seconds, \
           dialects FROM projects WHERE name = $1 AND mode = $2"
    }
}
