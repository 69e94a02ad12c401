//! Uploaded bytes, one file each, written before the upload is answered.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;

use crate::network::Platform;

pub(crate) struct Shelf {
    root: PathBuf,
}

impl Shelf {
    pub(crate) fn open(root: PathBuf) -> io::Result<Self> {
        for platform in Platform::ALL {
            std::fs::create_dir_all(root.join(platform.name()))?;
        }
        Ok(Self { root })
    }

    /// Where a piece lies. Names are made by the networks (ids, CIDs), never by callers; anything else has no place.
    fn place(&self, platform: Platform, name: &str) -> io::Result<PathBuf> {
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain.then(|| self.root.join(platform.name()).join(name)).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Puts bytes there under a temporary name first, so that a crash leaves no half file under the real one.
    pub(crate) async fn put(&self, platform: Platform, name: &str, bytes: Bytes) -> io::Result<()> {
        let place = self.place(platform, name)?;
        blocking(move || {
            let draft = place.with_extension(format!("{}.part", uuid::Uuid::new_v4().simple()));
            std::fs::write(&draft, &bytes)?;
            std::fs::rename(&draft, &place)
        })
        .await
    }

    /// Drops pieces that nothing needs any more. One that stays behind does no harm.
    pub(crate) async fn forget(&self, platform: Platform, names: Vec<String>) {
        let places: Vec<PathBuf> = names.iter().filter_map(|name| self.place(platform, name).ok()).collect();
        let removed = blocking(move || places.iter().try_for_each(std::fs::remove_file)).await;
        drop(removed);
    }

    pub(crate) async fn get(&self, platform: Platform, name: &str) -> io::Result<Vec<u8>> {
        let place = self.place(platform, name)?;
        blocking(move || std::fs::read(place)).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}
