//! Ties packages to their sources, so that the command contains no stale one: `standalone` writes them to a folder named
//! after the sources, and `build.rs`, which includes this file, reads them from there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// The variable with the folder of the packages, for `build.rs`.
pub(crate) const VARIABLE: &str = "S3GUARD_EMBED";
/// The sources of the Lambda's program; `Cargo.toml` has the version.
pub(crate) const SOURCES: [&str; 6] =
    [".cargo/config.toml", "Cargo.lock", "Cargo.toml", "aws", "lambda", "posture"];

/// A package, and for which processor it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) architecture: String,
    pub(crate) zip: Vec<u8>,
}

impl Sealed {
    pub(crate) fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.zip))
    }
}

/// The packages of these sources in a folder.
pub(crate) fn open(folder: &Path, workspace: &Path) -> Result<Vec<Sealed>, String> {
    let read = |path: PathBuf| {
        let architecture = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Sealed { architecture, zip: fs::read(path)? })
    };
    let found = fingerprint(workspace)
        .and_then(|sources| fs::read_dir(folder.join(sources)))
        .and_then(|entries| entries.map(|entry| read(entry?.path())).collect());
    let mut sealed: Vec<Sealed> = found.map_err(|error: io::Error| {
        format!("`{}` has no package of these sources of the Lambda ({error})", folder.display())
    })?;
    sealed.sort_by(|a, b| a.architecture.cmp(&b.architecture));
    Ok(sealed)
}

/// One hash of all sources of the Lambda's program, by names and contents.
pub(crate) fn fingerprint(workspace: &Path) -> io::Result<String> {
    let mut all = Sha256::new();
    for source in SOURCES {
        for path in files(&workspace.join(source))? {
            let name = path.strip_prefix(workspace).unwrap_or(&path).to_string_lossy().into_owned();
            let content = Sha256::digest(fs::read(&path)?);
            all.update(format!("{name}\0{}\n", hex::encode(content)));
        }
    }
    Ok(hex::encode(all.finalize()))
}

/// The file, or all files below the folder in order, without hidden ones.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with('.') && name != "target" {
            found.extend(files(&entry.path())?);
        }
    }
    found.sort();
    Ok(found)
}
