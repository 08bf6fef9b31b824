//! Which dead letters are sent again.

use clap::ValueEnum;

use crate::args::account::AccountArgs;

/// Which dead letters are sent again.
#[derive(Debug, clap::Args)]
pub(crate) struct RedriveArgs {
    #[command(flatten)]
    pub(crate) account: AccountArgs,

    /// Which dead letters
    #[arg(long, value_name = "WHICH", default_value = "all")]
    pub(crate) queue: Which,

    /// How many messages at most, of each queue
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// Those of both
    All,
    /// Buckets that could not be looked at
    Buckets,
    /// Events of objects that could not be gathered
    Objects,
}
