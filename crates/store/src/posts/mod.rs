//! Posts: accepted in group commits, read whole, changed one at a time.

mod attempts;
mod change;
mod create;
mod earlier;
mod edit;
mod list;
mod new;
mod open;
mod rows;
mod view;

pub use attempts::Attempt;
pub use change::{Change, Changed, Verdict};
pub use edit::Edit;
pub use list::PostFilter;
pub use new::{Created, Idempotency, NewContainer, NewPost, NewTarget};
pub(crate) use view::{About, Loaded, load, load_with};

use create::Create;
use domain::{
    ids::{PostId, ProjectId},
    mutant::{Mutant, lives},
    post::Post,
};

use crate::{Database, StoreError, WriterClosed, WriterSettings, writer::Writer};

/// The way to posts.
#[derive(Clone)]
pub struct Posts {
    database: Database,
    create: Writer<Create>,
}

impl Posts {
    /// Starts the writer.
    pub fn new(database: Database) -> Self {
        Self { create: Writer::start(database.clone(), WriterSettings::default()), database }
    }

    /// Accepts a post: written together with whatever else arrives meanwhile.
    ///
    /// # Errors
    /// [`WriterClosed`] when too many wait already (nothing was written), [`StoreError`] inside.
    pub async fn create(&self, post: NewPost) -> Result<Result<Created, StoreError>, WriterClosed> {
        let created = self.create.try_write(post).await?;
        self.database.doorbell().ring();
        Ok(created)
    }

    /// A post that is not hidden.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, project: ProjectId, id: PostId) -> Result<Option<Post>, StoreError> {
        Ok(self.get_many(project, &[id]).await?.pop())
    }

    /// Posts in the order of their ids as given; those that are not there, hidden or foreign are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_many(&self, project: ProjectId, ids: &[PostId]) -> Result<Vec<Post>, StoreError> {
        let connection = self.database.connection().await?;
        let loaded = load(&connection, ids.iter().map(|id| id.0).collect())
            .await
            .map_err(StoreError::from_diesel("read posts"))?;
        let mut posts: std::collections::HashMap<_, _> = loaded
            .into_iter()
            .filter(|loaded| loaded.about.project_id == project.0 || lives(Mutant::UnscopedQuery))
            .filter(|loaded| !loaded.is_hidden)
            .map(|loaded| (loaded.post.id, loaded.post))
            .collect();
        Ok(ids.iter().filter_map(|id| posts.remove(id)).collect())
    }
}
