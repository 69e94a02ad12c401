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
    directory: Mutex<DataDirectory>,
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
        let (directory, world) = (Mutex::new(directory), RwLock::new(Arc::new(world)));
        Ok(Self { settings, origin, stopping, directory, world })
    }

    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets everything: from the answer on there is an empty world, also after a restart.
    pub(crate) fn forget(&self) -> Result<(), SandboxError> {
        let directory = locked(&self.directory);
        let fresh = directory.next()?;
        let world = World::open(&self.settings, self.origin.clone(), &fresh, self.stopping.clone())?;
        *self.world.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(world);
        directory.current().map(|_| ())
    }
}
