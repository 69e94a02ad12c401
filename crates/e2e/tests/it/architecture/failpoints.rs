//! Every fail point of the code is in the ground's list, and no other.

use std::collections::BTreeSet;

use e2e::chaos::failpoints;

use super::{File, Workspace, file, holds};

const CALL: &str = "failpoint::hit(\"";

#[test]
fn the_ground_crashes_at_every_fail_point_there_is() {
    let named = |sources: &[File]| -> BTreeSet<String> {
        let calls = sources.iter().flat_map(|file| file.text.split(CALL).skip(1));
        calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
    };
    let listed: BTreeSet<_> = failpoints::ALL.iter().map(|point| point.name.to_owned()).collect();
    let rule = |sources: &[File]| {
        let unlisted = named(sources).into_iter().filter(|name| !listed.contains(name));
        unlisted.map(|name| format!("{name} is not in chaos/failpoints.rs")).collect()
    };
    let broken = [file("store", "crates/store/src/a.rs", "    failpoint::hit(\"store.unheard_of\");\n")];
    let shipped = Workspace::get().shipped();
    holds(rule, &shipped, &broken);
    let found = named(&shipped);
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(gone.is_empty(), "in the list and nowhere in the code: {gone:?}");
}
