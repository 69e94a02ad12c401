//! An attempt as it is recorded, whatever became of it.

use diesel_async::RunQueryDsl;
use domain::ids::ProjectId;
use uuid::Uuid;

use super::{Session, SessionRow, SqlSession, columns, session};
use crate::{Database, StoreError, statement::statement, types::sql};

/// An attempt by its id.
///
/// # Errors
/// [`StoreError`].
pub async fn get(database: &Database, project: ProjectId, id: Uuid) -> Result<Option<Session>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<SessionRow> = GetSession { project: project.0, id }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("read an attempt to connect"))?;
    rows.into_iter().next().map(session).transpose()
}

/// An attempt by [`super::hash`] of its name, for its own browser, which has to go somewhere also when it is over.
///
/// # Errors
/// [`StoreError`].
pub async fn find(database: &Database, session_hash: &[u8]) -> Result<Option<Session>, StoreError> {
    let mut connection = database.connection().await?;
    let rows: Vec<SessionRow> = FindByName { session_hash: session_hash.to_vec() }
        .load(&mut connection)
        .await
        .map_err(StoreError::from_diesel("find an attempt to connect"))?;
    rows.into_iter().next().map(session).transpose()
}

statement! {
    GetSession { project: Uuid as sql::Uuid, id: Uuid as sql::Uuid } -> SqlSession {
        concat!("SELECT ", columns!(), " FROM connect_sessions s JOIN projects p ON p.id = s.project_id \
           WHERE s.project_id = $1 AND s.id = $2")
    }
}

statement! {
    FindByName { session_hash: Vec<u8> as sql::Bytea } -> SqlSession {
        concat!("SELECT ", columns!(), " FROM connect_sessions s JOIN projects p ON p.id = s.project_id \
           WHERE s.session_hash = $1")
    }
}
