//! The packages inside this command, so that it needs neither sources nor Rust.

use std::fmt::Write as _;

use anyhow::anyhow;

use crate::error::Advice as _;
use crate::package::Architecture;

/// A package inside the command, as `s3guard package` made it from the same sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Embedded {
    /// As CloudFormation spells it.
    pub(crate) architecture: &'static str,
    pub(crate) sha256: &'static str,
    pub(crate) zip: &'static [u8],
}

/// The packages; `build.rs` has checked that they belong to these sources.
#[cfg(feature = "embedded")]
pub(crate) const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
#[cfg(not(feature = "embedded"))]
pub(crate) const EMBEDDED: &[Embedded] = &[];

/// The package for a processor.
pub(crate) fn zip(inside: &[Embedded], architecture: Architecture) -> anyhow::Result<Vec<u8>> {
    let found = inside.iter().find(|one| one.architecture == architecture.as_str());
    let Some(found) = found else {
        let names: Vec<&str> = inside.iter().map(|one| one.architecture).collect();
        let (problem, hint) = match names.join(" and ") {
            names if names.is_empty() => (
                "this s3guard carries no package".to_owned(),
                "`cargo standalone` in a clone of s3guard makes one that does".to_owned(),
            ),
            names => (
                format!("this s3guard carries a package for {names} only"),
                format!(
                    "choose that with `--arch`, or package for {architecture} in a clone of s3guard"
                ),
            ),
        };
        return Err(anyhow!(problem)).hint(hint);
    };
    Ok(found.zip.to_vec())
}

/// The version, and the hash of each package without a configuration.
pub(crate) fn long_version(inside: &[Embedded]) -> String {
    let mut text = env!("CARGO_PKG_VERSION").to_owned();
    for Embedded { architecture, sha256, .. } in inside {
        let _ = write!(text, "\npackage {architecture}  {sha256}");
    }
    text
}
