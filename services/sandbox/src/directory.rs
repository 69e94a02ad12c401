//! The data directory: `lock`, and one numbered directory for each world. Forgetting everything starts the next number;
//! whatever is older than the newest is leftover and removed.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::SandboxError;

pub(crate) struct DataDirectory {
    root: PathBuf,
    /// Held, not read: the system lets go of it when the process ends, however it ends.
    _lock: File,
}

impl DataDirectory {
    /// Creates or opens the directory for this process alone.
    pub(crate) fn open(root: &Path) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Data { path: root.to_owned(), source };
        std::fs::create_dir_all(root).map_err(failed)?;
        let path = root.join("lock");
        let lock = File::create(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(SandboxError::InUse { path }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The newest world's directory, made if there is none; older ones are removed.
    pub(crate) fn current(&self) -> Result<PathBuf, SandboxError> {
        let failed = |source| SandboxError::Data { path: self.root.clone(), source };
        let numbers = self.numbers().map_err(failed)?;
        let newest = numbers.iter().copied().max().unwrap_or(1);
        for old in numbers.into_iter().filter(|number| *number != newest) {
            std::fs::remove_dir_all(self.place(old)).map_err(failed)?;
        }
        std::fs::create_dir_all(self.place(newest)).map_err(failed)?;
        Ok(self.place(newest))
    }

    /// A new, empty world's directory.
    pub(crate) fn next(&self) -> Result<PathBuf, SandboxError> {
        let failed = |source| SandboxError::Data { path: self.root.clone(), source };
        let number = self.numbers().map_err(failed)?.into_iter().max().unwrap_or(0) + 1;
        std::fs::create_dir_all(self.place(number)).map_err(failed)?;
        Ok(self.place(number))
    }

    fn place(&self, number: u64) -> PathBuf {
        self.root.join(format!("world-{number:06}"))
    }

    fn numbers(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&self.root)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("world-")?.parse::<u64>().ok());
            numbers.extend(number);
        }
        Ok(numbers)
    }
}
