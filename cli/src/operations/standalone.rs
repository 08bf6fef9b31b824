//! Builds the command with embedded packages.

use std::fmt;
use std::fs;

use anyhow::Context as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::exit::Exit;
use crate::package;
use crate::package::{Architecture, Sealed};
use crate::ui::output::Output;

/// Builds the command with embedded packages.
pub(crate) fn standalone(architectures: &[Architecture], output: &Output) -> anyhow::Result<Exit> {
    let mut wanted: Vec<Architecture> = Vec::new();
    for architecture in architectures {
        if !wanted.contains(architecture) {
            wanted.push(*architecture);
        }
    }
    let built = package::standalone(&wanted)?;
    let bytes = fs::read(&built.path)
        .with_context(|| format!("`{}` could not be read", built.path.display()))?;
    let carried = |one: Sealed| Carried {
        architecture: one.architecture,
        size_bytes: one.zip.len(),
        sha256: one.sha256,
    };
    output.result(&Standalone {
        file: built.path.display().to_string(),
        size_bytes: bytes.len(),
        sha256: hex::encode(Sha256::digest(&bytes)),
        packages: built.packages.into_iter().map(carried).collect(),
    })?;
    Ok(Exit::Done)
}

/// The command that was built.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Standalone {
    file: String,
    size_bytes: usize,
    sha256: String,
    packages: Vec<Carried>,
}

/// An embedded package.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Carried {
    architecture: String,
    size_bytes: usize,
    sha256: String,
}

impl fmt::Display for Standalone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "file     {}", self.file)?;
        writeln!(f, "size     {} bytes", self.size_bytes)?;
        writeln!(f, "sha256   {}", self.sha256)?;
        for Carried { architecture, size_bytes, sha256 } in &self.packages {
            writeln!(f, "package  {architecture}, {size_bytes} bytes, {sha256}")?;
        }
        Ok(())
    }
}
