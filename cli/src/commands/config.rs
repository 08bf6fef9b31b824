//! `s3guard config`: shows and checks the configuration, and prints its schema, without calling AWS.

use std::ffi::OsString;

use anyhow::anyhow;
use clap::Subcommand;
use serde::Serialize;
use time::OffsetDateTime;

use crate::args::config::ConfigArgs;
use crate::config_file::origin;
use crate::config_file::origin::Row;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

const SCHEMA: &[u8] = include_bytes!("../../../schemas/s3guard.schema.json");

/// Show the settings in effect, or check `s3guard.toml`
///
/// Reads `s3guard.toml` and the environment, and makes no calls.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the effective settings
    Show(Show),
    /// Check the file, show every mistake with its position, and print its path
    Check(ConfigArgs),
    /// Print the JSON Schema of the file, for editors
    Schema,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// Show where each setting is set
    #[arg(long)]
    origin: bool,

    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(
    args: &Args,
    output: &Output,
    now: OffsetDateTime,
    variable: impl Fn(&str) -> Option<OsString>,
) -> anyhow::Result<Exit> {
    match &args.what {
        What::Show(show) => {
            let found = show.config.find()?;
            let settings = origin::rows(found.as_ref(), |name| {
                variable(name).map(|value| value.to_string_lossy().into_owned())
            });
            output.result(&ShownConfig { settings, with_origin: show.origin })?;
        }
        What::Schema => output.raw(SCHEMA)?,
        What::Check(config) => {
            let found = config
                .find()?
                .ok_or_else(|| {
                    anyhow!(
                        "there is no `s3guard.toml` in this folder or above it in the repository"
                    )
                })
                .hint("name one with `--config`, or write one with `s3guard init`")
                .exit(Exit::Usage)?;
            if variable("S3GUARD_KEY").is_none() {
                found.check_keys()?;
            }
            let warnings = found.warnings(now.date());
            for warning in &warnings {
                output.warn(warning);
            }
            output.say("no mistakes");
            output.result(&CheckedFile { file: found.path.display().to_string(), warnings })?;
        }
    }
    Ok(Exit::Done)
}

/// The effective settings; as text, one per line.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShownConfig {
    settings: Vec<Row>,
    #[serde(skip)]
    with_origin: bool,
}

/// A file without a mistake.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CheckedFile {
    file: String,
    warnings: Vec<String>,
}

impl Printable for CheckedFile {
    fn print(&self, text: &mut Text) {
        text.line(&self.file);
    }
}

impl Printable for ShownConfig {
    fn print(&self, text: &mut Text) {
        for Row { setting, value, origin } in &self.settings {
            if self.with_origin {
                text.line(format_args!("{setting} = {value}  # {origin}"));
            } else {
                text.line(format_args!("{setting} = {value}"));
            }
        }
    }
}
