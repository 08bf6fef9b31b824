//! Builds the command with the packages inside.

use std::path::Path;
use std::{fs, io};

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::Advice as _;
use crate::package::seal;
use crate::package::seal::Sealed;
use crate::package::{Architecture, Source, build, make, read, stem, workspace};
use crate::ui::text::{Printable, Text};

/// The command that was built.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Standalone {
    file: String,
    size_bytes: usize,
    sha256: String,
    packages: Vec<Carried>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Carried {
    architecture: String,
    size_bytes: usize,
    sha256: String,
}

/// Builds a command with the packages for these processors: those in a folder, or new ones. They have no configuration,
/// which is added when the command is used.
pub(crate) fn build(
    architectures: &[Architecture],
    made: Option<&Path>,
) -> anyhow::Result<Standalone> {
    let workspace = workspace::find()?;
    let source = |architecture| match made {
        Some(folder) => Source::Zip(folder.join(format!("{}.zip", stem(architecture)))),
        None => Source::Workspace { cargo_profile: build::RELEASED.to_owned() },
    };
    let packages = architectures.iter().map(|architecture| {
        let zip = make(&source(*architecture), *architecture, None)?.zip;
        Ok(Sealed { architecture: architecture.to_string(), zip })
    });
    let packages = packages.collect::<anyhow::Result<Vec<Sealed>>>()?;
    let folder = build::target_folder(&workspace)?.join("s3guard/standalone");
    close(&folder, &workspace, &packages)
        .with_context(|| format!("folder `{}` could not be written", folder.display()))
        .hint("Cargo's target folder has to be writable; `CARGO_TARGET_DIR` names another")?;
    let packages = seal::open(&folder, &workspace).map_err(|problem| anyhow!(problem))?;
    let path = build::command(&workspace, &folder)?;
    let bytes = read(&path)?;
    let carried = |one: &Sealed| Carried {
        architecture: one.architecture.clone(),
        size_bytes: one.zip.len(),
        sha256: one.sha256(),
    };
    Ok(Standalone {
        file: path.display().to_string(),
        size_bytes: bytes.len(),
        sha256: hex::encode(Sha256::digest(&bytes)),
        packages: packages.iter().map(carried).collect(),
    })
}

impl Printable for Standalone {
    fn print(&self, text: &mut Text) {
        text.line(format_args!("file     {}", self.file));
        text.line(format_args!("size     {} bytes", self.size_bytes));
        text.line(format_args!("sha256   {}", self.sha256));
        for Carried { architecture, size_bytes, sha256 } in &self.packages {
            text.line(format_args!("package  {architecture}, {size_bytes} bytes, {sha256}"));
        }
    }
}

/// Writes the packages of these sources to a folder, in place of earlier ones.
fn close(folder: &Path, workspace: &Path, packages: &[Sealed]) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let new = folder.join("new");
    fs::create_dir_all(&new)?;
    for Sealed { architecture, zip } in packages {
        fs::write(new.join(format!("{architecture}.zip")), zip)?;
    }
    // Last, so that an interrupted run leaves no incomplete folder of that name.
    fs::rename(new, folder.join(seal::fingerprint(workspace)?))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::package::seal::{SOURCES, open};

    /// A workspace in small, and a folder with a package of it.
    fn sealed() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        for source in SOURCES {
            let path = place.path().join(source);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if source.contains('.') {
                fs::write(path, source).unwrap();
            } else {
                fs::create_dir_all(path.join("src")).unwrap();
                fs::write(path.join("src/lib.rs"), source).unwrap();
            }
        }
        let folder = place.path().join("folder");
        let package = Sealed { architecture: "x86_64".to_owned(), zip: b"zip".to_vec() };
        close(&folder, place.path(), &[package]).unwrap();
        (place, folder)
    }

    #[test]
    fn what_was_sealed_is_opened_with_the_same_sources() {
        let (place, folder) = sealed();
        let found = open(&folder, place.path()).unwrap();
        assert_eq!((found.len(), &found[0].zip[..]), (1, &b"zip"[..]));
        assert_eq!((found[0].architecture.as_str(), found[0].sha256().len()), ("x86_64", 64));
        // What an editor leaves is no source.
        fs::write(place.path().join("aws/src/.lib.rs.swp"), "").unwrap();
        assert_eq!(open(&folder, place.path()).unwrap(), found);
        // The same again takes the place of what is there.
        close(&folder, place.path(), &found).unwrap();
        assert_eq!(open(&folder, place.path()).unwrap(), found);
    }

    #[test]
    fn the_packages_of_changed_sources_are_not_taken() {
        for source in ["aws/src/lib.rs", "aws/src/new.rs", "Cargo.lock", "Cargo.toml"] {
            let (place, folder) = sealed();
            fs::write(place.path().join(source), "changed").unwrap();
            let problem = open(&folder, place.path()).unwrap_err();
            assert!(problem.contains("has no package of these sources"), "{problem}");
        }
    }
}
