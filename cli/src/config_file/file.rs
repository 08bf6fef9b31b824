//! Finds the configuration's file and reads it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::error::Advice as _;

const NAME: &str = "s3guard.toml";

/// No configuration is larger: two hundred rules and five hundred exemptions have a tenth of it.
const BYTES_MAX: u64 = 1024 * 1024;

/// Searches a folder and those above it, up to the repository's root, and returns the path from the folder. Outside of a
/// repository it searches only the folder itself, because other users may be able to write to those above.
pub(crate) fn find(folder: &Path) -> Option<PathBuf> {
    let is_in_repository = folder.ancestors().any(is_repository);
    for (depth, above) in folder.ancestors().enumerate() {
        // A folder or a broken link of that name is an error, and is not skipped.
        if fs::symlink_metadata(above.join(NAME)).is_ok() {
            return Some(PathBuf::from("../".repeat(depth) + NAME));
        }
        if !is_in_repository || is_repository(above) {
            return None;
        }
    }
    None
}

fn is_repository(folder: &Path) -> bool {
    folder.join(".git").exists()
}

/// Reads a file or a pipe.
pub(crate) fn read(folder: &Path, path: &Path) -> anyhow::Result<Vec<u8>> {
    read_some(&folder.join(path))
        .with_context(|| format!("the configuration `{}` could not be read", path.display()))
        .hint(format!("give a file with `--config`; without it, `{NAME}` is used if there is one"))
}

fn read_some(path: &Path) -> anyhow::Result<Vec<u8>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => anyhow::bail!("there is no such file"),
        opened => opened?,
    };
    if file.metadata()?.is_dir() {
        anyhow::bail!("it is a folder");
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        anyhow::bail!("it is larger than 1 MiB, which no configuration is");
    }
    Ok(bytes)
}
