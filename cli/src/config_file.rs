//! Finds and reads `s3guard.toml`, and shows mistakes with their position. `posture::config` decides what is valid.

mod file;
pub(crate) mod origin;
mod text;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use s3guard_posture::config::PathPart;
use s3guard_posture::{Config, KeyArn};
use time::Date;

use crate::error::{Advice as _, Mistakes};
use crate::exit::Exit;

/// What to do about a grade that needs a key and has none.
pub(crate) const NEEDS_KEY: &str = "add the ARN of a key for each Region to `[keys]` in `s3guard.toml`, or give it with `--key`; \
                                   `aws kms create-key` creates one";

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

    /// What is valid and probably not wanted: exemptions that have ended.
    pub(crate) fn warnings(&self, today: Date) -> Vec<String> {
        let ended = self.config.ended(today).into_iter().map(|ending| {
            let exemption = PathPart::Key("exemption".to_owned());
            let line = self.line(&[exemption, PathPart::Index(ending.number - 1)]);
            format!("{}:{line}: {ending}; remove it, or set a later `until`", self.path.display())
        });
        ended.collect()
    }

    /// Refuses a grade without a key: a deployment without `--key` would fail.
    pub(crate) fn check_keys(&self) -> anyhow::Result<()> {
        let grade = self.config.grade().unwrap_or_default();
        let keyed: Vec<_> = self.config.keys().map(KeyArn::region).collect();
        let mut regions = self.config.deploy().regions.iter();
        let missing = regions.find(|region| !keyed.contains(region));
        if !grade.needs_key() || (missing.is_none() && !keyed.is_empty()) {
            return Ok(());
        }
        let place = missing.map(|region| format!(" in `{region}`")).unwrap_or_default();
        let line = self.line(&[PathPart::Key("grade".to_owned())]);
        Err(anyhow!(
            "{}:{line}: grade `{grade}` needs a KMS key{place}, and `[keys]` has none",
            self.path.display()
        ))
        .hint(NEEDS_KEY)
        .exit(Exit::Usage)
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
