//! `?wait=10s`: answering when a post is settled, or after that time as it then is.

use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{ids::PostId, post::Post};
use jiff::SignedDuration;
use store::posts::Posts;
use tokio::sync::oneshot;

use super::sight;
use crate::{App, auth::Caller, problem::Problem, query::Query};

/// Who asks for more is answered after this.
const LONGEST: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(100);

/// A time to wait as a query says it.
struct Wait(Duration);

impl FromStr for Wait {
    type Err = &'static str;

    /// `10s`, `500ms`, `1m`, or ISO 8601.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wait: SignedDuration = text.parse().map_err(|_| "must be a duration as 10s or 500ms")?;
        Duration::try_from(wait).map(|wait| Self(wait.min(LONGEST))).map_err(|_| "must not be negative")
    }
}

/// Reads the one parameter of calls that may wait.
///
/// # Errors
/// [`Problem::Invalid`].
pub(super) fn read(query: Query) -> Result<Option<Duration>, Problem> {
    query.read(|query| {
        let field = query.optional("wait");
        if field.value().is_none() {
            Some(None)
        } else {
            field.parsed::<Wait>("invalid_duration").map(|wait| Some(wait.0))
        }
    })
}

/// The post once it is settled, or after `wait` as it then is.
///
/// # Errors
/// [`Problem::NotFound`] when it was taken away meanwhile, and those of the database.
pub(super) async fn settled(app: &App, caller: &Caller, id: PostId, wait: Duration) -> Result<Post, Problem> {
    let ended = app.settling.watch(id);
    // Settled or not: it is read either way.
    let _ = tokio::time::timeout(wait, ended).await;
    sight::find(app, caller, id).await
}

/// Tells those who wait when a post is settled. However many wait, one statement a tick looks after all of them, and
/// none while nobody does.
#[derive(Clone)]
pub(crate) struct Settling {
    posts: Posts,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    posts: HashMap<PostId, Vec<oneshot::Sender<()>>>,
    is_watched: bool,
}

impl Settling {
    /// Over the store's posts.
    pub(crate) fn new(posts: Posts) -> Self {
        Self { posts, waiting: Arc::default() }
    }

    /// Ends when the post is settled or gone.
    fn watch(&self, id: PostId) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        waiting.posts.entry(id).or_default().push(sender);
        if !waiting.is_watched {
            waiting.is_watched = true;
            tokio::spawn(self.clone().look());
        }
        receiver
    }

    async fn look(self) {
        loop {
            tokio::time::sleep(TICK).await;
            let Some(ids) = self.watched() else { return };
            // A database that is away for a moment is no reason to end a wait: it ends by itself in time.
            let Ok(open) = self.posts.list_open(&ids).await else { continue };
            let open: HashSet<_> = open.into_iter().collect();
            let mut waiting = self.waiting();
            for sender in ids.iter().filter(|id| !open.contains(id)).filter_map(|id| waiting.posts.remove(id)).flatten()
            {
                // Whoever stopped waiting has nothing to be told.
                let _ = sender.send(());
            }
        }
    }

    /// What is waited for; `None`, and nobody watches any more, when nothing is.
    fn watched(&self) -> Option<Vec<PostId>> {
        let mut waiting = self.waiting();
        for senders in waiting.posts.values_mut() {
            senders.retain(|sender| !sender.is_closed());
        }
        waiting.posts.retain(|_, senders| !senders.is_empty());
        waiting.is_watched = !waiting.posts.is_empty();
        waiting.is_watched.then(|| waiting.posts.keys().copied().collect())
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(text: &str) -> Option<u128> {
        text.parse().ok().map(|wait: Wait| wait.0.as_millis())
    }

    #[test]
    fn a_wait_is_read_and_capped() {
        assert_eq!(wait("10s"), Some(10_000));
        assert_eq!(wait("500ms"), Some(500));
        assert_eq!(wait("PT2S"), Some(2_000));
        assert_eq!(wait("5m"), Some(60_000));
        assert_eq!(wait("0s"), Some(0));
        for text in ["", "10", "soon", "-1s"] {
            assert_eq!(wait(text), None, "{text}");
        }
    }
}
