//! What says of packages that they are those of certain sources: who puts them into the command checks it.
//!
//! `standalone` seals what it has packaged; `build.rs` opens it, and has this file, too.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// The variable that tells `build.rs` in which folder the packages are.
pub(crate) const VARIABLE: &str = "S3GUARD_EMBED";
/// What the Lambda's program is made of.
pub(crate) const SOURCES: [&str; 6] =
    [".cargo/config.toml", "Cargo.lock", "Cargo.toml", "aws", "lambda", "posture"];
/// The file beside the packages.
pub(crate) const SEAL: &str = "seal";

/// A package, and for which processor it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) architecture: String,
    pub(crate) sha256: String,
    pub(crate) zip: Vec<u8>,
}

/// Gives the packages of a folder, if they are those of this version and these sources; else why not.
pub(crate) fn open(folder: &Path, workspace: &Path, version: &str) -> Result<Vec<Sealed>, String> {
    let shown = folder.display();
    let seal = fs::read_to_string(folder.join(SEAL))
        .map_err(|error| format!("`{shown}` has no file `{SEAL}` that can be read ({error})"))?;
    let mut sealed = Vec::new();
    let (mut is_version, mut is_source) = (false, false);
    for line in seal.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["version", of] if of == version => is_version = true,
            ["version", of] => {
                return Err(format!("`{shown}` is of version {of}, this is {version}"));
            }
            ["sources", of] => {
                let now = fingerprint(workspace).map_err(|error| error.to_string())?;
                if of != now {
                    return Err(format!(
                        "`{shown}` is stale: the sources of the Lambda have changed since"
                    ));
                }
                is_source = true;
            }
            ["package", architecture, sha256] => {
                let zip = fs::read(folder.join(file(architecture))).map_err(|error| {
                    format!("`{shown}` lacks `{}` ({error})", file(architecture))
                })?;
                if hex::encode(Sha256::digest(&zip)) != sha256 {
                    return Err(format!(
                        "`{}` in `{shown}` is not the one that was packaged",
                        file(architecture)
                    ));
                }
                let (architecture, sha256) = (architecture.to_owned(), sha256.to_owned());
                sealed.push(Sealed { architecture, sha256, zip });
            }
            _ => {
                return Err(format!("`{SEAL}` in `{shown}` has a line `{line}` that nobody wrote"));
            }
        }
    }
    if is_version && is_source && !sealed.is_empty() {
        return Ok(sealed);
    }
    Err(format!("`{SEAL}` in `{shown}` is not whole"))
}

pub(crate) fn file(architecture: &str) -> String {
    format!("{architecture}.zip")
}

/// One hash of all that the Lambda's program is made of, by names and contents.
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

/// The file itself, or all files below the folder in the order of their names; editors' hidden ones are none.
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
