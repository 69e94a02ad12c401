//! How packages are written down.

use super::{File, Workspace, file, holds, workspace::Package};

/// The sections whose lines are dependencies.
fn is_of_dependencies(section: &str) -> bool {
    section.ends_with("dependencies]")
}

#[test]
fn versions_stand_in_one_place() {
    let rule = |manifests: &[File]| {
        let mut wrong = Vec::new();
        for manifest in manifests {
            let mut section = "";
            for line in manifest.text.lines().map(str::trim) {
                if line.starts_with('[') {
                    section = line;
                    continue;
                }
                let is_entry = is_of_dependencies(section) && line.contains('=') && !line.starts_with('#');
                if is_entry && !line.contains("workspace = true") {
                    wrong.push(format!("{}: {line}", manifest.path));
                }
            }
        }
        wrong
    };
    holds(
        rule,
        &Workspace::get().manifests,
        &[
            file("a", "crates/a/Cargo.toml", "[dependencies]\nserde = \"1\"\n"),
            file("b", "crates/b/Cargo.toml", "[dev-dependencies]\nstore = { path = \"../store\" }\n"),
            file("c", "crates/c/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n"),
        ],
    );
}

#[test]
fn every_package_takes_what_the_workspace_says() {
    let said = [
        "\nversion.workspace = true",
        "\nedition.workspace = true",
        "\nrust-version.workspace = true",
        "\nlicense.workspace = true",
        "\npublish.workspace = true",
        "\n[lints]\nworkspace = true",
    ];
    let rule = |manifests: &[File]| {
        let missing = manifests.iter().flat_map(|manifest| {
            said.iter()
                .filter(|line| !manifest.text.contains(*line))
                .map(move |line| format!("{}: no {}", manifest.path, line.trim()))
        });
        missing.collect()
    };
    let without = |line: &str| file("a", "crates/a/Cargo.toml", &said.concat().replace(line, ""));
    holds(rule, &Workspace::get().manifests, &said.map(without));
}

#[test]
fn a_package_is_called_as_its_folder() {
    let rule = |packages: &[Package]| {
        let is_wrong = |package: &&Package| !package.folder.ends_with(&format!("/{}", package.name));
        packages.iter().filter(is_wrong).map(|package| format!("{} is in {}", package.name, package.folder)).collect()
    };
    let named = |name: &str, folder: &str| Package { name: name.into(), folder: folder.into(), ..Package::default() };
    holds(
        rule,
        &Workspace::get().packages,
        &[named("fanfare-store", "crates/store"), named("store", "crates/restore")],
    );
}

#[test]
fn a_package_has_one_test_binary_and_no_build_script() {
    let rule = |packages: &[Package]| {
        let mut wrong = Vec::new();
        for package in packages {
            for (kind, name) in &package.targets {
                if (kind == "test" && name != "it") || kind == "custom-build" || kind == "bench" || kind == "example" {
                    wrong.push(format!("{} has the {kind} {name}", package.name));
                }
            }
        }
        wrong
    };
    let with = |kind: &str, name: &str| Package { targets: vec![(kind.into(), name.into())], ..Package::default() };
    holds(rule, &Workspace::get().packages, &[with("test", "posts"), with("custom-build", "build-script-build")]);
}

#[test]
fn every_service_is_a_library_and_a_program() {
    let rule = |packages: &[Package]| {
        let services = packages.iter().filter(|package| package.folder.starts_with("services/"));
        services
            .flat_map(|package| ["lib", "bin"].map(|kind| (package, kind)))
            .filter(|(package, kind)| {
                !package.targets.iter().any(|target| target.0 == *kind && target.1 == package.name)
            })
            .map(|(package, kind)| format!("{} has no {kind} of its name", package.name))
            .collect()
    };
    let only = |kind: &str| Package {
        name: "a".into(),
        folder: "services/a".into(),
        targets: vec![(kind.into(), "a".into())],
        ..Package::default()
    };
    holds(rule, &Workspace::get().packages, &[only("lib"), only("bin")]);
}
