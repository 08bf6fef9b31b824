//! `s3guard init`: a first configuration.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use crate::args::init::InitArgs;
use crate::config_file;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::files;
use crate::operations::init::{interview, text};
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// Write a first configuration `s3guard.toml`
///
/// On a terminal, asks for each setting; the flags are the defaults. Every setting is explained in the file; settings that
/// are optional are commented out. Makes no calls.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "s3guard.toml")]
    out: PathBuf,

    /// Replace an existing file
    #[arg(long)]
    force: bool,

    /// Take the flags and the defaults, and do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    settings: InitArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let mut settings = args.settings.clone();
    if !args.yes && io::stdin().is_terminal() {
        if !args.force && args.out.exists() {
            return exists(&args.out);
        }
        interview::ask(&mut settings, interview::read_line, |line| output.say(line))?;
    }
    let text = text(&settings)
        .map_err(|problem| anyhow!(problem))
        .hint("give the ARN of one KMS key in each Region with `--key`")
        .exit(Exit::Usage)?;
    config_file::check(&args.out.display().to_string(), &text)
        .context("the configuration would be wrong, which is a mistake in s3guard")?;
    if args.force {
        files::write(&args.out, text.as_bytes())?;
    } else if !files::write_new(&args.out, text.as_bytes())? {
        return exists(&args.out);
    }
    output.say(format_args!("`{}` written; every setting is explained in it", args.out.display()));
    let regions = &settings.guarded;
    if !regions.is_empty() && regions.iter().all(|region| region.as_str() != "us-east-1") {
        output.say(
            "buckets that are created through the global endpoint are detected only in us-east-1, which is not among \
             the Regions",
        );
    }
    output.say(format_args!("next: {}", next(&args.out)));
    output.result(&WrittenFile { file: args.out.display().to_string() })?;
    Ok(Exit::Done)
}

/// The file that was written; there is no text on stdout.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WrittenFile {
    file: String,
}

impl Printable for WrittenFile {
    fn print(&self, _: &mut Text) {}
}

fn exists(path: &Path) -> anyhow::Result<Exit> {
    Err(anyhow!("`{}` exists already", path.display()))
        .hint("name another file with `--out`, or replace it with `--force`")
        .exit(Exit::Usage)
}

/// The command to run next: a file of another name has to be named.
fn next(path: &Path) -> String {
    match path.to_str() {
        Some("s3guard.toml") => "`s3guard deploy`".to_owned(),
        _ => format!("`s3guard deploy --config {}`", path.display()),
    }
}
