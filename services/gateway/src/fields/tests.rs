//! Reading fields.

use super::{field::duration, *};
use jiff::SignedDuration;
use serde_json::json;

#[derive(Debug)]
struct Thing {
    name: String,
    count: i64,
}

fn read(object: &Object<'_>) -> Option<Thing> {
    let name = object.required("name").text(1..=5);
    let count = object.required("count").integer(1..=10);
    object.optional("tags").list(0..=2, |tag| tag.text(1..=3));
    object.optional("inner").object(|inner| inner.required("at").timestamp());
    Some(Thing { name: name?.to_owned(), count: count? })
}

fn faults(value: &Value) -> Vec<(String, &'static str)> {
    let faults = Faults::default();
    faults.refuse_nul(value);
    let read = faults.object(value, read);
    match faults.check_read(read) {
        Err(Problem::Invalid(faults)) => faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect(),
        other => panic!("expected faults, not {other:?}"),
    }
}

#[test]
fn every_fault_is_told_at_once_each_with_its_place() {
    // given
    let value = json!({
        "name": "too long", "tags": ["a\0", 7], "inner": {"at": "tomorrow", "x/y": 1}, "surprise~": null,
    });
    // when
    let mut found = faults(&value);
    found.sort();
    // then
    let expected = [
        ("/count", "required"),
        ("/inner/at", "invalid_time"),
        ("/inner/x~1y", "unknown_field"),
        ("/name", "too_long"),
        ("/surprise~0", "unknown_field"),
        ("/tags/0", "nul_character"),
        ("/tags/1", "wrong_type"),
    ];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
}

#[test]
fn what_is_no_object_is_one_fault() {
    assert_eq!(faults(&json!([1])), [(String::new(), "wrong_type")]);
}

#[test]
fn a_good_one_is_read() {
    let faults = Faults::default();
    let thing = faults.object(&json!({"name": "a", "count": 2, "tags": null}), read);
    let thing = faults.check_read(thing).unwrap();
    assert_eq!((thing.name.as_str(), thing.count), ("a", 2));
}

#[test]
fn durations_have_a_length_of_their_own() {
    assert_eq!(duration("PT6H"), Some(SignedDuration::from_hours(6)));
    assert_eq!(duration("P1DT1S"), Some(SignedDuration::from_secs(86_401)));
    assert_eq!(duration("P2W"), Some(SignedDuration::from_hours(14 * 24)));
    for text in ["P1M", "P1Y", "6h later", "", "PT"] {
        assert_eq!(duration(text), None, "{text}");
    }
}

#[test]
fn null_can_mean_something_else_than_leaving_out() {
    let faults = Faults::default();
    let value = json!({"a": null, "b": "x"});
    faults.object(&value, |object| {
        assert_eq!(object.nullable("a", |field| field.text(0..=9)), Some(None));
        assert_eq!(object.nullable("b", |field| field.text(0..=9)), Some(Some("x")));
        assert_eq!(object.nullable("c", |field| field.text(0..=9)), None);
        Some(())
    });
    faults.check().unwrap();
}
