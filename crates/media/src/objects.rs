//! Object storage: a local directory, or later any S3, through one type.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt, WriteMultipart};

use crate::error::MediaError;

/// Where objects live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A directory of this machine, made if it is missing.
    Local {
        /// Its path.
        root: PathBuf,
    },
}

/// The name of an object: segments of letters, digits, `-`, `_` and `.`, joined by `/`. Not a path: it cannot leave
/// the root, and two keys never differ by encoding or case-folding tricks of a file system.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey(Path);

impl ObjectKey {
    /// Checks and keeps `text`.
    ///
    /// # Errors
    /// [`MediaError::Key`].
    pub fn new(text: &str) -> Result<Self, MediaError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let good = |segment: &str| !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(plain);
        if text.len() <= 512 && text.split('/').all(good) {
            return Ok(Self(Path::from(text)));
        }
        Err(MediaError::Key(text.to_owned()))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An object, its content still to be read.
pub struct StoredObject {
    /// The whole object's length in bytes.
    pub size: u64,
    /// Changes with the content.
    pub etag: Option<String>,
    /// Which of its bytes `content` has.
    pub range: Range<u64>,
    /// The bytes.
    pub content: BoxStream<'static, Result<Bytes, MediaError>>,
}

impl fmt::Debug for StoredObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredObject").field("size", &self.size).field("range", &self.range).finish_non_exhaustive()
    }
}

/// Puts and gets objects. Clones share the store.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
}

/// Small enough that slow uploads side by side stay small in memory, as large as S3 asks a part to be.
const PART_BYTES: usize = 5 << 20;

impl Objects {
    /// Opens the storage.
    ///
    /// # Errors
    /// [`MediaError::Storage`] when the directory can neither be found nor made.
    pub async fn open(storage: &Storage) -> Result<Self, MediaError> {
        let Storage::Local { root } = storage;
        let fault = |source: Box<dyn std::error::Error + Send + Sync>| MediaError::Storage {
            attempt: "open",
            key: root.display().to_string(),
            source,
        };
        tokio::fs::create_dir_all(root).await.map_err(|error| fault(error.into()))?;
        // "Ready" is told to the caller once an object is stored, so it must survive a power cut.
        let store = LocalFileSystem::new_with_prefix(root).map_err(|error| fault(error.into()))?.with_fsync(true);
        Ok(Self { store: Arc::new(store) })
    }

    /// Stores a stream of at most `max_bytes` and returns its length. Nobody sees the object before it is whole: it is
    /// written aside and moved into place, replacing what was there.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`], [`MediaError::Empty`], [`MediaError::UploadBroken`] when the stream fails; nothing
    /// is stored then, and an older object stays.
    pub async fn put<S, E>(&self, key: &ObjectKey, content: S, max_bytes: u64) -> Result<u64, MediaError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: fmt::Display,
    {
        let mut content = pin!(content);
        let upload = self.store.put_multipart(&key.0).await.map_err(|error| failed("write", key, error))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut size = 0_u64;
        let broken = loop {
            match content.next().await {
                None if size == 0 => break MediaError::Empty,
                None => {
                    writer.finish().await.map_err(|error| failed("write", key, error))?;
                    return Ok(size);
                }
                Some(Err(error)) => break MediaError::UploadBroken(error.to_string()),
                Some(Ok(piece)) => {
                    size += piece.len() as u64;
                    if size > max_bytes {
                        break MediaError::TooLarge { max_bytes };
                    }
                    // One part on its way while the next one fills.
                    if let Err(error) = writer.wait_for_capacity(1).await {
                        break failed("write", key, error);
                    }
                    writer.write(&piece);
                }
            }
        };
        // What is left over when this fails too is an unfinished upload, which no key shows.
        let _ = writer.abort().await;
        Err(broken)
    }

    /// Stores `bytes` as [`Objects::put`] does.
    ///
    /// # Errors
    /// As [`Objects::put`].
    pub async fn put_bytes(&self, key: &ObjectKey, bytes: Bytes) -> Result<u64, MediaError> {
        let max_bytes = bytes.len() as u64;
        let whole = futures::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
        self.put(key, whole, max_bytes).await
    }

    /// The whole object, if it has no more than `max_bytes`.
    ///
    /// # Errors
    /// [`MediaError::NotStored`], [`MediaError::TooLarge`].
    pub async fn get(&self, key: &ObjectKey, max_bytes: u64) -> Result<Bytes, MediaError> {
        let found = self.open_object(key, None).await?;
        if found.meta.size > max_bytes {
            return Err(MediaError::TooLarge { max_bytes });
        }
        found.bytes().await.map_err(|error| failed("read", key, error))
    }

    /// The first bytes of the object, fewer than `count` if it has fewer.
    ///
    /// # Errors
    /// [`MediaError::NotStored`].
    pub async fn get_head(&self, key: &ObjectKey, count: u64) -> Result<Bytes, MediaError> {
        let mut object = self.stream(key, Some(0..count)).await?;
        let mut head = BytesMut::new();
        while let Some(piece) = object.content.next().await {
            head.extend_from_slice(&piece?);
        }
        Ok(head.freeze())
    }

    /// The object, or the part of it in `range`, as a stream. A range may end behind the object's end and must not
    /// begin there.
    ///
    /// # Errors
    /// [`MediaError::NotStored`]; [`MediaError::Storage`] for a range outside of the object.
    pub async fn stream(&self, key: &ObjectKey, range: Option<Range<u64>>) -> Result<StoredObject, MediaError> {
        let found = self.open_object(key, range).await?;
        let (size, etag, range) = (found.meta.size, found.meta.e_tag.clone(), found.range.clone());
        let key = key.clone();
        let content = found.into_stream().map(move |piece| piece.map_err(|error| failed("read", &key, error))).boxed();
        Ok(StoredObject { size, etag, range, content })
    }

    /// The object's length in bytes; `None` when there is none.
    ///
    /// # Errors
    /// [`MediaError::Storage`].
    pub async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, MediaError> {
        match self.store.head(&key.0).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("look at", key, error)),
        }
    }

    /// Deletes the object; one that is not there is deleted already.
    ///
    /// # Errors
    /// [`MediaError::Storage`].
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), MediaError> {
        match self.store.delete(&key.0).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete", key, error)),
        }
    }

    async fn open_object(&self, key: &ObjectKey, range: Option<Range<u64>>) -> Result<GetResult, MediaError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        self.store.get_opts(&key.0, options).await.map_err(|error| failed("read", key, error))
    }
}

fn failed(attempt: &'static str, key: &ObjectKey, error: Error) -> MediaError {
    match error {
        Error::NotFound { .. } => MediaError::NotStored { key: key.to_string() },
        error => MediaError::Storage { attempt, key: key.to_string(), source: error.into() },
    }
}
