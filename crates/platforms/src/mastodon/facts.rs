//! What is kept of an instance beside the account.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::SPEC;
use crate::rules::FileLimits;

/// An instance's limits and whether it is Mastodon itself. Missing ones are Mastodon's defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    /// Put in front of paths.
    pub(super) base: String,
    /// `mastodon`, `pleroma`, ... where nodeinfo told.
    pub(super) software: Option<String>,
    /// As the instance writes it.
    pub(super) version: String,
    /// Whether it is Mastodon itself, so that `Idempotency-Key` is honoured and its listing is believed.
    pub(super) genuine: bool,
    pub(super) max_characters: u32,
    /// What any link counts.
    pub(super) url_length: u32,
    pub(super) max_media: u32,
    /// Empty where the instance does not say.
    pub(super) mime_types: Vec<String>,
    pub(super) image_max_bytes: u64,
    pub(super) image_max_pixels: Option<u64>,
    pub(super) video_max_bytes: u64,
    pub(super) alt_text_max: u32,
    pub(super) poll_max_options: u32,
    pub(super) poll_option_max: u32,
    pub(super) poll_min_seconds: u64,
    pub(super) poll_max_seconds: u64,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            base: String::new(),
            software: None,
            version: String::new(),
            genuine: false,
            max_characters: SPEC.text.max,
            url_length: 23,
            max_media: SPEC.media.images,
            mime_types: Vec::new(),
            image_max_bytes: SPEC.media.image_max_bytes,
            image_max_pixels: None,
            video_max_bytes: SPEC.media.video_max_bytes,
            alt_text_max: SPEC.media.alt_text_max,
            poll_max_options: 4,
            poll_option_max: 50,
            poll_min_seconds: 300,
            poll_max_seconds: 2_629_746,
        }
    }
}

impl Facts {
    /// As kept; the defaults where nothing is known yet.
    pub(super) fn read(facts: &Value) -> Self {
        serde_json::from_value(facts.clone()).unwrap_or_default()
    }

    /// From the answer of `/api/v2/instance` or `/api/v1/instance`. Absurd numbers are not believed.
    pub(super) fn of_instance(base: &str, instance: &Value) -> Self {
        let number =
            |path: &str, most: u64| instance.pointer(path).and_then(Value::as_u64).filter(|n| (1..=most).contains(n));
        let small = |path: &str, most: u32| number(path, most.into()).and_then(|n| u32::try_from(n).ok());
        let usual = Self::default();
        let mime_types =
            instance.pointer("/configuration/media_attachments/supported_mime_types").and_then(Value::as_array);
        Self {
            base: base.to_owned(),
            version: crate::words::clean(instance["version"].as_str().unwrap_or_default()),
            // Pleroma and old forks say it at the top.
            max_characters: small("/configuration/statuses/max_characters", 1_000_000)
                .or_else(|| small("/max_toot_chars", 1_000_000))
                .unwrap_or(usual.max_characters),
            url_length: small("/configuration/statuses/characters_reserved_per_url", 10_000)
                .unwrap_or(usual.url_length),
            max_media: small("/configuration/statuses/max_media_attachments", 100).unwrap_or(usual.max_media),
            mime_types: mime_types.map_or_else(Vec::new, |types| {
                let plain = |name: &&str| name.len() <= 100 && name.bytes().all(|byte| byte.is_ascii_graphic());
                types.iter().filter_map(Value::as_str).filter(plain).take(200).map(str::to_owned).collect()
            }),
            image_max_bytes: number("/configuration/media_attachments/image_size_limit", u64::MAX)
                .unwrap_or(usual.image_max_bytes),
            image_max_pixels: number("/configuration/media_attachments/image_matrix_limit", u64::MAX),
            video_max_bytes: number("/configuration/media_attachments/video_size_limit", u64::MAX)
                .unwrap_or(usual.video_max_bytes),
            alt_text_max: small("/configuration/media_attachments/description_limit", 1_000_000)
                .unwrap_or(usual.alt_text_max),
            poll_max_options: small("/configuration/polls/max_options", 1_000).unwrap_or(usual.poll_max_options),
            poll_option_max: small("/configuration/polls/max_characters_per_option", 100_000)
                .unwrap_or(usual.poll_option_max),
            poll_min_seconds: number("/configuration/polls/min_expiration", u64::MAX).unwrap_or(usual.poll_min_seconds),
            poll_max_seconds: number("/configuration/polls/max_expiration", u64::MAX).unwrap_or(usual.poll_max_seconds),
            ..usual
        }
    }

    /// What a part may carry.
    pub(super) fn files(&self) -> FileLimits {
        let of = |kind: &str| self.mime_types.iter().filter(|name| name.starts_with(kind)).cloned().collect::<Vec<_>>();
        let usual = FileLimits::from(&SPEC.media);
        let or = |told: Vec<String>, usual| if self.mime_types.is_empty() { usual } else { told };
        FileLimits {
            images: self.max_media.into(),
            image_max_bytes: self.image_max_bytes,
            // They are fitted to the network's usual limit, which this instance may stay below.
            images_are_fitted: self.image_max_bytes >= SPEC.media.image_max_bytes,
            gif_max_bytes: self.image_max_bytes,
            video_max_bytes: self.video_max_bytes,
            image_max_pixels: self.image_max_pixels,
            image_types: or(of("image/"), usual.image_types.clone()),
            video_types: or(of("video/"), usual.video_types.clone()),
            alt_text_max: self.alt_text_max.into(),
            ..usual
        }
    }
}

/// Whether an instance is Mastodon itself: by the name its nodeinfo gives, else by the version and the source it names.
/// Others that speak the API say so in the version, `2.7.2 (compatible; Pleroma 2.5.0)`, or count from 0.
pub(super) fn is_genuine(software: Option<&str>, instance: &Value) -> bool {
    if let Some(software) = software {
        return software.eq_ignore_ascii_case("mastodon");
    }
    let version = instance["version"].as_str().unwrap_or_default().to_lowercase();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    let source = instance["source_url"].as_str();
    major.is_some_and(|major| major >= 2)
        && !version.contains("compatible")
        && source.is_none_or(|source| source.trim_end_matches('/').ends_with("/mastodon"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_instances_own_limits_are_kept() {
        let instance = json!({"version": "4.3.0", "configuration": {
            "statuses": {"max_characters": 5000, "characters_reserved_per_url": 30, "max_media_attachments": 8},
            "media_attachments": {"supported_mime_types": ["image/png", "video/mp4", 7], "image_size_limit": 1000,
                "image_matrix_limit": 500, "description_limit": 99},
            "polls": {"max_options": 9, "max_characters_per_option": 77, "min_expiration": 1, "max_expiration": 2}}});
        let facts = Facts::of_instance("https://m.example", &instance);
        assert_eq!((facts.max_characters, facts.url_length, facts.max_media), (5_000, 30, 8));
        assert_eq!(facts.mime_types, ["image/png", "video/mp4"]);
        assert_eq!((facts.poll_max_options, facts.poll_option_max, facts.poll_max_seconds), (9, 77, 2));
        assert_eq!(facts.files().image_types, ["image/png"]);
        assert_eq!(Facts::read(&json!(facts)), facts);
    }

    #[test]
    fn absurd_or_missing_limits_are_the_usual_ones() {
        for instance in [
            json!({}),
            json!([]),
            json!({"configuration": {"statuses": {"max_characters": -1}}}),
            json!({"configuration": {"statuses": {"max_characters": 0, "max_media_attachments": 1e9}}}),
        ] {
            let facts = Facts::of_instance("", &instance);
            assert_eq!((facts.max_characters, facts.max_media), (500, 4), "{instance}");
        }
        assert_eq!(Facts::read(&Value::Null), Facts::default());
    }

    #[test]
    fn only_mastodon_is_mastodon() {
        let version = |version: &str| json!({"version": version});
        for genuine in ["4.3.1", "4.4.0-nightly.2", "3.5.3+glitch", "2.9.0"] {
            assert!(is_genuine(None, &version(genuine)), "{genuine}");
        }
        for other in ["2.7.2 (compatible; Pleroma 2.5.0)", "0.17.3", "3.5.3 (compatible; Pixelfed 0.12.3)", "", "v1"] {
            assert!(!is_genuine(None, &version(other)), "{other}");
        }
        assert!(!is_genuine(Some("gotosocial"), &version("4.3.1")));
        assert!(is_genuine(Some("mastodon"), &version("")));
        let fork = json!({"version": "4.3.1", "source_url": "https://git.example/akkoma"});
        assert!(!is_genuine(None, &fork));
    }
}
