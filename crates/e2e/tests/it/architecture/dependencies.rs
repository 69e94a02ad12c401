//! Who may know whom.

use super::{
    Workspace, holds,
    workspace::{Dependency, Package},
};

/// What each crate may depend on of ours. A service may depend on every crate but those for tests, and on no service.
const CRATES: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("runtime", &[]),
    ("vault", &["domain"]),
    ("egress", &[]),
    ("bus", &["domain", "runtime"]),
    ("store", &["domain", "runtime"]),
    ("platforms", &["domain", "egress"]),
    ("media", &["egress"]),
    ("testkit", &["domain", "store", "egress", "runtime"]),
    ("e2e", EVERYTHING),
];

const EVERYTHING: &[&str] = &["*"];

/// They stand for others' programs: what they shared with ours would be wrong in both places at once.
const STAND_INS: [(&str, &[&str]); 1] = [("sandbox", &["runtime"])];

/// Each is known to few: a prefix of names, and who may have it in what is shipped.
const KNOWN_TO: [(&str, &[&str]); 17] = [
    ("diesel", &["store"]),
    ("jiff-diesel", &["store"]),
    ("tokio-postgres", &["store", "testkit"]),
    ("deadpool", &["store"]),
    // The benchmark has a bare one to compare with.
    ("lapin", &["bus", "e2e"]),
    ("prost", &["bus"]),
    ("hpke", &["vault"]),
    // It signs and checks signatures, and keeps nothing secret: vault stays the only one with a cipher.
    ("ring", &["platforms", "sandbox"]),
    // The sandbox fetches pictures by their address, as the networks themselves do.
    ("hyper", &["egress", "sandbox"]),
    ("reqwest", &[]),
    ("rustix", &["egress"]),
    ("utoipa", &["gateway"]),
    ("object_store", &["media"]),
    ("image", &["media", "sandbox", "e2e"]),
    ("prometheus", &["runtime", "publisher"]),
    ("tracing-subscriber", &["runtime"]),
    ("clap", &["fanfare"]),
];

/// A second HTTP client, a second TLS, a second of anything that is to be had in one place only.
const NOWHERE: [&str; 9] = ["ureq", "isahc", "curl", "awc", "attohttpc", "openssl", "native-tls", "sqlx", "log"];

/// All `domain` may be made of: no runtime, no I/O, no clock but the types of time.
const PURE: [&str; 8] = ["hex", "jiff", "serde", "serde_json", "strum", "thiserror", "url", "uuid"];

fn is_service(package: &Package) -> bool {
    package.folder.starts_with("services/")
}

fn package(name: &str, folder: &str, dependency: &str) -> Package {
    let dependencies = vec![Dependency { name: dependency.to_owned(), is_dev: false }];
    Package { name: name.to_owned(), folder: folder.to_owned(), dependencies, ..Package::default() }
}

/// Dependencies of what is shipped.
fn shipped(packages: &[Package]) -> impl Iterator<Item = (&Package, &str)> {
    packages.iter().flat_map(|package| {
        let names = package.dependencies.iter().filter(|dependency| !dependency.is_dev);
        names.map(move |dependency| (package, dependency.name.as_str()))
    })
}

#[test]
fn dependencies_point_one_way() {
    let ours = |name: &str| Workspace::get().packages.iter().find(|package| package.name == name);
    let allowed = |package: &Package, other: &Package| {
        let listed = CRATES.iter().chain(&STAND_INS).find(|(name, _)| *name == package.name);
        match listed {
            Some((_, may)) => *may == EVERYTHING || may.contains(&other.name.as_str()),
            None if package.name == "fanfare" => !["testkit", "e2e"].contains(&other.name.as_str()),
            None if is_service(package) => !is_service(other) && !["testkit", "e2e"].contains(&other.name.as_str()),
            // A crate that is not in the list knows nobody until it is.
            None => false,
        }
    };
    let rule = |packages: &[Package]| {
        let known = shipped(packages).filter_map(|(package, name)| Some((package, ours(name)?)));
        known
            .filter(|(package, other)| !allowed(package, other))
            .map(|(package, other)| format!("{} must not depend on {}", package.name, other.name))
            .collect()
    };
    holds(
        rule,
        &Workspace::get().packages,
        &[
            package("domain", "crates/domain", "runtime"),
            package("runtime", "crates/runtime", "domain"),
            package("platforms", "crates/platforms", "store"),
            package("publisher", "services/publisher", "gateway"),
            package("gateway", "services/gateway", "testkit"),
            package("sandbox", "services/sandbox", "platforms"),
            package("fanfare", "services/fanfare", "e2e"),
            package("new", "crates/new", "domain"),
        ],
    );
}

#[test]
fn tests_of_a_service_do_without_other_services() {
    let services: Vec<_> = Workspace::get().packages.iter().filter(|package| is_service(package)).collect();
    let is_other = |package: &Package, name: &str| {
        // The sandbox is the networks themselves.
        name != "sandbox" && name != package.name && services.iter().any(|service| service.name == name)
    };
    let rule = |packages: &[Package]| {
        let all = packages.iter().filter(|package| package.name != "fanfare" && package.name != "e2e");
        all.flat_map(|package| package.dependencies.iter().map(move |dependency| (package, &dependency.name)))
            .filter(|(package, name)| is_other(package, name))
            .map(|(package, name)| format!("{} must not know {name}, not even in tests", package.name))
            .collect()
    };
    let dev = |name: &str, folder: &str, dependency: &str| {
        let mut package = package(name, folder, dependency);
        package.dependencies[0].is_dev = true;
        package
    };
    let broken = [dev("publisher", "services/publisher", "gateway"), dev("store", "crates/store", "publisher")];
    holds(rule, &Workspace::get().packages, &broken);
}

#[test]
fn what_is_to_be_in_one_place_is_in_one_place() {
    let may = |package: &Package, name: &str| {
        let matches =
            |prefix: &str| name == prefix || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['-', '_']));
        if NOWHERE.contains(&name) {
            return false;
        }
        KNOWN_TO.iter().filter(|(prefix, _)| matches(prefix)).all(|(_, owners)| owners.contains(&package.name.as_str()))
    };
    let rule = |packages: &[Package]| {
        shipped(packages)
            .filter(|(package, name)| !may(package, name))
            .map(|(package, name)| format!("{} must not depend on {name}", package.name))
            .collect()
    };
    holds(
        rule,
        &Workspace::get().packages,
        &[
            package("gateway", "services/gateway", "diesel-async"),
            package("publisher", "services/publisher", "lapin"),
            package("gateway", "services/gateway", "prost"),
            package("connector", "services/connector", "hpke"),
            package("connector", "services/connector", "ring"),
            package("platforms", "crates/platforms", "reqwest"),
            package("media", "crates/media", "hyper-util"),
            package("publisher", "services/publisher", "utoipa"),
            package("runtime", "crates/runtime", "log"),
        ],
    );
}

#[test]
fn library_crates_never_log() {
    let rule = |packages: &[Package]| {
        shipped(packages)
            .filter(|(package, name)| package.folder.starts_with("crates/") && name.starts_with("tracing"))
            .filter(|(package, _)| !["runtime", "e2e"].contains(&package.name.as_str()))
            .map(|(package, name)| format!("{} must not depend on {name}", package.name))
            .collect()
    };
    let broken = [package("store", "crates/store", "tracing"), package("bus", "crates/bus", "tracing-subscriber")];
    holds(rule, &Workspace::get().packages, &broken);
}

#[test]
fn the_domain_is_pure() {
    let rule = |packages: &[Package]| {
        shipped(packages)
            .filter(|(package, name)| package.name == "domain" && !PURE.contains(name))
            .map(|(_, name)| format!("domain must not depend on {name}"))
            .collect()
    };
    let broken = [package("domain", "crates/domain", "tokio"), package("domain", "crates/domain", "async-trait")];
    holds(rule, &Workspace::get().packages, &broken);
}

#[test]
fn what_needs_a_c_library_or_a_compiler_plugin_is_not_in_the_tree() {
    let lock = std::fs::read_to_string(Workspace::get().root.join("Cargo.lock")).expect("Cargo.lock");
    let names: Vec<_> = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    let rule = |names: &[&str]| {
        let wrong = [
            "openssl",
            "openssl-sys",
            "aws-lc-rs",
            "aws-lc-sys",
            "pq-sys",
            "native-tls",
            "libsqlite3-sys",
            "protobuf-src",
        ];
        let is_wrong = |name: &&&str| wrong.contains(name);
        names.iter().filter(is_wrong).map(|name| format!("{name} is in Cargo.lock")).collect()
    };
    holds(rule, &names, &["openssl-sys", "aws-lc-rs", "aws-lc-sys", "pq-sys"]);
}
