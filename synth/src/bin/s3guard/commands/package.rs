//! `s3guard package`: the Lambda as a zip, built the same everywhere.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use crate::cli;
use crate::config::ConfigArgs;
use crate::failure::{Advice as _, Exit};
use crate::files;
use crate::output::Output;
use crate::package::{self, Architecture, Source};

/// Build the Lambda and zip it for upload
///
/// The configuration `s3guard.toml`, if there is one, goes into the zip beside the program.
///
/// Reads the program before zipping it, and refuses one that would not start in the Lambda: for
/// another processor, for a newer glibc than provided.al2023 has, or with libraries that are not
/// there. The same sources give the same bytes, from any folder.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    /// Write the zip to this file; without it, to `s3guard/bootstrap-ARCH.zip` in Cargo's target folder
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Processor that the Lambda runs on
    #[arg(long, value_name = "ARCH", default_value = "x86_64")]
    arch: Architecture,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    source: BuildArgs,
}

/// Where the program comes from, for every command that packages.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BuildArgs {
    /// Zip this program instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "cargo_profile", help_heading = "Package")]
    bootstrap: Option<PathBuf>,

    /// Cargo profile to build with; only `lambda` gives the same bytes everywhere
    #[arg(long, value_name = "NAME", default_value = "lambda", help_heading = "Package")]
    cargo_profile: String,
}

impl BuildArgs {
    pub(crate) fn source(&self) -> Source {
        match &self.bootstrap {
            Some(path) => Source::Binary(path.clone()),
            None => Source::Workspace { cargo_profile: self.cargo_profile.clone() },
        }
    }
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let json = args.config.read(output)?.map(|config| config.to_json());
    let package = package::make(&args.source.source(), args.arch, json.as_deref())?;
    let path = args.out.as_deref().unwrap_or(&package.default_path);
    if args.out.is_none()
        && let Some(folder) = path.parent()
    {
        fs::create_dir_all(folder)
            .with_context(|| format!("folder `{}` could not be made", folder.display()))
            .hint("name another file with `--out`")?;
    }
    files::write(path, &package.zip)?;
    output.result(&Packaged {
        file: path.display().to_string(),
        architecture: package.architecture,
        size_bytes: package.zip.len(),
        sha256: package.sha256_hex(),
        key: package.key(),
    })?;
    Ok(Exit::Done)
}

/// What was packaged.
#[derive(Serialize)]
struct Packaged {
    file: String,
    architecture: Architecture,
    size_bytes: usize,
    sha256: String,
    key: String,
}

impl fmt::Display for Packaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "file          {}", self.file)?;
        writeln!(f, "architecture  {}", self.architecture)?;
        writeln!(f, "size          {} bytes", self.size_bytes)?;
        writeln!(f, "sha256        {}", self.sha256)?;
        writeln!(f, "key           {}", self.key)
    }
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard package\n  s3guard package --arch arm64 --out guard.zip\n  \
                    s3guard package --bootstrap target/lambda/bootstrap/bootstrap\n\n";
    examples.to_owned() + &cli::exit_codes(&[Exit::Done, Exit::Failed, Exit::Usage])
}
