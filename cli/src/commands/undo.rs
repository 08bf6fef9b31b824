//! `s3guard undo`: an earlier setting put back, and left so until a day.

use anyhow::anyhow;
use s3guard_posture::reconcile::ledger::{InvalidRecordId, RecordId, undone};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

use crate::error::Advice as _;
use crate::error::Invalid;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::operations::undo::{Request, undo};
use crate::ui::output::Output;

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// For how long the guard leaves what was undone, unless a day is given.
const LEFT_DAYS: i64 = 30;

/// Put back what the guard has changed
///
/// Takes a record's id, as `s3guard history` and each mail show it, writes the setting that there was
/// before, and has the guard leave those aspects of the bucket as they are until a day: without that
/// it would mend them again. A setting that somebody has changed since is not written over. Of several
/// days that were given for an aspect the one given last counts: done again, it is longer or shorter.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of the record, as `reports@20261124T231502.123Z-encryption`
    #[arg(value_name = "ID", value_parser = id)]
    id: RecordId,

    #[command(flatten)]
    account: AccountArgs,

    /// Last day, in UTC, on which the guard leaves it so, at most 399 days from now [default: 30 days]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    until: Option<Date>,

    /// Put nothing back: have the guard keep again what was undone, from now on
    #[arg(long, conflicts_with_all = ["until", "force"])]
    end: bool,

    /// Why, for whoever reads the ledger
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,

    /// Put it back also if somebody has changed the setting since
    #[arg(long)]
    force: bool,

    /// Do not ask for the bucket's name
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let id = args.id.to_string();
    let again = format!(
        "the setting may have been put back or not, and the guard may leave it already: the same command again \
         finishes it, `s3guard undo {id} --stack {} --end` has the guard keep it",
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

/// The last day on which the guard leaves it so.
fn until(asked: Option<Date>, today: Date) -> anyhow::Result<Date> {
    let until = asked.unwrap_or(today + Duration::days(LEFT_DAYS));
    let last = undone::last_day(today);
    if until < today {
        return Err(anyhow!("`--until {until}` is over"))
            .hint(format!("give a day from {today} on, or `--end` to have the guard keep it again"))
            .exit(Exit::Usage);
    }
    if until > last {
        return Err(anyhow!("`--until {until}` is too far away: the ledger forgets it before"))
            .hint(format!(
                "give a day until {last}; what is to stay so for good is an exemption in `s3guard.toml`"
            ))
            .exit(Exit::Usage);
    }
    Ok(until)
}

fn id(text: &str) -> Result<RecordId, Invalid> {
    text.parse().map_err(|problem: InvalidRecordId| {
        Invalid::new(problem.to_string(), "`s3guard history BUCKET` shows the ids of its records")
    })
}

fn day(text: &str) -> Result<Date, Invalid> {
    Date::parse(text, DAY)
        .map_err(|_| Invalid::new(format!("`{text}` is not a day"), "write it as `2027-01-31`"))
}
