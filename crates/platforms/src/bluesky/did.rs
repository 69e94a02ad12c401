//! Decentralised identifiers and where their repositories live.

use domain::target::Refusal;
use serde_json::Value;

use super::{
    spec::{DEFAULT_PLC, PLC_BASE},
    wire::{DidDocument, DidService},
};
use crate::{Cx, exchange::Ask, failure, given, origin::Origin};

/// Whether `text` is a DID as the AT Protocol takes them: `did:plc:...` or `did:web:...`.
pub(super) fn is_did(text: &str) -> bool {
    if let Some(key) = text.strip_prefix("did:plc:") {
        return (1..=64).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    }
    let Some(host) = text.strip_prefix("did:web:") else { return false };
    (1..=253).contains(&host.len())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'%'))
}

/// The personal data server that a document of `did` names.
pub(super) fn pds(document: &Value, did: &str) -> Option<Origin> {
    let document: DidDocument = serde_json::from_value(document.clone()).ok()?;
    if document.id != did {
        return None;
    }
    let is_pds = |service: &&DidService| service.id == "#atproto_pds" || service.id == format!("{did}#atproto_pds");
    Origin::from_server(document.service.iter().find(is_pds)?.service_endpoint.as_str()?)
}

/// Whether a document says that its subject goes by `handle`.
pub(super) fn has_handle(document: &Value, handle: &str) -> bool {
    let names = document["alsoKnownAs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let own = names.iter().filter_map(|name| name.as_str()?.strip_prefix("at://"));
    own.into_iter().any(|name| name.eq_ignore_ascii_case(handle))
}

/// The document from where the DID's method says it is: no server can name a repository that is not its own.
pub(super) async fn resolve(cx: &Cx<'_>, did: &str) -> Result<Value, Refusal> {
    let ask = match did.strip_prefix("did:web:") {
        // In a DID the colon of a port is written %3A.
        Some(host) => {
            Ask::get(&format!("https://{}", host.replace("%3A", ":").replace("%3a", ":")), "/.well-known/did.json")
        }
        None => Ask::get(cx.bases.get(PLC_BASE, DEFAULT_PLC), &format!("/{did}")),
    };
    let answer = ask.call(cx).await?;
    match answer.success() {
        Some(document) => Ok(document),
        None => Err(failure::failed(cx.now, &answer, |answer| {
            given::refusal(format!("{did} is not known to its directory (HTTP {})", answer.status))
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_two_methods_of_the_protocol_are_dids() {
        for did in ["did:plc:z72i7hdynmk6r22z27h6tvur", "did:web:a.example", "did:web:localhost%3A2583"] {
            assert!(is_did(did), "{did}");
        }
        for text in ["", "did:plc:", "did:plc:A/../b", "did:key:z6", "did:web:a/b", "alice.example", "did:plc:a\0"] {
            assert!(!is_did(text), "{text}");
        }
    }

    #[test]
    fn the_server_is_read_from_the_document_of_that_did_only() {
        let document = |id: &str, endpoint: Value| {
            json!({"id": "did:plc:abc", "service": [{"id": "#other", "serviceEndpoint": "https://no.example"},
                {"id": id, "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint}]})
        };
        let base = |document: Value, did| pds(&document, did).map(|origin| origin.base().to_owned());
        let good = json!("https://pds.example/");
        assert_eq!(base(document("#atproto_pds", good.clone()), "did:plc:abc").as_deref(), Some("https://pds.example"));
        assert!(base(document("did:plc:abc#atproto_pds", good.clone()), "did:plc:abc").is_some());
        assert_eq!(base(document("#atproto_pds", good.clone()), "did:plc:other"), None);
        assert_eq!(base(document("#pds", good), "did:plc:abc"), None);
        for bad in [json!("ftp://x"), json!({"a": 1}), Value::Null, json!("https://u:p@x.example")] {
            assert_eq!(base(document("#atproto_pds", bad), "did:plc:abc"), None);
        }
    }
}
