//! Uploaded bytes, one file each, written before the upload is answered.

use std::io;
use std::path::{Path, PathBuf};

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

    /// Joins pieces into one file, in order, and drops them.
    pub(crate) async fn join(&self, platform: Platform, pieces: Vec<String>, name: &str) -> io::Result<()> {
        let places: Vec<PathBuf> =
            pieces.iter().map(|piece| self.place(platform, piece)).collect::<io::Result<_>>()?;
        let place = self.place(platform, name)?;
        blocking(move || join_files(&places, &place)).await
    }

    pub(crate) async fn get(&self, platform: Platform, name: &str) -> io::Result<Vec<u8>> {
        let place = self.place(platform, name)?;
        blocking(move || std::fs::read(place)).await
    }
}

fn join_files(pieces: &[PathBuf], whole: &Path) -> io::Result<()> {
    let draft = whole.with_extension(format!("{}.part", uuid::Uuid::new_v4().simple()));
    let mut file = std::fs::File::create(&draft)?;
    for piece in pieces {
        io::copy(&mut std::fs::File::open(piece)?, &mut file)?;
    }
    drop(file);
    std::fs::rename(&draft, whole)?;
    pieces.iter().try_for_each(std::fs::remove_file)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
}
