//! Which log lines are shown.

use s3guard_posture::text;
use time::Duration;

use crate::args::account::AccountArgs;
use crate::error::Invalid;

/// No log is older.
const SINCE_DAYS_MAX: i64 = 100_000;

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
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = ago)]
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

fn ago(text: &str) -> Result<Duration, Invalid> {
    let seconds = text::seconds(text).and_then(|seconds| i64::try_from(seconds).ok());
    let ago = seconds.map(Duration::seconds);
    ago.filter(|ago| ago.is_positive() && *ago <= Duration::days(SINCE_DAYS_MAX)).ok_or_else(|| {
        Invalid::new(format!("`{text}` is not a time"), "write `90s`, `15m`, `6h` or `2d`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(ago("90s").unwrap(), Duration::seconds(90));
        assert_eq!(ago("2d").unwrap(), Duration::days(2));
        for bad in ["", "s", "1", "0h", "-1h", "1w", "1 h", "9999999d", "1ä"] {
            assert!(ago(bad).is_err(), "{bad}");
        }
    }
}
