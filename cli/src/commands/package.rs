//! `s3guard package`: builds the zip of the Lambda, reproducibly.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use crate::args::build::BuildArgs;
use crate::args::config::ConfigArgs;
use crate::args::matching;
use crate::error::{Advice as _, Invalid};
use crate::exit::Exit;
use crate::files;
use crate::package;
use crate::package::Architecture;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// Build the functions and zip them for upload
///
/// The configuration `s3guard.toml`, if there is one, is added to the zip.
///
/// A program that would not start in the Lambda is refused: one for another processor, for a newer
/// glibc than that of provided.al2023, or with missing libraries. The same sources give the same
/// bytes in any folder.
///
/// In a clone of s3guard, its sources are packaged; elsewhere, the program inside the command is, if
/// `--standalone` built the command. Such a command needs neither sources nor Rust.
///
/// `--verify` fails if the package has another hash, and says what differs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write the zip to this file [default: `s3guard/bootstrap-ARCH.zip` in Cargo's target folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Processor of the Lambda; `--standalone` accepts both, as `x86_64,arm64`
    #[arg(long, value_name = "ARCH", default_value = "x86_64", value_delimiter = ',')]
    arch: Vec<Architecture>,

    /// Compare the package with a published hash: hexadecimal, or as Lambda's `CodeSha256`
    #[arg(long, value_name = "HASH", value_parser = hash, conflicts_with = "standalone")]
    verify: Option<String>,

    /// Write the crates in the program to this file, as a `CycloneDX` bill of materials
    #[arg(long, value_name = "FILE", conflicts_with_all = ["standalone", "bootstrap", "embedded"])]
    sbom: Option<PathBuf>,

    /// Build this command with the package inside, from the sources of a clone
    #[arg(long, conflicts_with_all = ["out", "bootstrap", "cargo_profile", "embedded"])]
    standalone: bool,

    /// Put the packages `bootstrap-ARCH.zip` of this folder inside, which were built from the same sources
    #[arg(long, value_name = "FOLDER", requires = "standalone")]
    packages: Option<PathBuf>,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    source: BuildArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    if args.standalone {
        output.result(&package::standalone(&args.arch, args.packages.as_deref())?)?;
        return Ok(Exit::Done);
    }
    let &[arch] = &args.arch[..] else {
        return Err(anyhow!("a package is for one processor"))
            .hint("run the command once for each `--arch`")
            .exit(Exit::Usage);
    };
    let json = args.config.read(output)?.map(|config| config.to_json());
    let source = args.source.source();
    let package = package::make(&source, arch, json.as_deref())?;
    let path = args.out.as_deref().unwrap_or(&package.default_path);
    if args.out.is_none()
        && let Some(folder) = path.parent()
    {
        fs::create_dir_all(folder)
            .with_context(|| format!("folder `{}` could not be created", folder.display()))
            .hint("name another file with `--out`")?;
    }
    files::write(path, &package.zip)?;
    if let Some(sbom) = &args.sbom {
        files::write(sbom, package::sbom(&package)?.as_bytes())?;
    }
    output.result(&BuiltPackage {
        file: path.display().to_string(),
        architecture: package.architecture,
        size_bytes: package.zip.len(),
        sha256: package.sha256_hex(),
        key: package.key(),
    })?;
    if let Some(expected) = &args.verify {
        package::verify(&package, &source, expected)?;
        output.say("the package has the hash of `--verify`");
    }
    Ok(Exit::Done)
}

fn hash(text: &str) -> Result<String, Invalid> {
    let pattern = "^([0-9a-f]{64}|[A-Za-z0-9+/]{43}=)$";
    let hint = "write 64 hexadecimal digits, or the 44 characters of `CodeSha256`";
    matching(pattern, text, "is no SHA-256", hint)
}

/// What was packaged.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BuiltPackage {
    file: String,
    architecture: Architecture,
    size_bytes: usize,
    sha256: String,
    key: String,
}

impl Printable for BuiltPackage {
    fn print(&self, text: &mut Text) {
        text.line(format_args!("file          {}", self.file));
        text.line(format_args!("architecture  {}", self.architecture));
        text.line(format_args!("size          {} bytes", self.size_bytes));
        text.line(format_args!("sha256        {}", self.sha256));
        text.line(format_args!("key           {}", self.key));
    }
}
