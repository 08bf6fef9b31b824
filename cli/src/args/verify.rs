//! The options of `s3guard verify`.

use std::time::Duration;

use s3guard_posture::text;

use crate::args::account::AccountArgs;
use crate::error::Invalid;

/// The default of `--timeout`.
///
/// Source: AWS CloudTrail User Guide, "How CloudTrail works": events are delivered within about five minutes of a call
/// on average, which is not guaranteed. Three times that is late.
const TIMEOUT: &str = "15m";
/// A longer time is probably a mistake.
const TIMEOUT_SECONDS_MAX: u64 = 6 * 60 * 60;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Options {
    /// How long to wait for each effect, as `90s` or `15m`; the settle time and the window are added
    #[arg(long, value_name = "TIME", default_value = TIMEOUT, value_parser = timeout)]
    pub(crate) timeout: Duration,

    /// Also verify the notifications, with a queue that is subscribed to the topic during the run
    #[arg(long)]
    pub(crate) notifications: bool,

    /// Skip weakenings that would together raise the critical alarm of several protections switched off
    #[arg(long)]
    pub(crate) no_alarm: bool,

    /// Keep the canary for inspection; `--clean-up` removes it
    #[arg(long)]
    pub(crate) keep: bool,

    /// Do not ask for approval
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) account: AccountArgs,
}

fn timeout(text: &str) -> Result<Duration, Invalid> {
    match text::seconds(text) {
        Some(seconds @ 1..=TIMEOUT_SECONDS_MAX) => Ok(Duration::from_secs(seconds)),
        Some(_) | None => Err(Invalid::new(
            format!("`{text}` is not a time between a second and six hours"),
            "write it as `90s`, `15m` or `1h`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_a_unit_and_bounds() {
        for (text, seconds) in [("1s", 1), ("90s", 90), ("15m", 900), ("6h", 21_600)] {
            assert_eq!(timeout(text).unwrap().as_secs(), seconds, "{text}");
        }
        for bad in ["", "0s", "15", "7h", "m", "-1s", "1.5h", "99999999999999999999h"] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
    }
}
