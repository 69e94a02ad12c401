//! What the rules look at.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

/// Every package, its dependencies and its sources.
pub(super) struct Workspace {
    pub(super) root: PathBuf,
    pub(super) packages: Vec<Package>,
    pub(super) manifests: Vec<File>,
    pub(super) sources: Vec<File>,
    pub(super) migrations: Vec<File>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Package {
    pub(super) name: String,
    /// `crates/domain`
    pub(super) folder: String,
    pub(super) dependencies: Vec<Dependency>,
    /// `lib`, `bin`, `test`: kind and name of each target.
    pub(super) targets: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) is_dev: bool,
}

/// A file of the workspace as text.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// The package it belongs to.
    pub(super) package: String,
    /// `crates/domain/src/lib.rs`
    pub(super) path: String,
    pub(super) text: String,
}

impl Workspace {
    /// Read once a process.
    pub(super) fn get() -> &'static Self {
        static WORKSPACE: OnceLock<Workspace> = OnceLock::new();
        WORKSPACE.get_or_init(Self::read)
    }

    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace's root");
        let packages = packages(&root);
        let mut manifests = Vec::new();
        let mut sources = Vec::new();
        for package in &packages {
            let folder = root.join(&package.folder);
            manifests.push(read(&root, &folder.join("Cargo.toml"), &package.name));
            for below in ["src", "tests"] {
                let paths = walk(&folder.join(below), "rs");
                sources.extend(paths.iter().map(|path| read(&root, path, &package.name)));
            }
        }
        let migrations = walk(&root.join("migrations"), "sql").iter().map(|path| read(&root, path, "")).collect();
        Self { root, packages, manifests, sources, migrations }
    }

    /// What is compiled into programs, without tests: files below `src` but for modules of tests.
    pub(super) fn shipped(&self) -> Vec<File> {
        let dev_only = ["e2e", "testkit"];
        let is_shipped = |file: &&File| {
            file.path.contains("/src/")
                && !file.path.ends_with("/tests.rs")
                && !file.path.contains("/tests/")
                && !dev_only.contains(&file.package.as_str())
        };
        self.sources.iter().filter(is_shipped).map(File::without_tests).collect()
    }
}

impl File {
    /// The file up to its tests, which stand at the end.
    fn without_tests(&self) -> Self {
        let text = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        Self { text, ..self.clone() }
    }

    /// Lines that are not comments, with their numbers from 1.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Lines of code that a test of them finds fault with, as `path:line: code`.
    pub(super) fn lines_where(&self, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
        let wrong = self.code().filter(|(_, line)| is_wrong(line));
        wrong.map(|(at, line)| format!("{}:{at}: {}", self.path, line.trim())).collect()
    }
}

fn packages(root: &Path) -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON of cargo");
    metadata["packages"].as_array().expect("packages").iter().map(|package| package_of(root, package)).collect()
}

fn package_of(root: &Path, package: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    let folder = manifest.parent().and_then(|folder| folder.strip_prefix(root).ok()).expect("below the root");
    let dependency = |value: &Value| Dependency { name: text(&value["name"]), is_dev: value["kind"] == "dev" };
    let target = |value: &Value| (text(&value["kind"][0]), text(&value["name"]));
    Package {
        name: text(&package["name"]),
        folder: folder.to_string_lossy().into_owned(),
        dependencies: package["dependencies"].as_array().expect("dependencies").iter().map(dependency).collect(),
        targets: package["targets"].as_array().expect("targets").iter().map(target).collect(),
    }
}

fn walk(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(walk(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files
}

fn read(root: &Path, path: &Path, package: &str) -> File {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
    File { package: package.to_owned(), path, text }
}
