//! `s3guard synth`: writes the template, to review it or to upload it by hand.

use std::path::PathBuf;

use anyhow::Context as _;
use s3guard_posture::text::shown_json;
use s3guard_synth::stacks;

use crate::args::config::ConfigArgs;
use crate::exit::Exit;
use crate::files;
use crate::ui::output::{Form, Output};

/// Write the guard's CloudFormation template
///
/// Writes YAML, or JSON with `--output json`. Needs no account and no network. The same version and configuration give the same bytes. The template contains the
/// subscriptions of `s3guard.toml`, and the package contains the whole file, so make both from the same file. To upload
/// the template by hand, run `s3guard package`, put the zip into a versioned bucket of the stack's Region, and set
/// the parameters `CodeBucket`, `CodeKey` and `CodeVersion`. Delete retained buckets of an earlier stack first, or set another `BucketPrefix`: only
/// `s3guard deploy` takes them back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let config = args.config.read(output)?.unwrap_or_default();
    if let Some(found) = args.config.find()?
        && let Err(error) = found.check_keys()
    {
        output.warn(format_args!("{error}: a deployment needs the parameter `BucketKeyArn`"));
    }
    let template = stacks::guard_with(&config);
    let text = match output.form() {
        Form::Text => template.to_yaml(),
        Form::Json => template.to_json_pretty().map(|json| shown_json(&json)),
        Form::Ndjson => template.to_json().map(|json| shown_json(&json) + "\n"),
    }
    .context("the template cannot be rendered, which is a mistake in s3guard")?;
    match &args.out {
        Some(path) => files::write(path, text.as_bytes())?,
        None => output.raw(text.as_bytes())?,
    }
    // Source: AWS CloudFormation API Reference, `CreateChangeSet`.
    output.say(format_args!(
        "the template has {} bytes, and CloudFormation takes 51200 in a call: upload it as a file, or give its URL in S3",
        text.len()
    ));
    Ok(Exit::Done)
}
