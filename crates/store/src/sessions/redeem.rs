//! The browser came back.

use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Session, SessionRow, SqlSession, columns, session};
use crate::{Database, StoreError, statement::statement, types::sql};

/// An attempt whose state came back. It comes back once.
#[derive(Debug, Clone, PartialEq)]
pub enum Redeemed {
    /// In time.
    InTime(Box<Session>),
    /// Too late: it has failed.
    Late(Box<Session>),
}

/// Redeems a state, in one statement: of two who bring it at once one gets the attempt. Whose app the browser came back
/// by is the caller's to compare with the attempt's. `None` when nobody began it, or somebody redeemed it before.
///
/// # Errors
/// [`StoreError`].
pub async fn redeem(database: &Database, state_hash: &[u8]) -> Result<Option<Redeemed>, StoreError> {
    let mut connection = database.connection().await?;
    if let Some(session) = take(&mut connection, Redeem { state_hash: state_hash.to_vec() }).await? {
        return Ok(Some(Redeemed::InTime(Box::new(session))));
    }
    let late = take(&mut connection, Lapse { state_hash: state_hash.to_vec() }).await?;
    Ok(late.map(|session| Redeemed::Late(Box::new(session))))
}

async fn take<Q>(connection: &mut AsyncPgConnection, statement: Q) -> Result<Option<Session>, StoreError>
where
    Q: diesel::query_builder::Query<SqlType = SqlSession>
        + diesel::query_builder::QueryFragment<diesel::pg::Pg>
        + diesel::query_builder::QueryId
        + Send,
{
    let rows: Vec<SessionRow> = statement.load(connection).await.map_err(StoreError::from_diesel("redeem a state"))?;
    rows.into_iter().next().map(session).transpose()
}

statement! {
    Redeem { state_hash: Vec<u8> as sql::Bytea } -> SqlSession {
        concat!("UPDATE connect_sessions s SET status = 'exchanging', state_hash = NULL FROM projects p \
         WHERE s.state_hash = $1 AND s.status = 'begun' AND s.expires_at > clock_timestamp() AND p.id = s.project_id \
         RETURNING ", columns!())
    }
}

statement! {
    Lapse { state_hash: Vec<u8> as sql::Bytea } -> SqlSession {
        concat!("UPDATE connect_sessions s SET status = 'failed', state_hash = NULL, sealed = NULL FROM projects p \
         WHERE s.state_hash = $1 AND s.status = 'begun' AND s.expires_at <= clock_timestamp() AND p.id = s.project_id \
         RETURNING ", columns!())
    }
}
