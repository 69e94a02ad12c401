//! Rich text: byte ranges with a link, a mention or a tag.

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

use super::fields::{Fields, Invalid, is_did, is_uri, text};

const MOST_FACETS: usize = 1_000;
const MOST_FEATURES: usize = 10;

/// Checks the record's facets against its text.
pub(super) fn check(record: &Fields<'_>, body: &str) -> Result<(), Invalid> {
    let mut ranges = Vec::new();
    for (index, value) in record.list("facets", MOST_FACETS)?.iter().enumerate() {
        let path = format!("{}/{index}", record.at("facets"));
        let facet = Fields::of(value, path, "app.bsky.richtext.facet", &["index", "features"])?;
        let slice = Fields::of(
            facet.required("index")?,
            facet.at("index"),
            "app.bsky.richtext.facet#byteSlice",
            &["byteStart", "byteEnd"],
        )?;
        ranges.push(range(&slice, body)?);
        facet.required("features")?;
        let features = facet.list("features", MOST_FEATURES)?;
        if features.is_empty() {
            return Err(Invalid::new(&facet.at("features"), "must not have fewer than 1 elements"));
        }
        for (index, feature) in features.iter().enumerate() {
            check_feature(feature, &format!("{}/{index}", facet.at("features")))?;
        }
    }
    ranges.sort_unstable();
    if ranges.windows(2).any(|pair| pair[1].0 < pair[0].1) {
        return Err(Invalid::new(&record.at("facets"), "must not overlap"));
    }
    Ok(())
}

fn range(slice: &Fields<'_>, body: &str) -> Result<(usize, usize), Invalid> {
    let (start, end) = (slice.integer("byteStart", 0)?, slice.integer("byteEnd", 0)?);
    let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else {
        return Err(Invalid::new(&slice.path, "is out of range"));
    };
    if start >= end || end > body.len() {
        return Err(Invalid::new(&slice.path, format!("must be a range within the text's {} bytes", body.len())));
    }
    if !body.is_char_boundary(start) || !body.is_char_boundary(end) {
        return Err(Invalid::new(&slice.path, "must not cut through a character"));
    }
    Ok((start, end))
}

fn check_feature(value: &Value, path: &str) -> Result<(), Invalid> {
    let name = text(value.get("$type").unwrap_or(&Value::Null), &format!("{path}/$type"))?;
    match name {
        "app.bsky.richtext.facet#link" => {
            let link = Fields::of(value, path.to_owned(), name, &["uri"])?;
            if !is_uri(link.string("uri")?) {
                return Err(Invalid::new(&link.at("uri"), "must be a uri"));
            }
        }
        "app.bsky.richtext.facet#mention" => {
            let mention = Fields::of(value, path.to_owned(), name, &["did"])?;
            if !is_did(mention.string("did")?) {
                return Err(Invalid::new(&mention.at("did"), "must be a valid did"));
            }
        }
        "app.bsky.richtext.facet#tag" => {
            let tag = Fields::of(value, path.to_owned(), name, &["tag"])?;
            check_tag(tag.string("tag")?, &tag.at("tag"))?;
        }
        other => return Err(Invalid::new(&format!("{path}/$type"), format!("is not a known feature: {other}"))),
    }
    Ok(())
}

/// 64 graphemes, 640 bytes, without the `#`.
pub(super) fn check_tag(tag: &str, path: &str) -> Result<(), Invalid> {
    if tag.is_empty() || tag.starts_with(['#', '＃']) {
        return Err(Invalid::new(path, "must be a tag without its #"));
    }
    if tag.len() > 640 {
        return Err(Invalid::new(path, "must not be longer than 640 characters"));
    }
    if tag.graphemes(true).count() > 64 {
        return Err(Invalid::new(path, "must not be longer than 64 graphemes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(facets: Value) -> Option<String> {
        let record = json!({"facets": facets});
        let fields = Fields::of(&record, "Record".to_owned(), "x", &["facets"]).expect("an object");
        check(&fields, "Grüße #tag").err().map(|invalid| invalid.message().to_owned())
    }

    fn tag(start: u64, end: u64) -> Value {
        json!({"index": {"byteStart": start, "byteEnd": end},
               "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "tag"}]})
    }

    #[test]
    fn ranges_are_bytes_on_character_boundaries() {
        assert_eq!(problem(json!([tag(8, 12)])), None);
        for bad in [tag(8, 13), tag(12, 8), tag(8, 8), tag(3, 12)] {
            assert!(problem(json!([bad])).is_some(), "{bad}");
        }
        assert!(problem(json!([tag(8, 12), tag(10, 11)])).is_some());
    }

    #[test]
    fn features_are_known_and_whole() {
        let with = |feature: Value| json!([{"index": {"byteStart": 0, "byteEnd": 1}, "features": [feature]}]);
        for bad in [
            json!({"$type": "app.bsky.richtext.facet#sparkle"}),
            json!({"$type": "app.bsky.richtext.facet#tag", "tag": "#tag"}),
            json!({"$type": "app.bsky.richtext.facet#link", "uri": "ex am.ple"}),
            json!({"$type": "app.bsky.richtext.facet#mention", "did": "bob.test"}),
            json!({"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:bob", "handle": "bob.test"}),
            json!({"tag": "tag"}),
        ] {
            assert!(problem(with(bad.clone())).is_some(), "{bad}");
        }
    }
}
