//! The record of a post, complete before anything is sent: `putRecord` with the same bytes on the same key is harmless.

use std::collections::BTreeMap;

use domain::{
    post::Role,
    target::{ErrorCode, Live, Refusal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    access::Access,
    did, errors,
    facets::{Facet, Feature, facets},
    media::Handle,
    record_ref::RecordRef,
    spec::COLLECTION,
    tid,
    wire::{Resolved, Written},
};
use crate::{Account, Cx, Part, exchange::Ask, failure, words};

/// The body of `putRecord`.
#[derive(Serialize, Deserialize)]
pub(super) struct Composed {
    pub(super) repo: String,
    pub(super) collection: String,
    pub(super) rkey: String,
    pub(super) record: Value,
}

impl Composed {
    pub(super) fn read(value: &Value) -> Option<Self> {
        let composed: Self = serde_json::from_value(value.clone()).ok()?;
        (did::is_did(&composed.repo) && composed.collection == COLLECTION && tid::is_tid(&composed.rkey))
            .then_some(composed)
    }

    pub(super) fn uri(&self) -> String {
        format!("at://{}/{}/{}", self.repo, self.collection, self.rkey)
    }
}

pub(super) async fn compose(cx: &Cx<'_>, account: &Account<'_>, part: &Part<'_>) -> Result<Value, Refusal> {
    let access = Access::open(account)?;
    let mut images = Vec::new();
    for (handle, alt) in part.media {
        let handle = Handle::read(handle)
            .ok_or_else(|| rejected(ErrorCode::MediaRejected, "the stored handle of an upload cannot be read"))?;
        images.push(image(json!(handle.blob), handle.aspect, alt.as_deref()));
    }
    let reply = match (part.root, part.parent) {
        (Some(root), Some(parent)) => {
            let parent_ref = strong_ref(cx, &access, parent).await?;
            let root_ref = if root == parent { parent_ref.clone() } else { strong_ref(cx, &access, root).await? };
            Some(json!({"root": root_ref, "parent": parent_ref}))
        }
        _ => None,
    };
    let found = facets(part.content);
    let dids = resolve_mentions(cx, &access, &found).await?;
    let facets = with_dids(&found, |handle| dids.get(handle).cloned().flatten());
    let record = record(&created_at(cx.now), part.role, part.content, facets, images, reply, part.options);
    // Made of what never changes, so that a part composed anew after a send that surely failed still has the same
    // place: should that send arrive after all, the network has one record and not two.
    let rkey = tid::choose(part.first_due, part.key);
    Ok(json!(Composed { repo: access.did, collection: COLLECTION.to_owned(), rkey, record }))
}

fn rejected(code: ErrorCode, message: &str) -> Refusal {
    Refusal::Rejected { code, message: message.to_owned(), http_status: None }
}

fn created_at(now: Timestamp) -> String {
    format!("{now:.3}")
}

/// The facets that can be written: a mention only where `did` knows whom it means.
pub(super) fn with_dids(found: &[Facet], did: impl Fn(&str) -> Option<String>) -> Vec<Value> {
    let write = |facet: &Facet| match &facet.feature {
        Feature::Mention(handle) => facet.to_json(did(handle).as_deref()),
        Feature::Link(_) | Feature::Tag(_) => facet.to_json(None),
    };
    found.iter().filter_map(write).collect()
}

/// One entry of an embed; `alt` must be there and may be empty.
pub(super) fn image(blob: Value, aspect: Option<(u32, u32)>, alt: Option<&str>) -> Value {
    let mut image = json!({"image": blob, "alt": alt.unwrap_or_default()});
    if let Some((width, height)) = aspect {
        image["aspectRatio"] = json!({"width": width, "height": height});
    }
    image
}

/// The same for preview and for real. Languages and labels go on every part, the link card on the first one.
pub(super) fn record(
    created_at: &str,
    role: Role,
    content: &str,
    facets: Vec<Value>,
    images: Vec<Value>,
    reply: Option<Value>,
    options: &Value,
) -> Value {
    let given = |name: &str| options.get(name).filter(|value| !value.is_null());
    let mut record = Map::new();
    let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
    put("$type", json!(COLLECTION));
    put("text", json!(content));
    put("createdAt", json!(created_at));
    if !facets.is_empty() {
        put("facets", json!(facets));
    }
    if !images.is_empty() {
        put("embed", json!({"$type": "app.bsky.embed.images", "images": images}));
    } else if let Some(card) = given("external").filter(|_| role == Role::Main) {
        let description = card["description"].as_str().unwrap_or_default();
        let card = json!({"uri": card["uri"], "title": card["title"], "description": description});
        put("embed", json!({"$type": "app.bsky.embed.external", "external": card}));
    }
    if let Some(reply) = reply {
        put("reply", reply);
    }
    if let Some(langs) = given("langs") {
        put("langs", langs.clone());
    }
    if let Some(labels) = given("labels").and_then(Value::as_array) {
        let values: Vec<Value> = labels.iter().map(|label| json!({"val": label})).collect();
        put("labels", json!({"$type": "com.atproto.label.defs#selfLabels", "values": values}));
    }
    Value::Object(record)
}

/// What each mentioned handle stands for. A handle that nobody has stays text; a server that cannot be asked at the
/// moment is no reason to lose a mention.
async fn resolve_mentions(
    cx: &Cx<'_>,
    access: &Access,
    found: &[Facet],
) -> Result<BTreeMap<String, Option<String>>, Refusal> {
    let mut dids = BTreeMap::new();
    for facet in found {
        let Feature::Mention(handle) = &facet.feature else { continue };
        if dids.contains_key(handle) {
            continue;
        }
        let ask = Ask::get(&access.pds, "/xrpc/com.atproto.identity.resolveHandle").query("handle", handle);
        let answer = ask.call(cx).await?;
        if matches!(answer.status, 429 | 503) {
            return Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer)));
        }
        let did = answer.success::<Resolved>().map(|resolved| resolved.did).filter(|did| did::is_did(did));
        dids.insert(handle.clone(), did);
    }
    Ok(dids)
}

/// What a reply must quote of a part. A part that was called live by its id alone is looked up.
async fn strong_ref(cx: &Cx<'_>, access: &Access, live: &Live) -> Result<Value, Refusal> {
    let (uri, cid) = (live.reference["uri"].as_str(), live.reference["cid"].as_str());
    if let (Some(uri), Some(cid)) = (uri, cid) {
        return Ok(json!({"uri": uri, "cid": cid}));
    }
    let record = RecordRef::parse(&live.id, &access.did)
        .ok_or_else(|| rejected(ErrorCode::ParentPartFailed, "the part before has no id that Bluesky could know"))?;
    let answer = record.get(&access.pds).call(cx).await?;
    if errors::is_record_not_found(&answer) {
        return Err(rejected(ErrorCode::ParentPartFailed, "the part before is not there any more"));
    }
    let written = answer.success::<Written>();
    let cid = written.and_then(|written| written.cid).filter(|cid| words::is_cid(cid));
    match cid {
        Some(cid) => Ok(json!({"uri": record.uri(), "cid": cid})),
        None => Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer))),
    }
}
