//! Which configuration is used, for every command that uses one.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context as _;
use s3guard_posture::Config;
use s3guard_posture::config::Deploy;

use crate::args::value_of;
use crate::config_file::{Found, load};
use crate::ui::output::Output;

/// Which configuration is used.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ConfigArgs {
    /// Configuration to use [default: `s3guard.toml` here or in a folder above, up to the repository's root]
    #[arg(long, value_name = "FILE", env = "S3GUARD_CONFIG", help_heading = "Configuration")]
    config: Option<PathBuf>,

    /// Use no configuration, even if there is a file
    #[arg(long, conflicts_with = "config", help_heading = "Configuration")]
    no_config: bool,
}

/// Reads the deployment settings of the configuration before the command line is parsed: they are the defaults of flags.
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
    /// Whether no configuration is wanted.
    pub(crate) fn is_refused(&self) -> bool {
        self.no_config
    }

    /// Reads it, if there is one.
    pub(crate) fn find(&self) -> anyhow::Result<Option<Found>> {
        if self.no_config {
            return Ok(None);
        }
        let folder = env::current_dir().context("the current folder cannot be found")?;
        let found = load(self.config.as_deref(), &folder)?;
        Ok(found.map(|found| {
            let path = found.path.strip_prefix(&folder).unwrap_or(&found.path).to_owned();
            Found { path, ..found }
        }))
    }

    /// Reads it, if there is one, and prints its name.
    pub(crate) fn read(&self, output: &Output) -> anyhow::Result<Option<Config>> {
        let Some(found) = self.find()? else { return Ok(None) };
        output.say(format_args!("configuration `{}`", found.path.display()));
        Ok(Some(found.config))
    }
}
