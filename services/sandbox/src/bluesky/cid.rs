//! CIDs: version 1, SHA-256, base32 lower case. A record is hashed as DAG-CBOR, a blob as it is; the same content has the
//! same CID everywhere, as on the network.

use serde_json::Value;
use sha2::{Digest, Sha256};

const DAG_CBOR: u8 = 0x71;
const RAW: u8 = 0x55;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The CID of uploaded bytes.
pub(super) fn of_blob(bytes: &[u8]) -> String {
    text(RAW, bytes)
}

/// The CID of a record, or why the data model has no place for it.
pub(super) fn of_record(record: &Value) -> Result<String, &'static str> {
    let mut encoded = Vec::with_capacity(512);
    encode(record, &mut encoded)?;
    Ok(text(DAG_CBOR, &encoded))
}

fn text(codec: u8, bytes: &[u8]) -> String {
    let mut binary = vec![1, codec, 0x12, 32];
    binary.extend_from_slice(&Sha256::digest(bytes));
    format!("b{}", base32(&binary))
}

pub(super) fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xFFFF;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(held >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(held << (5 - bits)) as usize & 31]));
    }
    out
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut held, mut bits) = (Vec::with_capacity(text.len() * 5 / 8), 0u32, 0u32);
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|each| *each == byte)?;
        held = (held << 5 | u32::try_from(digit).ok()?) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xFF).ok()?);
        }
    }
    Some(out)
}

/// The bytes of a version 1 CID with a SHA-256 digest.
fn binary(cid: &str) -> Option<Vec<u8>> {
    let bytes = unbase32(cid.strip_prefix('b')?)?;
    (bytes.len() == 36 && bytes.starts_with(&[1]) && bytes.get(2..4) == Some(&[0x12, 32])).then_some(bytes)
}

pub(super) fn is_cid(text: &str) -> bool {
    binary(text).is_some()
}

fn head(major: u8, value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let (info, from) = match value {
        0..=23 => {
            out.push(major << 5 | bytes[7]);
            return;
        }
        24..=0xFF => (24, 7),
        0x100..=0xFFFF => (25, 6),
        0x1_0000..=0xFFFF_FFFF => (26, 4),
        _ => (27, 0),
    };
    out.push(major << 5 | info);
    out.extend_from_slice(&bytes[from..]);
}

fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), &'static str> {
    match value {
        Value::Null => out.push(0xF6),
        Value::Bool(false) => out.push(0xF4),
        Value::Bool(true) => out.push(0xF5),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => head(0, number, out),
            (None, Some(number)) => head(1, number.unsigned_abs() - 1, out),
            (None, None) => return Err("floating point numbers are not part of the data model"),
        },
        Value::String(text) => {
            head(3, text.len() as u64, out);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            head(4, items.len() as u64, out);
            items.iter().try_for_each(|item| encode(item, out))?;
        }
        Value::Object(map) => {
            if let Some(link) = map.get("$link") {
                let bytes = link.as_str().and_then(binary).filter(|_| map.len() == 1).ok_or("not a CID link")?;
                head(6, 42, out);
                head(2, bytes.len() as u64 + 1, out);
                out.push(0);
                out.extend_from_slice(&bytes);
                return Ok(());
            }
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
            head(5, keys.len() as u64, out);
            for key in keys {
                head(3, key.len() as u64, out);
                out.extend_from_slice(key.as_bytes());
                encode(&map[key], out)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn raw_bytes_have_the_well_known_cid() {
        // `ipfs add --raw-leaves --cid-version=1` of these bytes, as in the multiformats documentation.
        assert_eq!(of_blob(b""), "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
    }

    #[test]
    fn an_empty_map_has_the_well_known_cid() {
        assert_eq!(of_record(&json!({})).as_deref(), Ok("bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"));
    }

    #[test]
    fn the_order_of_keys_does_not_matter_and_the_content_does() {
        let one = of_record(&json!({"text": "a", "langs": ["en"], "n": -3}));
        assert_eq!(one, of_record(&json!({"n": -3, "langs": ["en"], "text": "a"})));
        assert_ne!(one, of_record(&json!({"n": -4, "langs": ["en"], "text": "a"})));
        assert!(of_record(&json!({"n": 1.5})).is_err());
    }

    #[test]
    fn a_cid_reads_back() {
        assert!(is_cid(&of_blob(b"x")));
        assert!(!is_cid("bafkrei"));
        assert!(!is_cid("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"));
    }
}
