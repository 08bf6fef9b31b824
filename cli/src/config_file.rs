//! Finds and reads `s3guard.toml`, and shows mistakes with their position. `posture::config` decides what is valid.

mod file;
pub(crate) mod origin;
mod text;

use std::path::{Path, PathBuf};

use s3guard_posture::Config;
use s3guard_posture::config::PathPart;

use crate::error::{Advice as _, Mistakes};
use crate::exit::Exit;

/// A configuration, and its path from the current folder.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) config: Config,
    pub(crate) text: String,
}

/// Reads the named file, else `s3guard.toml` in the folder or above it, up to the repository's root.
pub(crate) fn load(named: Option<&Path>, folder: &Path) -> anyhow::Result<Option<Found>> {
    let Some(path) = named.map(Path::to_owned).or_else(|| file::find(folder)) else {
        return Ok(None);
    };
    let bytes = file::read(folder, &path).exit(Exit::Usage)?;
    let (config, text) = text::read(&path.display().to_string(), bytes)?;
    Ok(Some(Found { path, config, text }))
}

/// Reads a configuration that is not in a file yet.
pub(crate) fn check(name: &str, text: &str) -> Result<Config, Mistakes> {
    text::read(name, text.as_bytes().to_vec()).map(|(config, _)| config)
}

impl Found {
    /// The line of the file, from 1, with a setting.
    pub(crate) fn line(&self, path: &[PathPart]) -> usize {
        text::line(&self.text, path)
    }

    /// A configuration that was found in a text.
    #[cfg(test)]
    pub(crate) fn of_text(path: &str, text: &str) -> Result<Self, Mistakes> {
        let (config, text) = text::read(path, text.as_bytes().to_vec())?;
        Ok(Self { path: PathBuf::from(path), config, text })
    }
}

#[cfg(test)]
mod tests;
