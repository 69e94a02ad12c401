//! The committed code is what the contract generates.

use std::{fs, path::Path};

const FILE: &str = "fanfare.jobs.v1.rs";

/// After a change of the contract: `BLESS=1 cargo nextest run -p bus generated`.
#[test]
fn generated_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made_in = tempfile::tempdir().unwrap();
    let contract = protox::compile(["jobs/v1/jobs.proto"], [root.join("../../protos")]).unwrap();
    prost_build::Config::new().out_dir(made_in.path()).compile_fds(contract).unwrap();
    let made = fs::read_to_string(made_in.path().join(FILE)).unwrap();
    let committed = root.join("src/generated").join(FILE);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&committed, &made).unwrap();
    }
    assert!(fs::read_to_string(&committed).unwrap() == made, "{} is stale: run with BLESS=1", committed.display());
}
