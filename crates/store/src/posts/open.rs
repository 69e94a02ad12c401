//! Which posts are not settled yet.

use diesel_async::RunQueryDsl;
use domain::ids::PostId;
use uuid::Uuid;

use super::Posts;
use crate::{
    StoreError,
    statement::statement,
    types::{Array, sql},
};

impl Posts {
    /// Those of `ids` with a target that is still open; settled posts and those that are gone are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_open(&self, ids: &[PostId]) -> Result<Vec<PostId>, StoreError> {
        let mut connection = self.database.connection().await?;
        let rows: Vec<(Uuid,)> = ListOpen { ids: ids.iter().map(|id| id.0).collect() }
            .load(&mut connection)
            .await
            .map_err(StoreError::from_diesel("list open posts"))?;
        Ok(rows.into_iter().map(|(id,)| PostId(id)).collect())
    }
}

statement! {
    ListOpen { ids: Vec<Uuid> as Array<sql::Uuid> } -> (sql::Uuid,) {
        "SELECT post_id FROM post_progress WHERE post_id = ANY($1) AND n_open > 0"
    }
}
