//! How the deployed guard is verified.

use std::time::Duration;

use crate::args::account::AccountArgs;
use crate::error::Invalid;

/// How long is waited for the guard, unless somebody says otherwise.
///
/// Source: AWS CloudTrail User Guide, "How CloudTrail works": events are delivered within about five minutes of a call
/// on average, which is not guaranteed. Three times that is late.
const TIMEOUT: &str = "15m";

/// How the deployed guard is verified.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each flag stands for itself")]
pub(crate) struct VerifyArgs {
    /// How long to wait for each effect, as `90s` or `15m`; the settle time and the window come on top
    #[arg(long, value_name = "TIME", default_value = TIMEOUT, value_parser = duration)]
    pub(crate) timeout: Duration,

    /// Also show that notices go out: subscribe a queue to the topic for the time
    #[arg(long)]
    pub(crate) notices: bool,

    /// Leave the canary, to look at it; `--clean-up` removes it
    #[arg(long)]
    pub(crate) keep: bool,

    /// Verify nothing: remove what earlier runs for this stack have left or kept
    #[arg(long, conflicts_with_all = ["keep", "notices", "timeout"])]
    pub(crate) clean_up: bool,

    /// Do not ask before it begins
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) account: AccountArgs,
}

fn duration(text: &str) -> Result<Duration, Invalid> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let seconds = unit.and_then(|unit| digits.parse::<u64>().ok()?.checked_mul(unit));
    match seconds {
        Some(seconds @ 1..=21_600) => Ok(Duration::from_secs(seconds)),
        Some(_) | None => Err(Invalid::new(
            format!("`{text}` is no time between a second and six hours"),
            "write it as `90s`, `15m` or `1h`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_bounds() {
        for (text, seconds) in [("1s", 1), ("90s", 90), ("15m", 900), ("6h", 21_600)] {
            assert_eq!(duration(text).unwrap().as_secs(), seconds, "{text}");
        }
        for bad in ["", "0s", "15", "7h", "m", "-1s", "1.5h", "99999999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
