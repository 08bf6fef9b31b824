//! `s3guard synth`: the template, for reading, reviewing and uploading by hand.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use s3guard_synth::stacks;

use crate::args::config::ConfigArgs;
use crate::exit::Exit;
use crate::files;
use crate::ui::output::{Form, Output};

/// Write the guard's CloudFormation template
///
/// Needs no account and no network. The same version and configuration write the same bytes anywhere. Of the
/// configuration `s3guard.toml`, if there is one, the template has who hears of what; all of it goes into the package, so make both
/// with the same. To upload the
/// template by hand, run `s3guard package`, put the zip into a bucket of the stack's region and
/// give its name and key as the parameters `CodeBucket` and `CodeKey`. Buckets that an earlier stack left must be
/// gone then, or another `BucketPrefix` be given: only `s3guard deploy` takes them back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Notation of the template; `yaml` unless `--output json` is given
    #[arg(long, value_name = "NOTATION")]
    format: Option<Notation>,

    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Notation {
    /// For people
    Yaml,
    /// For programs
    Json,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let config = args.config.read(output)?.unwrap_or_default();
    let template = stacks::guard_with(&config);
    let notation = args.format.unwrap_or(match output.form() {
        Form::Text => Notation::Yaml,
        Form::Json | Form::Ndjson => Notation::Json,
    });
    let text = match notation {
        Notation::Yaml => template.to_yaml(),
        Notation::Json => template.to_json_pretty(),
    }
    .context("the template cannot be rendered, which is a mistake in s3guard")?;
    match &args.out {
        Some(path) => files::write(path, text.as_bytes())?,
        None => output.raw(text.as_bytes())?,
    }
    if text.len() > stacks::TEMPLATE_BODY_BYTES_MAX {
        output.say(format_args!(
            "the template has {} bytes, and CloudFormation takes {} in a call: upload it as a file, or give its URL in S3",
            text.len(),
            stacks::TEMPLATE_BODY_BYTES_MAX,
        ));
    }
    Ok(Exit::Done)
}
