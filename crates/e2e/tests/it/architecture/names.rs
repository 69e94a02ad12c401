//! What things are called, and how much of one thing there is.

use super::{File, Workspace, file, holds};

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 10] =
    ["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "shared", "stuff"];

/// The most lines of a `main.rs` of a service: it reads settings and runs the library.
const MAIN_LINES: usize = 25;

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let rule = |sources: &[File]| {
        let names =
            sources.iter().flat_map(|file| file.path.split('/').map(move |step| (file, step.trim_end_matches(".rs"))));
        let by_path = names.filter(|(_, name)| EMPTY_NAMES.contains(name)).map(|(file, _)| file.path.clone());
        let is_inline = |line: &str| {
            let line = line
                .trim()
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ");
            line.strip_prefix("mod ")
                .and_then(|rest| rest.strip_suffix(" {"))
                .is_some_and(|name| EMPTY_NAMES.contains(&name))
        };
        by_path.chain(sources.iter().flat_map(|file| file.lines_where(is_inline))).collect()
    };
    holds(
        rule,
        &Workspace::get().sources,
        &[
            file("a", "crates/a/src/util.rs", ""),
            file("a", "crates/a/src/helpers/mod.rs", ""),
            file("a", "crates/a/tests/it/common.rs", ""),
            file("a", "crates/a/src/lib.rs", "pub(crate) mod misc {\n}\n"),
        ],
    );
}

#[test]
fn a_service_is_a_library_with_a_short_main() {
    let rule = |sources: &[File]| {
        let mains =
            sources.iter().filter(|file| file.path.starts_with("services/") && file.path.ends_with("/src/main.rs"));
        let lines = mains.map(|file| (file, file.text.lines().count()));
        lines
            .filter(|(_, lines)| *lines > MAIN_LINES)
            .map(|(file, lines)| format!("{} has {lines} lines", file.path))
            .collect()
    };
    holds(rule, &Workspace::get().sources, &[file("a", "services/a/src/main.rs", &"// .\n".repeat(MAIN_LINES + 1))]);
}

#[test]
fn every_crate_and_module_says_what_it_is_for() {
    let rule = |sources: &[File]| {
        let silent = sources.iter().filter(|file| !file.text.starts_with("//!") && !file.path.contains("/generated/"));
        silent.map(|file| format!("{} does not begin with //!", file.path)).collect()
    };
    holds(rule, &Workspace::get().shipped(), &[file("a", "crates/a/src/lib.rs", "pub fn a() {}\n")]);
}

#[test]
fn rows_of_the_database_and_words_of_the_wire_stay_inside() {
    let is_wrong = |line: &str| {
        let Some(item) = line.trim().strip_prefix("pub ") else { return false };
        let name = |kind: &str| {
            item.strip_prefix(kind).map(|rest| rest.split([' ', '<', '(', '{', ';']).next().unwrap_or_default())
        };
        name("struct ").is_some_and(|name| name.ends_with("Row")) || name("mod ").is_some_and(|name| name == "wire")
    };
    let rule = |sources: &[File]| sources.iter().flat_map(|file| file.lines_where(is_wrong)).collect();
    let broken = [
        file("store", "crates/store/src/a.rs", "pub struct PostRow {\n"),
        file("platforms", "crates/platforms/src/x/mod.rs", "pub mod wire;\n"),
    ];
    holds(rule, &Workspace::get().shipped(), &broken);
}

#[test]
fn bodies_of_requests_and_responses_are_where_http_is() {
    let is_wrong = |file: &File| {
        ["domain", "store", "bus", "vault"].contains(&file.package.as_str()) && {
            let names_http = |line: &str| {
                let words = line.trim().trim_start_matches("pub ").strip_prefix("struct ");
                words.is_some_and(|rest| {
                    rest.split([' ', '<', '(', '{']).next().is_some_and(|name| name.ends_with("Response"))
                })
            };
            !file.lines_where(names_http).is_empty()
        }
    };
    let rule = |sources: &[File]| sources.iter().filter(|file| is_wrong(file)).map(|file| file.path.clone()).collect();
    holds(rule, &Workspace::get().shipped(), &[file("store", "crates/store/src/a.rs", "pub struct PostResponse {\n")]);
}
