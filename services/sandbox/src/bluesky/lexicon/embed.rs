//! Embeds, and the blobs they use.

use serde_json::Value;

use super::super::cid;
use super::fields::{Fields, Invalid, is_uri, text};
use super::post::StrongRef;

const MOST_IMAGES: usize = 4;
const MOST_GALLERY: usize = 20;
const MOST_CAPTIONS: usize = 20;
const IMAGE_BYTES: u64 = 2_000_000;
const THUMB_BYTES: u64 = 1_000_000;
const VIDEO_BYTES: u64 = 300_000_000;
const CAPTION_BYTES: u64 = 20_000;

/// A blob as a record names it, and what its place allows.
#[derive(Clone, Debug)]
pub(in super::super) struct BlobUse {
    pub(in super::super) cid: String,
    pub(in super::super) mime_type: String,
    pub(in super::super) size: u64,
    /// Of a picture or video; `None` for thumbs and captions.
    pub(in super::super) alt: Option<String>,
    pub(super) accept: &'static str,
    pub(super) most_bytes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Embed {
    pub(super) blobs: Vec<BlobUse>,
    pub(super) quote: Option<StrongRef>,
}

pub(super) fn read(value: &Value, path: &str) -> Result<Embed, Invalid> {
    let name = text(value.get("$type").unwrap_or(&Value::Null), &format!("{path}/$type"))?;
    match name {
        "app.bsky.embed.record" => {
            let quote = Some(read_quote(value, path)?);
            Ok(Embed { quote, ..Embed::default() })
        }
        "app.bsky.embed.recordWithMedia" => {
            let fields = Fields::of(value, path.to_owned(), name, &["record", "media"])?;
            let quote = Some(read_quote(fields.required("record")?, &fields.at("record"))?);
            let media = fields.required("media")?;
            let blobs = read_media(media, &fields.at("media"))?;
            Ok(Embed { blobs, quote })
        }
        _ => Ok(Embed { blobs: read_media(value, path)?, quote: None }),
    }
}

fn read_quote(value: &Value, path: &str) -> Result<StrongRef, Invalid> {
    let fields = Fields::of(value, path.to_owned(), "app.bsky.embed.record", &["record"])?;
    StrongRef::read(fields.required("record")?, fields.at("record"))
}

fn read_media(value: &Value, path: &str) -> Result<Vec<BlobUse>, Invalid> {
    let name = text(value.get("$type").unwrap_or(&Value::Null), &format!("{path}/$type"))?;
    match name {
        "app.bsky.embed.images" => images(&Fields::of(value, path.to_owned(), name, &["images"])?),
        "app.bsky.embed.gallery" => gallery(&Fields::of(value, path.to_owned(), name, &["items"])?),
        "app.bsky.embed.video" => {
            let known = ["video", "alt", "aspectRatio", "captions", "presentation"];
            video(&Fields::of(value, path.to_owned(), name, &known)?)
        }
        "app.bsky.embed.external" => external(&Fields::of(value, path.to_owned(), name, &["external"])?),
        other => Err(Invalid::new(&format!("{path}/$type"), format!("is not a known embed: {other}"))),
    }
}

fn images(embed: &Fields<'_>) -> Result<Vec<BlobUse>, Invalid> {
    embed.required("images")?;
    let images = embed.list("images", MOST_IMAGES)?.iter().enumerate();
    images
        .map(|(index, value)| {
            let path = format!("{}/{index}", embed.at("images"));
            let image = Fields::of(value, path, "app.bsky.embed.images#image", &["image", "alt", "aspectRatio"])?;
            aspect_ratio(&image)?;
            blob(&image, "image", Some(image.string("alt")?), "image/*", IMAGE_BYTES)
        })
        .collect()
}

fn gallery(embed: &Fields<'_>) -> Result<Vec<BlobUse>, Invalid> {
    embed.required("items")?;
    let items = embed.list("items", MOST_GALLERY)?.iter().enumerate();
    items
        .map(|(index, value)| {
            let path = format!("{}/{index}", embed.at("items"));
            let item = Fields::of(value, path, "app.bsky.embed.gallery#image", &["image", "alt", "aspectRatio"])?;
            item.required("$type")?;
            item.required("aspectRatio")?;
            aspect_ratio(&item)?;
            blob(&item, "image", Some(item.string("alt")?), "image/*", IMAGE_BYTES)
        })
        .collect()
}

fn video(embed: &Fields<'_>) -> Result<Vec<BlobUse>, Invalid> {
    aspect_ratio(embed)?;
    if let Some(other) = embed.optional_string("presentation")?.filter(|word| !["default", "gif"].contains(word)) {
        return Err(Invalid::new(&embed.at("presentation"), format!("is not known: {other}")));
    }
    let alt = embed.optional_string("alt")?;
    let mut blobs = vec![blob(embed, "video", alt, "video/mp4", VIDEO_BYTES)?];
    for (index, value) in embed.list("captions", MOST_CAPTIONS)?.iter().enumerate() {
        let path = format!("{}/{index}", embed.at("captions"));
        let caption = Fields::of(value, path, "app.bsky.embed.video#caption", &["lang", "file"])?;
        caption.string("lang")?;
        blobs.push(blob(&caption, "file", None, "text/vtt", CAPTION_BYTES)?);
    }
    Ok(blobs)
}

fn external(embed: &Fields<'_>) -> Result<Vec<BlobUse>, Invalid> {
    let name = "app.bsky.embed.external#external";
    let known = ["uri", "title", "description", "thumb"];
    let card = Fields::of(embed.required("external")?, embed.at("external"), name, &known)?;
    if !is_uri(card.string("uri")?) {
        return Err(Invalid::new(&card.at("uri"), "must be a uri"));
    }
    card.string("title")?;
    card.string("description")?;
    match card.get("thumb") {
        Some(_) => Ok(vec![blob(&card, "thumb", None, "image/*", THUMB_BYTES)?]),
        None => Ok(Vec::new()),
    }
}

fn aspect_ratio(fields: &Fields<'_>) -> Result<(), Invalid> {
    if let Some(value) = fields.get("aspectRatio") {
        let name = "app.bsky.embed.defs#aspectRatio";
        let ratio = Fields::of(value, fields.at("aspectRatio"), name, &["width", "height"])?;
        ratio.integer("width", 1)?;
        ratio.integer("height", 1)?;
    }
    Ok(())
}

fn blob(
    fields: &Fields<'_>,
    key: &str,
    alt: Option<&str>,
    accept: &'static str,
    most_bytes: u64,
) -> Result<BlobUse, Invalid> {
    let value = fields.required(key)?;
    let blob = Fields::of(value, fields.at(key), "blob", &["ref", "mimeType", "size"])?;
    blob.required("$type")?;
    let link = blob.required("ref")?;
    let link = link.as_object().filter(|link| link.len() == 1).and_then(|link| link.get("$link")?.as_str());
    let cid = link.filter(|cid| cid::is_cid(cid));
    let cid = cid.ok_or_else(|| Invalid::new(&blob.at("ref"), "must be a cid link"))?;
    Ok(BlobUse {
        cid: cid.to_owned(),
        mime_type: blob.string("mimeType")?.to_owned(),
        size: blob.integer("size", 0)?,
        alt: alt.map(str::to_owned),
        accept,
        most_bytes,
    })
}
