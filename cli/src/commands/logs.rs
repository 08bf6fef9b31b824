//! `s3guard logs`: what the two functions have logged.

use clap::ValueEnum;
use s3guard_posture::contract::output;
use s3guard_posture::text;
use time::{Duration, OffsetDateTime};

use crate::error;
use crate::error::Invalid;
use crate::exit::Exit;
use crate::operations::logs::{Request, show};
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::ui::output::Output;

/// No log is older.
const SINCE_DAYS_MAX: i64 = 100_000;

/// Show what the guard's functions have logged
///
/// Lines of both functions in the order of their times, each with its level and what it says. With
/// `--follow` it goes on until Ctrl-C.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose lines are shown
    #[arg(value_name = "FUNCTION", default_value = "all")]
    function: Function,

    #[command(flatten)]
    account: AccountArgs,

    /// Go on with what comes, until Ctrl-C
    #[arg(long, short)]
    follow: bool,

    /// From how long ago on, as `90s`, `15m`, `6h` or `2d`
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = ago)]
    since: Duration,

    /// Only lines with these words, or by another filter pattern of `CloudWatch` Logs
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,

    /// Only what went wrong
    #[arg(long, conflicts_with = "filter")]
    errors: bool,

    /// Lines as they were logged
    #[arg(long)]
    raw: bool,
}

/// Whose lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Function {
    /// The one that mends buckets
    Guard,
    /// The one that tells of objects
    Notify,
    /// Both
    All,
}

impl Function {
    /// The name of each, and the stack's output with the function's.
    fn outputs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Guard => &[("guard", output::GUARD_FUNCTION_NAME)],
            Self::Notify => &[("notify", output::NOTIFY_FUNCTION_NAME)],
            Self::All => {
                &[("guard", output::GUARD_FUNCTION_NAME), ("notify", output::NOTIFY_FUNCTION_NAME)]
            }
        }
    }
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let request = Request {
        account: &args.account,
        functions: args.function.outputs(),
        since: now - args.since,
        filter: args.filter.as_deref(),
        only_errors: args.errors,
        follows: args.follow,
        is_raw: args.raw,
    };
    let done =
        session::run(show(&request, output), "nothing was changed: this only reads".to_owned());
    match done {
        // Whoever follows ends it so.
        Err(error) if args.follow && error::is_interrupted(&error) => Ok(Exit::Done),
        done => done,
    }
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
