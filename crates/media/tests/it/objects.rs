//! The local store.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use media::{Format, MediaError, ObjectKey, Objects, ProbeCaps, Storage, probe_stored};

use crate::pictures::jpeg;

async fn store() -> (Objects, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("not/yet/there");
    (Objects::open(&Storage::Local { root }).await.unwrap(), directory)
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn pieces(count: usize, length: usize) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> {
    stream::iter((0..count).map(move |number| Ok(Bytes::from(vec![number as u8; length]))))
}

/// Every file below the root, in-progress ones included.
fn files(directory: &tempfile::TempDir) -> Vec<std::path::PathBuf> {
    let (mut found, mut left) = (Vec::new(), vec![directory.path().to_path_buf()]);
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { left.push(path) } else { found.push(path) }
        }
    }
    found
}

async fn settled_files(directory: &tempfile::TempDir, count: usize) {
    let waiting = async {
        while files(directory).len() != count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), waiting)
        .await
        .unwrap_or_else(|_| panic!("left: {:?}", files(directory)));
}

#[tokio::test]
async fn what_is_put_can_be_got_whole_in_parts_and_not_again_after_deletion() {
    let (objects, _directory) = store().await;
    let key = key("prj_1/med_1");

    // when: more than one part's worth
    assert_eq!(objects.put(&key, pieces(12, 1 << 20), 12 << 20).await.unwrap(), 12 << 20);

    // then
    assert_eq!(objects.size(&key).await.unwrap(), Some(12 << 20));
    let whole = objects.get(&key, 12 << 20).await.unwrap();
    assert!(whole.chunks(1 << 20).enumerate().all(|(number, piece)| piece.iter().all(|byte| *byte == number as u8)));
    assert!(matches!(objects.get(&key, (12 << 20) - 1).await, Err(MediaError::TooLarge { .. })));

    let edge = (1 << 20) - 2;
    let part = objects.stream(&key, Some(edge..edge + 4)).await.unwrap();
    assert_eq!((part.size, part.range.clone()), (12 << 20, edge..edge + 4));
    let bytes: Vec<Bytes> = part.content.map(Result::unwrap).collect().await;
    assert_eq!(bytes.concat(), [0, 0, 1, 1]);
    assert!(objects.stream(&key, Some(12 << 20..13 << 20)).await.is_err());

    objects.delete(&key).await.unwrap();
    objects.delete(&key).await.unwrap();
    assert_eq!(objects.size(&key).await.unwrap(), None);
    assert!(matches!(objects.get(&key, 1).await, Err(MediaError::NotStored { .. })));
    assert!(matches!(objects.stream(&key, None).await, Err(MediaError::NotStored { .. })));
}

#[tokio::test]
async fn an_upload_that_fails_leaves_what_was_there() {
    let (objects, directory) = store().await;
    let key = key("med_1");
    objects.put_bytes(&key, Bytes::from_static(b"old")).await.unwrap();

    // when
    let too_large = objects.put(&key, pieces(7, 1 << 20), 6 << 20).await;
    let broken = stream::iter([Ok(Bytes::from_static(b"ne")), Err(std::io::Error::other("gone"))]);
    let broken = objects.put(&key, broken, 100).await;
    let empty = objects.put(&key, pieces(0, 0), 100).await;

    // then
    assert!(matches!(too_large, Err(MediaError::TooLarge { .. })));
    assert!(matches!(broken, Err(MediaError::UploadBroken(reason)) if reason == "gone"));
    assert!(matches!(empty, Err(MediaError::Empty)));
    assert_eq!(objects.get(&key, 100).await.unwrap(), "old");
    settled_files(&directory, 1).await;
}

#[tokio::test]
async fn the_cap_is_exact() {
    let (objects, _directory) = store().await;
    assert_eq!(objects.put(&key("a"), pieces(2, 50), 100).await.unwrap(), 100);
    let over = objects.put(&key("b"), pieces(1, 101), 100).await;
    assert!(matches!(over, Err(MediaError::TooLarge { max_bytes: 100 })));
}

#[tokio::test]
async fn nothing_shows_while_an_upload_is_under_way() {
    let (objects, directory) = store().await;
    let key = key("med_1");
    let (feed, pieces) = futures::channel::mpsc::unbounded::<Result<Bytes, std::io::Error>>();
    let upload = tokio::spawn({
        let (objects, key) = (objects.clone(), key.clone());
        async move { objects.put(&key, pieces, 100).await }
    });
    feed.unbounded_send(Ok(Bytes::from_static(b"half"))).unwrap();
    settled_files(&directory, 1).await;
    assert_eq!(objects.size(&key).await.unwrap(), None);

    // when: the sender is gone without a word
    upload.abort();

    // then
    settled_files(&directory, 0).await;
}

#[tokio::test]
async fn replacing_is_seen_at_once() {
    let (objects, _directory) = store().await;
    let key = key("a/b/c.jpg");
    for content in [&b"one"[..], b"two", b"three"] {
        objects.put_bytes(&key, Bytes::from_static(content)).await.unwrap();
        assert_eq!(objects.get(&key, 100).await.unwrap(), content);
    }
}

#[test]
fn keys_are_plain_names() {
    for good in ["med_0192", "prj_1/med_2", "a.b/c-d_e.F9"] {
        assert_eq!(ObjectKey::new(good).unwrap().to_string(), good);
    }
    let long = "a".repeat(513);
    for bad in [
        "", "/a", "a/", "a//b", "..", "a/../b", ".hidden", "a/.b", "a b", "a#1", "a%2Fb", "a\\b", "é", "a\0", "a\n",
        &long,
    ] {
        assert!(matches!(ObjectKey::new(bad), Err(MediaError::Key(_))), "{bad:?}");
    }
}

#[tokio::test]
async fn a_root_that_cannot_be_made_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Objects::open(&Storage::Local { root: file.join("below") }).await.unwrap_err();
    assert!(error.to_string().contains("cannot open"), "{error}");
}

#[tokio::test]
async fn stored_files_are_probed() {
    let (objects, _directory) = store().await;
    let caps = ProbeCaps::default();
    let (picture, movie, page) = (key("picture"), key("movie"), key("page"));
    objects.put_bytes(&picture, Bytes::from(jpeg(30, 20))).await.unwrap();
    let mut long = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    long.resize(1 << 20, 0);
    objects.put_bytes(&movie, Bytes::from(long)).await.unwrap();
    objects.put_bytes(&page, Bytes::from_static(b"<html>")).await.unwrap();

    let found = probe_stored(&objects, &picture, Some("image/jpeg"), &caps).await.unwrap();
    assert_eq!((found.format, found.width), (Format::Jpeg, Some(30)));
    let small = ProbeCaps { max_picture_bytes: 10, ..caps };
    assert_eq!(probe_stored(&objects, &movie, None, &small).await.unwrap().format, Format::Mp4);
    assert!(matches!(probe_stored(&objects, &picture, None, &small).await, Err(MediaError::TooLarge { .. })));
    assert!(matches!(
        probe_stored(&objects, &picture, Some("video/mp4"), &caps).await,
        Err(MediaError::Mismatch { .. })
    ));
    assert!(matches!(probe_stored(&objects, &page, None, &caps).await, Err(MediaError::Unsupported { .. })));
    assert!(matches!(probe_stored(&objects, &key("none"), None, &caps).await, Err(MediaError::NotStored { .. })));
}
