//! The command itself, built anew with the package inside.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context as _, anyhow};
use sha2::{Digest as _, Sha256};

use crate::error::Advice as _;
use crate::package::seal;
use crate::package::seal::Sealed;
use crate::package::{Architecture, build, workspace, zipped};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A command that was built, and what is inside.
pub(crate) struct Standalone {
    pub(crate) path: PathBuf,
    pub(crate) packages: Vec<Sealed>,
}

/// Packages the Lambda for these processors, and builds a command that carries the packages.
pub(crate) fn build(architectures: &[Architecture]) -> anyhow::Result<Standalone> {
    let workspace = workspace::find()?;
    let mut packages = Vec::new();
    let mut target_folder = PathBuf::new();
    for architecture in architectures {
        let built = build::bootstrap(&workspace, build::RELEASED, *architecture)?;
        // Without a configuration: it is the caller's, and goes in when there is a caller.
        packages.push((architecture.to_string(), zipped(&built.binary, *architecture)?));
        target_folder = built.target_folder;
    }
    let folder = target_folder.join("s3guard/standalone");
    close(&folder, &workspace, VERSION, &packages)
        .with_context(|| format!("folder `{}` could not be written", folder.display()))
        .hint("Cargo's target folder has to be writable; `CARGO_TARGET_DIR` names another")?;
    // As the build will: what it would refuse is told before minutes have passed.
    let packages = seal::open(&folder, &workspace, VERSION)
        .map_err(|problem| anyhow!(problem))
        .hint("is this s3guard older than the clone? `cargo standalone` runs the clone's own")?;
    let path = build::command(&workspace, &folder)?;
    Ok(Standalone { path, packages })
}

/// Puts packages into a folder, as those of this version and these sources.
fn close(
    folder: &Path,
    workspace: &Path,
    version: &str,
    packages: &[(String, Vec<u8>)],
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut text = format!("version {version}\nsources {}\n", seal::fingerprint(workspace)?);
    for (architecture, zip) in packages {
        fs::write(folder.join(seal::file(architecture)), zip)?;
        let _ = writeln!(text, "package {architecture} {}", hex::encode(Sha256::digest(zip)));
    }
    // The last, so that what was interrupted is not taken for whole.
    fs::write(folder.join(seal::SEAL), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::seal::{SEAL, SOURCES, open};

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
        close(&folder, place.path(), "1.2.3", &[("x86_64".to_owned(), b"zip".to_vec())]).unwrap();
        (place, folder)
    }

    #[track_caller]
    fn refused(folder: &Path, workspace: &Path, version: &str, part: &str) {
        let problem = open(folder, workspace, version).unwrap_err();
        assert!(problem.contains(part), "{problem}");
    }

    #[test]
    fn what_was_sealed_is_opened_with_the_same_sources_and_version() {
        let (place, folder) = sealed();
        let found = open(&folder, place.path(), "1.2.3").unwrap();
        assert_eq!((found.len(), &found[0].zip[..]), (1, &b"zip"[..]));
        assert_eq!((found[0].architecture.as_str(), found[0].sha256.len()), ("x86_64", 64));
        // What an editor leaves is no source.
        fs::write(place.path().join("aws/src/.lib.rs.swp"), "").unwrap();
        assert!(open(&folder, place.path(), "1.2.3").is_ok());
    }

    #[test]
    fn another_version_changed_sources_and_what_is_missing_are_refused_by_name() {
        let (place, folder) = sealed();
        let root = place.path();
        refused(&folder, root, "1.2.4", "is of version 1.2.3, this is 1.2.4");
        refused(&root.join("nowhere"), root, "1.2.3", "has no file `seal`");
        for source in ["aws/src/lib.rs", "aws/src/new.rs", "Cargo.lock"] {
            let (place, folder) = sealed();
            fs::write(place.path().join(source), "changed").unwrap();
            refused(&folder, place.path(), "1.2.3", "is stale");
        }
        fs::write(folder.join("x86_64.zip"), "another").unwrap();
        refused(&folder, root, "1.2.3", "is not the one that was packaged");
        fs::remove_file(folder.join("x86_64.zip")).unwrap();
        refused(&folder, root, "1.2.3", "lacks `x86_64.zip`");
        let seal = fs::read_to_string(folder.join(SEAL)).unwrap();
        for part in ["", "version 1.2.3\n", seal.split("package").next().unwrap()] {
            fs::write(folder.join(SEAL), part).unwrap();
            refused(&folder, root, "1.2.3", "is not whole");
        }
        fs::write(folder.join(SEAL), "hello\n").unwrap();
        refused(&folder, root, "1.2.3", "a line `hello`");
    }
}
