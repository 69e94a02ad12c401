//! The rules of the design that a compiler does not hold, over `cargo metadata`, manifests and sources. Each is a
//! function from what there is to what is wrong with it, tried on something made up that breaks it as well.

mod dependencies;
mod failpoints;
mod manifests;
mod names;
mod sources;
mod workspace;

use workspace::{File, Workspace};

/// The workspace obeys a rule, and the rule would notice.
#[track_caller]
fn holds<T>(rule: impl Fn(&[T]) -> Vec<String>, real: &[T], broken: &[T]) {
    let seen = rule(broken);
    assert_eq!(seen.len(), broken.len(), "the rule is blind to some of what breaks it: {seen:#?}");
    let found = rule(real);
    assert!(found.is_empty(), "{found:#?}");
}

/// A made-up file.
fn file(package: &str, path: &str, text: &str) -> File {
    File { package: package.to_owned(), path: path.to_owned(), text: text.to_owned() }
}
