//! The configuration file, for every command that uses one.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context as _;
use s3guard_posture::Config;
use s3guard_posture::config::Deploy;
use time::Date;

use crate::args::value_of;
use crate::config_file::{Found, load};
use crate::ui::output::Output;

/// The configuration file.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ConfigArgs {
    /// Configuration file [default: `s3guard.toml` in this folder or above, up to the repository's root]
    #[arg(long, value_name = "FILE", env = "S3GUARD_CONFIG", help_heading = "Configuration")]
    config: Option<PathBuf>,

    /// Ignore any configuration file
    #[arg(long, conflicts_with = "config", help_heading = "Configuration")]
    no_config: bool,
}

/// Reads the table `[deploy]` of the configuration before the command line is parsed: it has the defaults of flags.
pub(crate) fn deployment(
    arguments: &[OsString],
    variable: Option<OsString>,
) -> anyhow::Result<Deploy> {
    let mut flags = arguments.iter().take_while(|argument| *argument != "--");
    let args = ConfigArgs {
        config: value_of(arguments, "--config")
            .or_else(|| variable.filter(|value| !value.is_empty()))
            .map(PathBuf::from),
        no_config: flags.any(|argument| argument == "--no-config"),
    };
    Ok(args.find()?.map(|found| found.config.deploy().clone()).unwrap_or_default())
}

impl ConfigArgs {
    pub(crate) fn is_refused(&self) -> bool {
        self.no_config
    }

    /// Whether the command line or the environment names the file.
    pub(crate) fn is_named(&self) -> bool {
        self.config.is_some()
    }

    pub(crate) fn find(&self) -> anyhow::Result<Option<Found>> {
        if self.no_config {
            return Ok(None);
        }
        let folder = env::current_dir().context("the current folder cannot be found")?;
        load(self.config.as_deref(), &folder)
    }

    /// Reads the file, if there is one, and prints its path.
    pub(crate) fn read(&self, output: &Output) -> anyhow::Result<Option<Config>> {
        Ok(self.shown(output)?.map(|found| found.config))
    }

    /// The same for a deployment, which also warns of what is probably not wanted.
    pub(crate) fn read_to_deploy(
        &self,
        output: &Output,
        today: Date,
    ) -> anyhow::Result<Option<Config>> {
        let Some(found) = self.shown(output)? else { return Ok(None) };
        for warning in found.warnings(today) {
            output.warn(warning);
        }
        Ok(Some(found.config))
    }

    fn shown(&self, output: &Output) -> anyhow::Result<Option<Found>> {
        let found = self.find()?;
        if let Some(found) = &found {
            output.say(format_args!("configuration `{}`", found.path.display()));
        }
        Ok(found)
    }
}
