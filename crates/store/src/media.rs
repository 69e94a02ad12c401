//! Uploads: what is known of a file whose bytes are in object storage.

use diesel_async::RunQueryDsl;
use domain::{
    ids::{MediaId, ProjectId},
    media::MediaKind,
};
use futures::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Database, StoreError,
    idempotency::{self, Answer, Once},
    statement::statement,
    types::{Array, Nullable, SqlStamp, Stamp, sql, stamp, time, word},
};

/// Whether a file can be used. Its words are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaStatus {
    /// Its bytes are not there, or not looked at.
    Pending,
    /// It was looked at and is what it says.
    Ready,
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Media {
    /// `med_...`
    pub id: MediaId,
    /// Whether it can be used.
    pub status: MediaStatus,
    /// Told from its bytes; `None` until then.
    pub kind: Option<MediaKind>,
    /// The caller's name for it.
    pub filename: String,
    /// Announced by the caller, then told from its bytes.
    pub content_type: String,
    /// In bytes; announced by the caller, then counted.
    pub size: Option<i64>,
    /// In pixels, as a person sees it.
    pub width: Option<i32>,
    /// In pixels, as a person sees it.
    pub height: Option<i32>,
    /// Of a video, where known.
    pub duration_ms: Option<i64>,
    /// When it was announced.
    pub created_at: Timestamp,
    /// When it is deleted.
    pub expires_at: Timestamp,
}

/// What was found out about a file's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// What it is.
    pub kind: MediaKind,
    /// By content.
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    /// In pixels.
    pub width: Option<i32>,
    /// In pixels.
    pub height: Option<i32>,
}

type MediaRow =
    (Uuid, String, Option<String>, String, String, Option<i64>, Option<i32>, Option<i32>, Option<i64>, Stamp, Stamp);

type SqlMedia = (
    sql::Uuid,
    sql::Text,
    Nullable<sql::Text>,
    sql::Text,
    sql::Text,
    Nullable<sql::BigInt>,
    Nullable<sql::Integer>,
    Nullable<sql::Integer>,
    Nullable<sql::BigInt>,
    SqlStamp,
    SqlStamp,
);

fn media(row: MediaRow) -> Result<Media, StoreError> {
    let (id, status, kind, filename, content_type, size, width, height, duration_ms, created_at, expires_at) = row;
    Ok(Media {
        id: id.into(),
        status: if status == "ready" { MediaStatus::Ready } else { MediaStatus::Pending },
        kind: kind.as_deref().map(word).transpose()?,
        filename,
        content_type,
        size,
        width,
        height,
        duration_ms,
        created_at: time(created_at),
        expires_at: time(expires_at),
    })
}

/// Announces a file.
///
/// # Errors
/// [`StoreError`].
pub async fn insert(
    database: &Database,
    project: ProjectId,
    new: Media,
    once: Option<Once>,
) -> Result<Answer<Media>, StoreError> {
    let done = idempotency::once(database, once, "insert media", move |connection| {
        async move {
            InsertMedia {
                id: new.id.0,
                project: project.0,
                filename: new.filename.clone(),
                content_type: new.content_type.clone(),
                size: new.size,
                created_at: stamp(new.created_at),
                expires_at: stamp(new.expires_at),
            }
            .execute(connection)
            .await?;
            Ok(Some(new))
        }
        .boxed()
    })
    .await?;
    done.ok_or_else(|| StoreError::Corrupt("media that was inserted is not there".to_owned()))
}

/// A copy of a file whose bytes are looked at already, for a network to fetch.
///
/// # Errors
/// [`StoreError`].
pub async fn insert_copy(database: &Database, project: ProjectId, copy: Media) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    InsertMediaCopy {
        id: copy.id.0,
        project: project.0,
        kind: copy.kind.map(MediaKind::word),
        filename: copy.filename,
        content_type: copy.content_type,
        size: copy.size,
        width: copy.width,
        height: copy.height,
        created_at: stamp(copy.created_at),
        expires_at: stamp(copy.expires_at),
    }
    .execute(&mut connection)
    .await
    .map(drop)
    .map_err(StoreError::from_diesel("insert a copy of media"))
}

/// Those of these files that the project has and that have not run out, in no order.
///
/// # Errors
/// [`StoreError`].
pub async fn list(database: &Database, project: ProjectId, ids: &[MediaId]) -> Result<Vec<Media>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<MediaRow> = ListMedia { project: project.0, ids: uuids(ids) }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("list media"))?;
    rows.into_iter().map(media).collect()
}

/// One file of a project.
///
/// # Errors
/// [`StoreError`].
pub async fn find(database: &Database, project: ProjectId, id: MediaId) -> Result<Option<Media>, StoreError> {
    Ok(list(database, project, &[id]).await?.pop())
}

/// One file, by an id that a signed link vouches for.
///
/// # Errors
/// [`StoreError`].
pub async fn find_linked(database: &Database, id: MediaId) -> Result<Option<Media>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<MediaRow> = FindLinkedMedia { id: id.0 }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("find linked media"))?;
    rows.into_iter().next().map(media).transpose()
}

/// Keeps files at least until a time: a post that is scheduled needs them then.
///
/// # Errors
/// [`StoreError`].
pub async fn keep(
    database: &Database,
    project: ProjectId,
    ids: &[MediaId],
    until: Timestamp,
) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    KeepMedia { project: project.0, ids: uuids(ids), until: stamp(until) }
        .execute(&mut connection)
        .await
        .map(drop)
        .map_err(StoreError::from_diesel("keep media"))
}

/// Marks a file as ready and keeps it until `expires_at`; one that is ready already keeps its time. `None` when the project has no such file.
///
/// # Errors
/// [`StoreError`].
pub async fn confirm(
    database: &Database,
    project: ProjectId,
    id: MediaId,
    probed: Probed,
    expires_at: Timestamp,
) -> Result<Option<Media>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<MediaRow> = ConfirmMedia {
        project: project.0,
        id: id.0,
        kind: probed.kind.word(),
        content_type: probed.content_type,
        size: probed.size,
        width: probed.width,
        height: probed.height,
        expires_at: stamp(expires_at),
    }
    .load(&mut connection)
    .await
    .map_err(StoreError::from_diesel("confirm media"))?;
    rows.into_iter().next().map(media).transpose()
}

/// Files whose time has been over for an hour, so that no request still counts on them; at most `limit`. Their bytes go first, then [`delete`]: a crash between leaves a row that
/// is found again.
///
/// # Errors
/// [`StoreError`].
pub async fn list_expired(database: &Database, limit: i64) -> Result<Vec<MediaId>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<(Uuid,)> = ListExpiredMedia { limit }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("list media that has run out"))?;
    Ok(rows.into_iter().map(|(id,)| id.into()).collect())
}

/// Forgets files whose time has been over for an hour.
///
/// # Errors
/// [`StoreError`].
pub async fn delete(database: &Database, ids: &[MediaId]) -> Result<(), StoreError> {
    let mut connection = database.connection().await?;
    DeleteMedia { ids: uuids(ids) }
        .execute(&mut connection)
        .await
        .map(drop)
        .map_err(StoreError::from_diesel("delete media that has run out"))
}

fn uuids(ids: &[MediaId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}

statement! {
    InsertMedia {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        filename: String as sql::Text,
        content_type: String as sql::Text,
        size: Option<i64> as Nullable<sql::BigInt>,
        created_at: Stamp as SqlStamp,
        expires_at: Stamp as SqlStamp,
    } {
        "INSERT INTO media (id, project_id, status, filename, content_type, size, created_at, expires_at) \
         VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7)"
    }
}

statement! {
    InsertMediaCopy {
        id: Uuid as sql::Uuid,
        project: Uuid as sql::Uuid,
        kind: Option<&'static str> as Nullable<sql::Text>,
        filename: String as sql::Text,
        content_type: String as sql::Text,
        size: Option<i64> as Nullable<sql::BigInt>,
        width: Option<i32> as Nullable<sql::Integer>,
        height: Option<i32> as Nullable<sql::Integer>,
        created_at: Stamp as SqlStamp,
        expires_at: Stamp as SqlStamp,
    } {
        "INSERT INTO media \
           (id, project_id, status, kind, filename, content_type, size, width, height, created_at, expires_at) \
         VALUES ($1, $2, 'ready', $3, $4, $5, $6, $7, $8, $9, $10)"
    }
}

statement! {
    ListMedia { project: Uuid as sql::Uuid, ids: Vec<Uuid> as Array<sql::Uuid> } -> SqlMedia {
        "SELECT id, status, kind, filename, content_type, size, width, height, duration_ms, created_at, expires_at \
         FROM media WHERE project_id = $1 AND id = ANY($2) AND expires_at > clock_timestamp()"
    }
}

statement! {
    FindLinkedMedia { id: Uuid as sql::Uuid } -> SqlMedia {
        "SELECT id, status, kind, filename, content_type, size, width, height, duration_ms, created_at, expires_at \
         FROM media WHERE id = $1 AND expires_at > clock_timestamp()"
    }
}

statement! {
    KeepMedia { project: Uuid as sql::Uuid, ids: Vec<Uuid> as Array<sql::Uuid>, until: Stamp as SqlStamp } {
        "WITH kept AS MATERIALIZED (\
           SELECT id FROM media WHERE project_id = $1 AND id = ANY($2) AND expires_at < $3 \
           ORDER BY id FOR NO KEY UPDATE) \
         UPDATE media m SET expires_at = $3 FROM kept WHERE m.id = kept.id"
    }
}

statement! {
    ConfirmMedia {
        project: Uuid as sql::Uuid,
        id: Uuid as sql::Uuid,
        kind: &'static str as sql::Text,
        content_type: String as sql::Text,
        size: i64 as sql::BigInt,
        width: Option<i32> as Nullable<sql::Integer>,
        height: Option<i32> as Nullable<sql::Integer>,
        expires_at: Stamp as SqlStamp,
    } -> SqlMedia {
        "UPDATE media SET status = 'ready', kind = $3, content_type = $4, size = $5, width = $6, height = $7, \
           expires_at = CASE WHEN status = 'ready' THEN expires_at ELSE GREATEST(expires_at, $8) END \
         WHERE project_id = $1 AND id = $2 AND expires_at > clock_timestamp() \
         RETURNING id, status, kind, filename, content_type, size, width, height, duration_ms, created_at, expires_at"
    }
}

statement! {
    ListExpiredMedia { limit: i64 as sql::BigInt } -> (sql::Uuid,) {
        "SELECT id FROM media WHERE expires_at <= clock_timestamp() - interval '1 hour' ORDER BY expires_at LIMIT $1"
    }
}

statement! {
    DeleteMedia { ids: Vec<Uuid> as Array<sql::Uuid> } {
        "DELETE FROM media WHERE id = ANY($1) AND expires_at <= clock_timestamp() - interval '1 hour'"
    }
}
