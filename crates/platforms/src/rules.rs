//! The rules every network has, applied with the network's own numbers.

use domain::media::MediaKind;

use crate::{DraftMedia, DraftPart, MediaRules, RuleFault, TextRule, TextUnit};

/// Still images that are made into one of the network's types where it does not take them as they are.
const CONVERTED: &[&str] = &["image/jpeg", "image/png", "image/webp", "image/gif"];

/// What a part may carry, by the network or by the account's own server.
#[derive(Debug, Clone)]
pub(crate) struct FileLimits {
    pub(crate) images: u64,
    pub(crate) gifs: u64,
    pub(crate) videos: u64,
    pub(crate) image_max_bytes: u64,
    /// Whether larger images are made to fit before they are uploaded; then their size is no fault.
    pub(crate) images_are_fitted: bool,
    pub(crate) gif_max_bytes: u64,
    pub(crate) video_max_bytes: u64,
    pub(crate) image_max_pixels: Option<u64>,
    pub(crate) image_types: Vec<String>,
    pub(crate) video_types: Vec<String>,
    pub(crate) alt_text_max: u64,
    /// Whether images and videos may stand in one part.
    pub(crate) mixed: bool,
}

impl From<&MediaRules> for FileLimits {
    fn from(rules: &MediaRules) -> Self {
        let owned = |types: &[&str]| types.iter().map(|name| (*name).to_owned()).collect();
        Self {
            images: rules.images.into(),
            gifs: rules.gifs.into(),
            videos: rules.videos.into(),
            image_max_bytes: rules.image_max_bytes,
            images_are_fitted: true,
            gif_max_bytes: rules.gif_max_bytes,
            video_max_bytes: rules.video_max_bytes,
            image_max_pixels: None,
            image_types: owned(rules.image_types),
            video_types: owned(rules.video_types),
            alt_text_max: rules.alt_text_max.into(),
            mixed: rules.mixed,
        }
    }
}

/// Collects a part's faults.
pub(crate) struct PartFaults<'a> {
    name: &'a str,
    part: usize,
    faults: &'a mut Vec<RuleFault>,
}

impl<'a> PartFaults<'a> {
    /// `name` is the network's, as people write it.
    pub(crate) fn new(name: &'a str, part: usize, faults: &'a mut Vec<RuleFault>) -> Self {
        Self { name, part, faults }
    }

    pub(crate) fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: String) {
        self.faults.push(RuleFault { part: Some(self.part), pointer: pointer.into(), code, detail });
    }

    /// The length, counted by the caller.
    pub(crate) fn length(&mut self, rule: TextRule, length: usize) {
        if length as u64 > u64::from(rule.max) {
            let unit = match rule.unit {
                TextUnit::Weighted => "weighted characters",
                TextUnit::Graphemes => "graphemes",
                TextUnit::Characters => "characters",
                TextUnit::Utf16 => "UTF-16 units",
            };
            let detail = format!("{} allows {} {unit}; this has {length}", self.name, rule.max);
            self.add("/content", "text_too_long", detail);
        }
    }

    /// A part needs something to show.
    pub(crate) fn not_empty(&mut self, part: &DraftPart<'_>) {
        if part.media.is_empty() && part.content.trim().is_empty() {
            self.add("/content", "text_missing", format!("{} needs text or media in every part", self.name));
        }
    }

    /// The files: how many of which kind, and each for itself.
    pub(crate) fn files(&mut self, limits: &FileLimits, part: &DraftPart<'_>) {
        let count = |kind| part.media.iter().filter(|file| file.kind == Some(kind)).count() as u64;
        let allowed = [
            (MediaKind::Image, "images", limits.images),
            (MediaKind::Gif, "animated images", limits.gifs),
            (MediaKind::Video, "videos", limits.videos),
        ];
        let mut kinds = 0;
        for (kind, plural, max) in allowed {
            let found = count(kind);
            kinds += u32::from(found > 0);
            if found > max {
                let detail = match max {
                    0 => format!("{} takes no {plural} here; this has {found}", self.name),
                    _ => format!("{} allows {max} {plural} in a part; this has {found}", self.name),
                };
                self.add("/media", if max == 0 { "media_kind" } else { "too_many_media" }, detail);
            }
        }
        if kinds > 1 && !limits.mixed {
            let detail = format!("{} does not mix images, animated images and videos in a part", self.name);
            self.add("/media", "media_mixed", detail);
        }
        let most = limits.images.max(limits.gifs).max(limits.videos);
        let total = part.media.len() as u64;
        if total > most && allowed.iter().all(|(kind, _, max)| count(*kind) <= *max) {
            let detail = format!("{} allows {most} files in a part; this has {total}", self.name);
            self.add("/media", "too_many_media", detail);
        }
        for (index, file) in part.media.iter().enumerate() {
            self.file(limits, index, file);
        }
    }

    fn file(&mut self, limits: &FileLimits, index: usize, file: &DraftMedia<'_>) {
        let (types, max_bytes) = match file.kind {
            Some(MediaKind::Video) => (&limits.video_types, limits.video_max_bytes),
            Some(MediaKind::Gif) => (&limits.image_types, limits.gif_max_bytes),
            Some(MediaKind::Image) if limits.images_are_fitted => (&limits.image_types, u64::MAX),
            Some(MediaKind::Image) => (&limits.image_types, limits.image_max_bytes),
            None => return self.alt_text(limits, index, file),
        };
        let pointer = format!("/media/{index}");
        let is_made_to_fit = limits.images_are_fitted && file.kind == Some(MediaKind::Image);
        if let Some(content_type) = file.content_type
            && !types.is_empty()
            && !types.iter().any(|taken| taken.eq_ignore_ascii_case(content_type))
            && !(is_made_to_fit && CONVERTED.iter().any(|known| known.eq_ignore_ascii_case(content_type)))
        {
            let detail = format!("{} takes {}; this is {content_type}", self.name, types.join(", "));
            self.add(pointer.as_str(), "media_type", detail);
        }
        if let Some(size) = file.size
            && size > max_bytes
            && max_bytes > 0
        {
            let detail = format!("{} allows {max_bytes} bytes for this kind of file; this has {size}", self.name);
            self.add(pointer.as_str(), "media_too_large", detail);
        }
        if let (Some((width, height)), Some(max), Some(MediaKind::Image)) =
            (file.dimensions, limits.image_max_pixels, file.kind)
        {
            let pixels = u64::from(width) * u64::from(height);
            if pixels > max {
                let detail = format!("{} allows {max} pixels in an image; this has {pixels}", self.name);
                self.add(pointer.as_str(), "media_too_large", detail);
            }
        }
        self.alt_text(limits, index, file);
    }

    fn alt_text(&mut self, limits: &FileLimits, index: usize, file: &DraftMedia<'_>) {
        let length = file.alt_text.map_or(0, |text| text.chars().count() as u64);
        if length > limits.alt_text_max {
            let max = limits.alt_text_max;
            let detail = format!("{} allows {max} characters of alternative text; this has {length}", self.name);
            self.add(format!("/media/{index}/alt_text"), "alt_text_too_long", detail);
        }
    }
}
