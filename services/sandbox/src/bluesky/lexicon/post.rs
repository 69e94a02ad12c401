//! The record itself.

use jiff::Timestamp;
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

use super::super::{POST, cid};
use super::embed::{self, BlobUse};
use super::facet;
use super::fields::{Fields, Invalid, text};

const MOST_GRAPHEMES: usize = 300;
const MOST_BYTES: usize = 3_000;
const MOST_LANGS: usize = 3;
const MOST_TAGS: usize = 8;
const MOST_LABELS: usize = 10;

/// What a valid record says, as far as the rest of the PDS wants to know.
#[derive(Debug)]
pub(in super::super) struct Post {
    pub(in super::super) text: String,
    pub(in super::super) reply: Option<Reply>,
    pub(in super::super) quote: Option<StrongRef>,
    pub(in super::super) blobs: Vec<BlobUse>,
}

#[derive(Debug)]
pub(in super::super) struct Reply {
    pub(in super::super) root: StrongRef,
    pub(in super::super) parent: StrongRef,
}

/// An at-uri and the CID that it had.
#[derive(Debug)]
pub(in super::super) struct StrongRef {
    pub(in super::super) uri: String,
    pub(in super::super) cid: String,
}

impl StrongRef {
    pub(super) fn read(value: &Value, path: String) -> Result<Self, Invalid> {
        let fields = Fields::of(value, path, "com.atproto.repo.strongRef", &["uri", "cid"])?;
        let (uri, cid) = (fields.string("uri")?, fields.string("cid")?);
        if !uri.starts_with("at://") {
            return Err(Invalid::new(&fields.at("uri"), "must be a valid at-uri"));
        }
        if !cid::is_cid(cid) {
            return Err(Invalid::new(&fields.at("cid"), "must be a cid string"));
        }
        Ok(Self { uri: uri.to_owned(), cid: cid.to_owned() })
    }
}

/// Checks a record by itself; what it refers to is checked when it is written.
pub(in super::super) fn check(record: &Value) -> Result<Post, Invalid> {
    let known = ["text", "facets", "reply", "embed", "langs", "labels", "tags", "createdAt"];
    let fields = Fields::of(record, "Record".to_owned(), POST, &known)?;
    fields.required("$type")?;
    let body = fields.string("text")?;
    if body.len() > MOST_BYTES {
        return Err(Invalid::new(&fields.at("text"), format!("must not be longer than {MOST_BYTES} characters")));
    }
    if body.graphemes(true).count() > MOST_GRAPHEMES {
        return Err(Invalid::new(&fields.at("text"), format!("must not be longer than {MOST_GRAPHEMES} graphemes")));
    }
    if !is_datetime(fields.string("createdAt")?) {
        let problem = "must be an valid atproto datetime (both RFC-3339 and ISO-8601)";
        return Err(Invalid::new(&fields.at("createdAt"), problem));
    }
    languages(&fields)?;
    tags(&fields)?;
    labels(&fields)?;
    facet::check(&fields, body)?;
    let embed = fields.get("embed").map(|embed| embed::read(embed, &fields.at("embed"))).transpose()?;
    let (blobs, quote) = embed.map(|embed| (embed.blobs, embed.quote)).unwrap_or_default();
    let reply = fields.get("reply").map(|reply| read_reply(reply, fields.at("reply"))).transpose()?;
    Ok(Post { text: body.to_owned(), reply, quote, blobs })
}

fn read_reply(value: &Value, path: String) -> Result<Reply, Invalid> {
    let fields = Fields::of(value, path, "app.bsky.feed.post#replyRef", &["root", "parent"])?;
    Ok(Reply {
        root: StrongRef::read(fields.required("root")?, fields.at("root"))?,
        parent: StrongRef::read(fields.required("parent")?, fields.at("parent"))?,
    })
}

/// RFC 3339 with a capital `T`, seconds and an offset; `-00:00` is not one.
fn is_datetime(text: &str) -> bool {
    let offset = text.ends_with('Z')
        || text
            .get(text.len().saturating_sub(6)..)
            .is_some_and(|end| end.starts_with(['+', '-']) && end != "-00:00" && end.as_bytes().get(3) == Some(&b':'));
    let shape = text.len() <= 64 && text.as_bytes().get(10) == Some(&b'T') && text.as_bytes().get(16) == Some(&b':');
    shape && offset && text.parse::<Timestamp>().is_ok()
}

/// BCP 47 in outline: subtags of 1 to 8 letters and digits, the first of 2 to 8 letters (or `i`, `x`).
fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let first = |subtag: &str| {
        subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
            && ((2..=8).contains(&subtag.len()) || ["i", "x"].contains(&subtag))
    };
    let other = |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric());
    subtags.next().is_some_and(first) && subtags.all(other)
}

fn languages(fields: &Fields<'_>) -> Result<(), Invalid> {
    for (index, value) in fields.list("langs", MOST_LANGS)?.iter().enumerate() {
        let path = format!("{}/{index}", fields.at("langs"));
        if !is_language(text(value, &path)?) {
            return Err(Invalid::new(&path, "must be a well-formed BCP 47 language tag"));
        }
    }
    Ok(())
}

fn tags(fields: &Fields<'_>) -> Result<(), Invalid> {
    for (index, value) in fields.list("tags", MOST_TAGS)?.iter().enumerate() {
        let path = format!("{}/{index}", fields.at("tags"));
        facet::check_tag(text(value, &path)?, &path)?;
    }
    Ok(())
}

fn labels(fields: &Fields<'_>) -> Result<(), Invalid> {
    let Some(value) = fields.get("labels") else {
        return Ok(());
    };
    let name = "com.atproto.label.defs#selfLabels";
    let labels = Fields::of(value, fields.at("labels"), name, &["values"])?;
    labels.required("$type")?;
    labels.required("values")?;
    for (index, value) in labels.list("values", MOST_LABELS)?.iter().enumerate() {
        let path = format!("{}/{index}", labels.at("values"));
        let label = Fields::of(value, path, "com.atproto.label.defs#selfLabel", &["val"])?;
        if label.string("val")?.len() > 128 {
            return Err(Invalid::new(&label.at("val"), "must not be longer than 128 characters"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(change: impl FnOnce(&mut Value)) -> Value {
        let mut record = json!({"$type": POST, "text": "Hello", "createdAt": "2026-11-22T10:00:00.000Z"});
        change(&mut record);
        record
    }

    fn problem(change: impl FnOnce(&mut Value)) -> String {
        check(&record(change)).map(|_| String::new()).unwrap_or_else(|invalid| invalid.message().to_owned())
    }

    #[test]
    fn text_is_counted_in_graphemes_and_bytes() {
        assert_eq!(problem(|record| record["text"] = "x".repeat(300).into()), "");
        assert_eq!(problem(|record| record["text"] = "👨‍👩‍👧‍👦".repeat(120).into()), "");
        let long = problem(|record| record["text"] = "x".repeat(301).into());
        assert_eq!(long, "Record/text must not be longer than 300 graphemes");
        let heavy = problem(|record| record["text"] = "👨‍👩‍👧‍👦".repeat(121).into());
        assert_eq!(heavy, "Record/text must not be longer than 3000 characters");
    }

    #[test]
    fn times_have_an_offset() {
        for good in ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.123456+02:00"] {
            assert_eq!(problem(|record| record["createdAt"] = good.into()), "", "{good}");
        }
        for bad in
            ["2026-11-22T10:00:00", "2026-11-22 10:00:00Z", "2026-13-22T10:00:00Z", "2026-11-22T10:00:00-00:00", "now"]
        {
            assert_ne!(problem(|record| record["createdAt"] = bad.into()), "", "{bad}");
        }
    }

    #[test]
    fn what_no_lexicon_documents_is_refused() {
        assert_eq!(problem(|record| record["lang"] = "en".into()), "Record/lang is not a documented field");
        assert_ne!(problem(|record| record["$type"] = "app.bsky.feed.like".into()), "");
        assert_ne!(problem(|record| record["langs"] = json!(["en", "de", "fr", "es"])), "");
        assert_ne!(problem(|record| record["langs"] = json!(["english language"])), "");
        assert_ne!(problem(|record| record["embed"] = json!({"$type": "app.bsky.embed.hologram"})), "");
        assert_ne!(problem(|record| record["text"] = Value::Null), "");
    }
}
