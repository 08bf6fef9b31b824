//! The configuration in the package, which is known before the package is built.

use anyhow::anyhow;
use s3guard_posture::config::Config;

use crate::args::wanted::WantedArgs;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::package;
use crate::package::Source;
use crate::ui::output::Output;

/// The configuration that the functions will read.
#[derive(Debug, Default)]
pub(crate) struct Packaged {
    pub(crate) config: Config,
    pub(crate) is_configured: bool,
}

impl Packaged {
    /// That of the file, else that of the zip of `--package`. A file that was only found does not replace another one in the
    /// zip, nor the other way round.
    pub(crate) fn new(
        wanted: &WantedArgs,
        configuration: Option<&Config>,
        output: &Output,
    ) -> anyhow::Result<Self> {
        let of = |config: &Config| Self { config: config.clone(), is_configured: true };
        let Source::Zip(path) = wanted.source() else {
            return Ok(configuration.map(of).unwrap_or_default());
        };
        let inside = package::configuration_of_file(&path)?;
        match (configuration, inside) {
            (Some(config), Some(inside))
                if !wanted.account.config.is_named() && inside.to_json() != config.to_json() =>
            {
                Err(anyhow!(
                    "the package `{}` contains another configuration than `s3guard.toml`",
                    path.display()
                ))
                .hint(
                    "to use the file, package it with `s3guard package`, or name it with `--config`; to use the package's, \
                     pass `--no-config`",
                )
                .exit(Exit::Usage)
            }
            (Some(config), _) => Ok(of(config)),
            (None, Some(inside)) => {
                output.say(format_args!("configuration of the package `{}`", path.display()));
                Ok(of(&inside))
            }
            (None, None) => Ok(Self::default()),
        }
    }
}
