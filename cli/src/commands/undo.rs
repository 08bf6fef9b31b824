//! `s3guard undo`: restores an earlier setting, and suppresses its remediation until a day.

use anyhow::anyhow;
use s3guard_posture::reconcile::ledger::{RecordId, undone};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

use crate::args::parsed;
use crate::error::Advice as _;
use crate::error::Invalid;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::operations::undo::{Request, undo};
use crate::ui::output::Output;

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// The default duration of the suppression.
const LEFT_DAYS: i64 = 30;

/// Restore a setting that the guard has changed
///
/// Takes the id of a record, which `s3guard history` and each notification show, restores the setting
/// before it, and suppresses the remediation of those aspects of the bucket until a day. A setting that
/// was changed since is not overwritten. Run it again to change the day: the last one counts.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of the record, as `reports@20261124T231502.123Z-encryption`
    #[arg(value_name = "ID")]
    #[arg(value_parser = parsed::<RecordId>("`s3guard history BUCKET` shows the ids of its records"))]
    id: RecordId,

    #[command(flatten)]
    account: AccountArgs,

    /// Last day of the suppression, in UTC, at most 399 days from now [default: 30 days]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    until: Option<Date>,

    /// End the suppression now, and restore nothing
    #[arg(long, conflicts_with_all = ["until", "force"])]
    end: bool,

    /// Reason, for the ledger
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,

    /// Restore the setting even if it was changed since
    #[arg(long)]
    force: bool,

    /// Do not ask for approval
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let id = args.id.to_string();
    let again = format!(
        "the setting may be restored and its remediation suppressed already: the same command completes it, \
         `s3guard undo {id} --stack {} --end` ends the suppression",
        args.account.stack
    );
    let request = Request {
        account: &args.account,
        id: &args.id,
        reason: &args.reason,
        force: args.force,
        yes: args.yes,
    };
    let until = if args.end { None } else { Some(until(args.until, now.date())?) };
    session::run(undo(&request, until, output, now), again)
}

/// The last day of the suppression.
fn until(asked: Option<Date>, today: Date) -> anyhow::Result<Date> {
    let until = asked.unwrap_or(today + Duration::days(LEFT_DAYS));
    let last = undone::last_day(today);
    if until < today {
        return Err(anyhow!("`--until {until}` is in the past"))
            .hint(format!("give a day from {today} on, or `--end` to end the suppression"))
            .exit(Exit::Usage);
    }
    if until > last {
        return Err(anyhow!("`--until {until}` is too late: the ledger expires before"))
            .hint(format!("give a day until {last}, or add an exemption to `s3guard.toml`"))
            .exit(Exit::Usage);
    }
    Ok(until)
}

fn day(text: &str) -> Result<Date, Invalid> {
    Date::parse(text, DAY)
        .map_err(|_| Invalid::new(format!("`{text}` is not a day"), "write it as `2027-01-31`"))
}
