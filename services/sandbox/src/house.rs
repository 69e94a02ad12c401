//! The house: the data directory and the world that lives in it now.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

use crate::directory::DataDirectory;
use crate::error::SandboxError;
use crate::lock::locked;
use crate::settings::Settings;
use crate::world::World;

pub(crate) struct House {
    settings: Settings,
    origin: String,
    stopping: CancellationToken,
    /// `None` once the house is closed.
    directory: Mutex<Option<DataDirectory>>,
    world: RwLock<Arc<World>>,
}

impl House {
    pub(crate) fn open(
        settings: Settings,
        origin: String,
        stopping: CancellationToken,
        directory: DataDirectory,
    ) -> Result<Self, SandboxError> {
        let world = World::open(&settings, origin.clone(), &directory.current()?, stopping.clone())?;
        let (directory, world) = (Mutex::new(Some(directory)), RwLock::new(Arc::new(world)));
        Ok(Self { settings, origin, stopping, directory, world })
    }

    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets everything: from the answer on there is an empty world, also after a restart.
    pub(crate) fn forget(&self) -> Result<(), SandboxError> {
        let directory = locked(&self.directory);
        let Some(directory) = directory.as_ref() else {
            return Ok(());
        };
        let fresh = directory.next()?;
        let world = World::open(&self.settings, self.origin.clone(), &fresh, self.stopping.clone())?;
        *self.world.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(world);
        directory.current().map(|_| ())
    }

    /// Writes what is queued and lets go of the data directory, whoever still holds the house: a worker may outlive the
    /// server's end by a moment.
    pub(crate) fn close(&self) {
        let directory = locked(&self.directory).take();
        self.world().core.journal.close();
        drop(directory);
    }
}
