//! What code does not say.

use super::{File, Workspace, file, holds};

/// Lines of some packages that a rule finds fault with.
fn lines<'a>(
    concerns: impl Fn(&File) -> bool + 'a,
    is_wrong: impl Fn(&str) -> bool + 'a,
) -> impl Fn(&[File]) -> Vec<String> + 'a {
    move |sources| sources.iter().filter(|file| concerns(file)).flat_map(|file| file.lines_where(&is_wrong)).collect()
}

#[test]
fn only_the_command_line_prints() {
    let prints =
        |line: &str| ["println!", "eprintln!", "print!(", "eprint!(", "dbg!("].iter().any(|word| line.contains(word));
    let rule = lines(|file| file.package != "fanfare", prints);
    let broken = [
        file("store", "crates/store/src/a.rs", "    println!(\"{row:?}\");\n"),
        file("gateway", "services/gateway/src/a.rs", "    eprintln!(\"{error}\");\n"),
        file("bus", "crates/bus/src/a.rs", "    dbg!(frame);\n"),
    ];
    holds(rule, &Workspace::get().shipped(), &broken);
}

#[test]
fn the_domain_does_nothing() {
    let acts = |line: &str| {
        [
            "async ",
            ".await",
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "SystemTime",
            "Instant",
            "Timestamp::now",
            "Zoned::now",
        ]
        .iter()
        .any(|word| line.contains(word))
    };
    let rule = lines(|file| file.package == "domain", acts);
    let broken = [
        file("domain", "crates/domain/src/a.rs", "pub async fn decide() {}\n"),
        file("domain", "crates/domain/src/a.rs", "    let now = Timestamp::now();\n"),
        file("domain", "crates/domain/src/a.rs", "use std::fs::File;\n"),
    ];
    holds(rule, &Workspace::get().shipped(), &broken);
}

#[test]
fn the_gateway_cannot_open_what_it_seals() {
    let opens = |line: &str| line.contains("PrivateRing") || line.contains("private_keys:");
    let rule = lines(|file| file.package == "gateway", opens);
    let broken = [
        file("gateway", "services/gateway/src/a.rs", "use vault::{PrivateRing, PublicRing};\n"),
        file("gateway", "services/gateway/src/a.rs", "    pub private_keys: Secret,\n"),
    ];
    holds(rule, &Workspace::get().shipped(), &broken);
}

#[test]
fn a_status_is_chosen_in_one_place() {
    // `status: Status::Failed` or `status = Status::Failed`: the machine's words for moving a target.
    let chooses = |line: &str| {
        ["target.status =", "state.status =", ".status = Status::"].iter().any(|word| line.contains(word))
            && !line.contains("==")
    };
    let rule = lines(|file| !file.path.starts_with("crates/domain/src/transition"), chooses);
    let broken = [
        file("publisher", "services/publisher/src/a.rs", "        work.state.status = Status::Failed;\n"),
        file("store", "crates/store/src/a.rs", "        target.status = after;\n"),
    ];
    holds(rule, &Workspace::get().shipped(), &broken);
}

#[test]
fn sql_is_in_the_store() {
    let is_sql = |line: &str| {
        let text = line.trim_start();
        ["\"SELECT ", "\"INSERT INTO ", "\"UPDATE ", "\"DELETE FROM ", "\"WITH "].iter().any(|word| text.contains(word))
    };
    let rule = lines(|file| file.package != "store", is_sql);
    let broken = [file("gateway", "services/gateway/src/a.rs", "    let sql = \"SELECT id FROM posts\";\n")];
    holds(rule, &Workspace::get().shipped(), &broken);
}

#[test]
fn no_commit_waits_for_a_notification() {
    let notifies = |line: &str| line.contains("pg_notify") || line.contains("\"NOTIFY ") || line.contains("\"LISTEN ");
    let rule = lines(|_| true, notifies);
    let broken = [file("store", "crates/store/src/a.rs", "    \"SELECT pg_notify('posts', $1)\"\n")];
    holds(rule, &Workspace::get().shipped(), &broken);
}

/// A column in an index or in its predicate ends HOT updates of the whole table.
#[test]
fn no_index_names_the_state_of_a_target() {
    let rule = |migrations: &[File]| {
        let statements =
            migrations.iter().flat_map(|file| file.text.split(';').map(move |statement| (file, statement)));
        statements
            .filter(|(_, statement)| {
                let code: Vec<_> = statement.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
                let code = code.join(" ").to_lowercase();
                code.contains("index") && code.contains("on post_targets") && code.contains("state")
            })
            .map(|(file, statement)| format!("{}: {}", file.path, statement.trim()))
            .collect()
    };
    let broken = [
        file("", "migrations/a/up.sql", "CREATE INDEX a ON post_targets (state);\n"),
        file("", "migrations/b/up.sql", "CREATE INDEX b\n  ON post_targets (id) WHERE state = 'unconfirmed';\n"),
    ];
    holds(rule, &Workspace::get().migrations, &broken);
}

#[test]
fn nothing_says_that_it_is_not_there_yet() {
    let says = |line: &str| ["todo!(", "unimplemented!(", "TODO", "FIXME"].iter().any(|word| line.contains(word));
    // Comments count too here, so the lines are looked at as they are.
    let rule = |sources: &[File]| {
        let lines = sources.iter().flat_map(|file| file.text.lines().map(move |line| (file, line)));
        lines.filter(|(_, line)| says(line)).map(|(file, line)| format!("{}: {}", file.path, line.trim())).collect()
    };
    let broken = [file("x", "crates/x/src/a.rs", "    todo!()\n"), file("x", "crates/x/src/b.rs", "// TODO: later\n")];
    holds(rule, &Workspace::get().shipped(), &broken);
}
