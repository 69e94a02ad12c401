//! One container as it is asked for: its text and its files.

use std::ops::RangeInclusive;

use domain::{ids::MediaId, post::MediaRef};

use crate::fields::{Field, Object};

/// Any text below what no network takes; each network has its own limit.
pub(super) const CONTENT: RangeInclusive<usize> = 0..=100_000;
/// More files than any network takes.
const MAX_FILES: usize = 50;
const URL: RangeInclusive<usize> = 1..=2_048;
const FILENAME: RangeInclusive<usize> = 1..=255;
const ALT_TEXT: RangeInclusive<usize> = 0..=10_000;

/// A container as far as it could be read.
#[derive(Debug, Clone, Default)]
pub(super) struct AskedContainer {
    /// `/containers/0`, or empty where the body itself is the container.
    pub(super) pointer: String,
    pub(super) content: String,
    pub(super) media: Vec<AskedMedia>,
    /// Whether all of it could be read; what a network says of one that could not is not worth telling.
    pub(super) is_sound: bool,
}

/// A file as far as it could be read.
#[derive(Debug, Clone)]
pub(super) struct AskedMedia {
    /// `/containers/0/media/0`
    pub(super) pointer: String,
    pub(super) file: MediaRef,
}

impl AskedContainer {
    /// The body as its own container.
    pub(super) fn short(content: Field<'_>, media: Field<'_>) -> Self {
        Self::of(String::new(), content, media)
    }

    /// An item of `containers`.
    pub(super) fn read(item: Field<'_>) -> Self {
        let pointer = item.pointer().to_owned();
        let read = item.object(|container| {
            Some(Self::of(pointer.clone(), container.optional("content"), container.optional("media")))
        });
        read.unwrap_or(Self { pointer, ..Self::default() })
    }

    fn of(pointer: String, content: Field<'_>, media: Field<'_>) -> Self {
        let content = read_content(content);
        let media = read_media(media);
        Self {
            pointer,
            is_sound: content.is_some() && media.is_some(),
            content: content.unwrap_or_default(),
            media: media.unwrap_or_default(),
        }
    }

    /// Neither text nor files.
    pub(super) fn is_empty(&self) -> bool {
        self.media.is_empty() && self.content.trim().is_empty()
    }
}

/// `None` when it is at fault; empty when it is not there.
pub(super) fn read_content(field: Field<'_>) -> Option<String> {
    given(field, |field| field.text(CONTENT).map(str::to_owned)).map(Option::unwrap_or_default)
}

/// `None` when one of them is at fault; none when it is not there.
pub(super) fn read_media(field: Field<'_>) -> Option<Vec<AskedMedia>> {
    let read = |field: Field<'_>| {
        field.list(0..=MAX_FILES, |item| {
            let pointer = item.pointer().to_owned();
            item.object(|file| Some(AskedMedia { pointer, file: read_file(file)? }))
        })
    };
    given(field, read).map(Option::unwrap_or_default)
}

fn read_file(file: &Object<'_>) -> Option<MediaRef> {
    let (id, url) = (file.optional("id"), file.optional("url"));
    let is_one = match (id.value().is_some(), url.value().is_some()) {
        (true, true) => {
            file.fault("conflicting_fields", "give either `id` or `url`");
            false
        }
        (false, false) => {
            file.fault("required", "needs the `id` of an upload, or a `url`");
            false
        }
        _ => true,
    };
    let id = given(id, |field| field.parsed::<MediaId>("unknown_media"));
    let url = given(url, |field| field.text(URL).map(str::to_owned));
    let filename = given(file.optional("filename"), |field| field.text(FILENAME).map(str::to_owned));
    let alt_text = given(file.optional("alt_text"), |field| field.text(ALT_TEXT).map(str::to_owned));
    let file = MediaRef { id: id?, url: url?, filename: filename?, alt_text: alt_text? };
    is_one.then_some(file)
}

/// `None` when the field is at fault, `Some(None)` when it is not there.
fn given<T>(field: Field<'_>, read: impl FnOnce(Field<'_>) -> Option<T>) -> Option<Option<T>> {
    if field.value().is_none() { Some(None) } else { read(field).map(Some) }
}
