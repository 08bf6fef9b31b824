//! Which log lines are shown.

use time::Duration;

use crate::args::account::AccountArgs;
use crate::args::time::length;

/// Show the logs of the guard's functions
///
/// Shows the lines of both functions in the order of their times, each with its level and message.
#[derive(Debug, clap::Args)]
pub(crate) struct LogArgs {
    /// Function whose lines are shown [default: both]
    #[arg(value_name = "FUNCTION", value_parser = ["guard", "notify"])]
    pub(crate) function: Option<String>,

    #[command(flatten)]
    pub(crate) account: AccountArgs,

    /// Continue with new lines, until Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// Age of the first line, as `90s`, `15m`, `6h` or `2d`
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = length)]
    pub(crate) since: Duration,

    /// Only lines with these words, or that match this filter pattern of CloudWatch Logs
    #[arg(long, value_name = "PATTERN")]
    pub(crate) filter: Option<String>,

    /// Only errors
    #[arg(long, conflicts_with = "filter")]
    pub(crate) errors: bool,

    /// Lines as they were logged
    #[arg(long)]
    pub(crate) raw: bool,
}
