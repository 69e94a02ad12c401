//! Reading a journal back after a stop or a crash.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::line::LineIn;
use crate::error::SandboxError;

/// Hands every whole line to `apply` and cuts a torn last one off: a line without its newline was never answered.
pub(crate) fn recover(
    path: &Path,
    mut apply: impl FnMut(LineIn<'_>) -> Result<(), serde_json::Error>,
) -> Result<(), SandboxError> {
    let broken = |source| SandboxError::Data { path: path.to_owned(), source };
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(broken)?;
    let mut reader = BufReader::new(&file);
    let (mut bytes, mut whole, mut number) = (Vec::new(), 0u64, 0usize);
    loop {
        bytes.clear();
        let read = reader.read_until(b'\n', &mut bytes).map_err(broken)?;
        if bytes.last() != Some(&b'\n') {
            break;
        }
        number += 1;
        serde_json::from_slice(&bytes).and_then(&mut apply).map_err(|error| SandboxError::Journal {
            path: path.to_owned(),
            line: number,
            reason: error.to_string(),
        })?;
        whole += read as u64;
    }
    file.set_len(whole).map_err(broken)
}
