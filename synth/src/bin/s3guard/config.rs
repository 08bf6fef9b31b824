//! `s3guard.toml`: finds it, reads it, and shows what is wrong with it where it stands.
//!
//! What a configuration may say is decided in `posture::config`. Here its mistakes get their lines.

mod args;
mod file;
mod mistakes;
mod text;

use std::path::{Path, PathBuf};

use s3guard_posture::Config;

pub(crate) use self::args::{ConfigArgs, deployment};
pub(crate) use self::mistakes::Mistakes;
use crate::failure::{Advice as _, Exit};

/// A configuration, and where it was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) config: Config,
}

/// Reads the file that is named, else `s3guard.toml` in the folder or above it, up to the repository's root; there may
/// be none.
pub(crate) fn load(named: Option<&Path>, folder: &Path) -> anyhow::Result<Option<Found>> {
    let Some(place) = named.map(file::Place::named).or_else(|| file::find(folder)) else {
        return Ok(None);
    };
    let bytes = file::read(&place).exit(Exit::Usage)?;
    let config = text::read(&place.shown, bytes)?;
    Ok(Some(Found { path: place.path, config }))
}

#[cfg(test)]
mod tests;
