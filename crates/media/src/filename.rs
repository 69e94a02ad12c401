//! A file's name, from what a server says or its URL shows.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::format::Format;

const MAX_CHARS: usize = 120;

/// A name that is safe to show, to store and to send on: one segment, no control characters, the extension of
/// `format`.
pub(crate) fn filename(disposition: Option<&str>, url: &Url, format: Format) -> String {
    let told = disposition.and_then(from_disposition).and_then(|name| clean(&name));
    let shown = || {
        let segment = url.path_segments()?.next_back()?;
        clean(&percent_decode_str(segment).decode_utf8_lossy())
    };
    let name = told.or_else(shown).unwrap_or_else(|| "media".to_owned());
    with_extension(name, format)
}

/// RFC 6266: `filename*` before `filename`.
fn from_disposition(header: &str) -> Option<String> {
    let parameters = || header.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let named = |name: &str| {
        parameters().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    if let Some(extended) = named("filename*")
        && let Some((charset, rest)) = extended.split_once('\'')
        && charset.eq_ignore_ascii_case("utf-8")
        && let Some((_, encoded)) = rest.split_once('\'')
    {
        return Some(percent_decode_str(encoded).decode_utf8_lossy().into_owned());
    }
    named("filename").map(|value| value.trim_matches('"').replace("\\\"", "\""))
}

fn clean(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|letter| !letter.is_control()).take(MAX_CHARS).collect();
    let trimmed = kept.trim().trim_start_matches('.');
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

fn with_extension(name: String, format: Format) -> String {
    let lower = name.to_ascii_lowercase();
    let fits = match format {
        Format::Jpeg => lower.ends_with(".jpg") || lower.ends_with(".jpeg"),
        Format::Mp4 => lower.ends_with(".mp4") || lower.ends_with(".m4v"),
        other => lower.ends_with(&format!(".{}", other.extension())),
    };
    if fits { name } else { format!("{name}.{}", format.extension()) }
}
