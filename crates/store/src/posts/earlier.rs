//! What was accepted before under a key or a name, for a call that is not good any more: an answer is given again
//! although its time has passed or an account has gone.

use diesel_async::RunQueryDsl;
use domain::ids::{PostId, ProjectId};
use serde_json::Value;
use uuid::Uuid;

use super::{Created, Posts};
use crate::{
    StoreError,
    statement::statement,
    types::{Nullable, sql},
};

impl Posts {
    /// The answer to the same call under the same idempotency key, else the post of the same call under the same
    /// `external_ref`. `None` when there is neither.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn earlier(
        &self,
        project: ProjectId,
        key: Option<&str>,
        external_ref: Option<&str>,
        fingerprint: &[u8],
    ) -> Result<Option<Created>, StoreError> {
        if key.is_none() && external_ref.is_none() {
            return Ok(None);
        }
        let mut connection = self.database.connection().await?;
        let (answer, id): (Option<Value>, Option<Uuid>) = FindEarlier {
            project: project.0,
            key: key.map(str::to_owned),
            external_ref: external_ref.map(str::to_owned),
            fingerprint: fingerprint.to_vec(),
        }
        .get_result(&mut connection)
        .await
        .map_err(StoreError::from_diesel("find an earlier answer"))?;
        Ok(match (answer, id) {
            (Some(body), _) => Some(Created::Replayed { status: 201, body }),
            (None, Some(id)) => Some(Created::SameRef(PostId(id))),
            (None, None) => None,
        })
    }
}

statement! {
    FindEarlier {
        project: Uuid as sql::Uuid,
        key: Option<String> as Nullable<sql::Text>,
        external_ref: Option<String> as Nullable<sql::Text>,
        fingerprint: Vec<u8> as sql::Bytea,
    } -> (Nullable<sql::Jsonb>, Nullable<sql::Uuid>) {
        "SELECT (SELECT body FROM idempotency_keys WHERE project_id = $1 AND key = $2 AND fingerprint = $4 \
             AND expires_at > now()), \
           (SELECT id FROM posts WHERE project_id = $1 AND external_ref = $3 AND fingerprint = $4)"
    }
}
