//! Files that are written completely or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::error::Advice as _;

/// Writes a file so that a reader sees the old bytes or the new ones, never a part.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    explained(path, write_whole(path, bytes))
}

/// Writes a new file completely; returns whether it did, which it does not if the file exists.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    explained(path, write_first(path, bytes))
}

fn explained<T>(path: &Path, written: anyhow::Result<T>) -> anyhow::Result<T> {
    written
        .with_context(|| format!("`{}` could not be written", path.display()))
        .hint("name a file in an existing folder that you may write to")
}

fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    // A link stays a link: its target is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        // A device or a pipe cannot be replaced, only written to.
        return Ok(fs::write(&target, bytes)?);
    }
    if target.is_dir() {
        anyhow::bail!("it is a folder");
    }
    temporary(&target, bytes)?.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

fn write_first(path: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    match temporary(path, bytes)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error.into()),
    }
}

/// A file with the bytes, in the folder where it will be.
fn temporary(target: &Path, bytes: &[u8]) -> anyhow::Result<NamedTempFile<File>> {
    let folder = folder(target);
    if !folder.is_dir() {
        anyhow::bail!("there is no folder `{}`", folder.display());
    }
    let mut file = tempfile::Builder::new()
        .prefix(".s3guard-")
        // Opened here, because `tempfile` adds the name of the temporary file to the error.
        .make_in(folder, |path| {
            // The mode of any new file, which the umask reduces.
            OpenOptions::new().write(true).create_new(true).mode(0o666).open(path)
        })?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        write(&path, b"first and long").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_there_is_not_replaced_by_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        assert!(write_new(&path, b"first").unwrap());
        assert!(!write_new(&path, b"second").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, b"old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("no/such/out"), b"").unwrap_err();
        assert!(format!("{error}").contains("no/such/out` could not be written"), "{error}");
        assert!(format!("{error:#}").ends_with("no/such`"), "{error:#}");
        let error = write(folder.path(), b"").unwrap_err();
        assert!(format!("{error:#}").ends_with("it is a folder"), "{error:#}");
    }

    #[test]
    fn the_error_of_the_system_is_kept() {
        // A folder in which not even root can create a file.
        let error = write(Path::new("/proc/out"), b"").unwrap_err();
        let words = error.root_cause().to_string();
        assert!(words.contains(" (os error ") && !words.contains("/proc"), "{words}");
    }
}
