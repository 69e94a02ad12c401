//! Wrong SQL on purpose, as changes of the right one: see [`domain::mutant`].

use std::sync::Mutex;

use domain::mutant::{Mutant, lives, seed};

/// What is written, and what a mutant makes of it.
struct Change {
    mutant: Mutant,
    /// Names the statements it is made in.
    within: &'static str,
    from: &'static str,
    to: &'static str,
}

const MAILBOX: &str = "LEAST(j.wake_at, COALESCE(mine.next, 'infinity'))";

const CHANGES: [Change; 8] = [
    Change { mutant: Mutant::WakeAtOverwritten, within: "", from: MAILBOX, to: "COALESCE(mine.next, 'infinity')" },
    Change {
        mutant: Mutant::WakeBySubquery,
        within: "",
        from: MAILBOX,
        to: "COALESCE((SELECT min(q.due_at) FROM publish_queue q WHERE q.account_id = j.key), 'infinity')",
    },
    Change { mutant: Mutant::NoFence, within: "", from: " AND j.fence = m.fence", to: "" },
    Change {
        mutant: Mutant::NoFence,
        within: "",
        from: "SELECT j.kind, j.key, j.fence, ",
        to: "SELECT j.kind, j.key, m.fence, ",
    },
    Change {
        mutant: Mutant::ExistsInStart,
        within: "j.fence, j.lease_until FROM jobs j",
        from: "ORDER BY j.kind, j.key FOR NO KEY UPDATE OF j",
        to: "ORDER BY j.kind, j.key",
    },
    Change {
        mutant: Mutant::WatermarkAsTruth,
        within: "",
        from: "AND due_at <= statement_timestamp() ORDER BY due_at LIMIT greatest(0, $3 - (SELECT n FROM leased) - ",
        to: "AND due_at <= statement_timestamp() AND due_at > statement_timestamp() - interval '1 s' \
             ORDER BY due_at LIMIT greatest(0, $3 - (SELECT n FROM leased) - ",
    },
    Change {
        mutant: Mutant::RollupBySubquery,
        within: "",
        from: "n_open = n_open + d0",
        to: "n_open = (SELECT count(*) FROM post_targets o WHERE o.post_id = g.post_id AND o.state IN \
             ('draft', 'scheduled', 'queued', 'publishing', 'needs_reconnect')) + d0",
    },
    Change { mutant: Mutant::NoRevisionCheck, within: "AND u.due <=", from: "AND t.rev = u.rev ", to: "" },
];

/// Gives this process the mutant that `FANFARE_MUTANT` names.
///
/// # Panics
/// When it names none: a run without any would prove nothing.
pub(crate) fn seed_named() {
    if let Some(name) = std::env::var("FANFARE_MUTANT").ok().filter(|name| !name.is_empty()) {
        seed(name.parse().unwrap_or_else(|_| panic!("there is no mutant {name:?}")));
    }
}

/// The SQL as a process with a mutant sends it.
pub(crate) fn written(sql: &'static str) -> &'static str {
    // A statement is asked for by its text each time it is built, and lives as long as the process.
    static MADE: Mutex<Vec<(&str, &str)>> = Mutex::new(Vec::new());
    let changes = CHANGES.iter().filter(|change| lives(change.mutant));
    let mut changes = changes.filter(|change| sql.contains(change.within) && sql.contains(change.from)).peekable();
    if changes.peek().is_none() {
        return sql;
    }
    let mut made = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, mutated)) = made.iter().find(|(right, _)| *right == sql) {
        return mutated;
    }
    let mutated = changes.fold(sql.to_owned(), |sql, change| sql.replace(change.from, change.to));
    let mutated: &str = Box::leak(mutated.into_boxed_str());
    made.push((sql, mutated));
    mutated
}
