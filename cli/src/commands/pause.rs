//! `s3guard pause`: stops the guard's writes to buckets for a while.

use anyhow::anyhow;
use time::{Duration, OffsetDateTime};

use crate::args::time::{When, when};
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::pause::{Action, pause};
use crate::operations::session;
use crate::operations::session::AccountsArgs;
use crate::ui::lines::utc_time;
use crate::ui::output::Output;

/// A longer pause is another mode.
const DAYS_MAX: i64 = 30;

/// Stop the guard's writes to buckets for a while
///
/// For an emergency: denies every write of the guard to buckets and to the account, at once and until a
/// time. IAM enforces this, by an inline policy of the guard's role, and ends it at that time. Meanwhile
/// the guard reads and reports as before. `--end` ends the pause early and starts a sweep, which
/// remediates what was found; a pause that ends by itself is followed by the next scheduled sweep.
///
/// If the caller is an operator of the stack, those who receive its alarms are notified of the pause,
/// of its end by `--end`, and of the caller.
///
/// The caller needs `iam:PutRolePolicy` and `iam:DeleteRolePolicy` on the guard's role. To keep the
/// guard from changing buckets for good, set `mode = "report"` in `s3guard.toml` and deploy.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").args(["until", "end"]).required(true)))]
pub(crate) struct Args {
    #[command(flatten)]
    account: AccountsArgs,

    /// End of the pause: a length such as `2h`, or a time such as `2026-12-01T08:00:00Z`; at most 30 days from now
    #[arg(long, value_name = "TIME", value_parser = when)]
    until: Option<When>,

    /// End the pause now, and start a sweep
    #[arg(long)]
    end: bool,

    /// Do not ask for approval
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let action = match args.until {
        // IAM compares whole seconds.
        Some(until) if !args.end => {
            Action::Begin(checked(until.after(now), now)?.truncate_to_second())
        }
        _ => Action::End,
    };
    let on_interrupt = "the guard may or may not be paused: run the same command again, or \
                        `s3guard status` shows it";
    session::run(pause(&args.account, action, args.yes, output), on_interrupt.to_owned())
}

fn checked(until: OffsetDateTime, now: OffsetDateTime) -> anyhow::Result<OffsetDateTime> {
    if until <= now {
        return Err(anyhow!("`--until {}` is in the past", utc_time(until)))
            .hint("give a later time, or use `--end` to end the pause")
            .exit(Exit::Usage);
    }
    if until > now + Duration::days(DAYS_MAX) {
        return Err(anyhow!("`--until {}` is more than {DAYS_MAX} days from now", utc_time(until)))
            .hint(
                "to stop all writes for good, set `mode = \"report\"` in `s3guard.toml` and deploy",
            )
            .exit(Exit::Usage);
    }
    Ok(until)
}
