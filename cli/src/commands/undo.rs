//! `s3guard undo`: restores an earlier setting, and suppresses its remediation until a day.

use anyhow::anyhow;
use s3guard_posture::model::glob::Glob;
use s3guard_posture::reconcile::ledger::{RecordId, suppression};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

use crate::args::parsed;
use crate::args::time::{When, when};
use crate::error::Advice as _;
use crate::error::Invalid;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::operations::undo::{Action, Request, since, undo};
use crate::ui::output::Output;

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// How long a suppression lasts, unless a day is given.
const LEFT_DAYS: i64 = 30;

/// Restore a setting that the guard has changed
///
/// Takes the id of a record, as shown by `s3guard history` and in notifications, writes the previous
/// setting, and suppresses the remediation of those aspects of the bucket until a day: without that,
/// the guard would remediate them again. Of policies and notifications only what the guard has changed is
/// reverted, and what others have added since stays; what they have changed is not overwritten. The day
/// that was given last for an aspect counts: run the command again to extend or shorten it.
///
/// The changes are shown before they are made. If the restored setting lets other accounts or the public
/// in, or protects less than now, that is asked separately, and `--yes` does not approve it. The ledger
/// records who has undone what, and what was overwritten: `--redo` writes that again.
///
/// With `--since` all writes of the guard since a time are undone: each setting gets the value that it had
/// before the first of them. What others have changed since is skipped and named.
///
/// The caller must be an operator of the stack, because only operators write suppressions. The bucket is
/// changed with the caller's own permissions.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Args {
    /// Id of the record, as `reports@20261124T231502.123Z-encryption`
    #[arg(value_name = "ID", required_unless_present = "since")]
    #[arg(value_parser = parsed::<RecordId>("`s3guard history BUCKET` lists the ids of its records"))]
    id: Option<RecordId>,

    /// Undo all writes of the guard since this time, as `2h` or `2026-12-01T08:00:00Z`
    #[arg(long, value_name = "TIME", value_parser = when, conflicts_with_all = ["id", "end", "redo"])]
    since: Option<When>,

    /// Only buckets with this name; `*` matches any text
    #[arg(long, value_name = "PATTERN", requires = "since")]
    bucket: Option<String>,

    #[command(flatten)]
    account: AccountArgs,

    /// Last day of the suppression, in UTC, at most 399 days from now [default: 30 days]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    until: Option<Date>,

    /// Restore nothing, and end the suppression
    #[arg(long, conflicts_with_all = ["until", "force", "redo"])]
    end: bool,

    /// Undo the last undo of this record: write again what it has overwritten, and end the suppression
    #[arg(long, conflicts_with = "until")]
    redo: bool,

    /// Reason, which is recorded in the ledger
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,

    /// Overwrite also what others have changed since
    #[arg(long)]
    force: bool,

    /// Do not ask for approval
    #[arg(long)]
    yes: bool,

    /// Also approve a setting that lets other accounts or the public in, or protects less
    #[arg(long)]
    accept_exposure: bool,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    match (&args.id, args.since) {
        (Some(id), _) => one(args, id, output, now),
        (None, Some(since)) => all(args, since.before(now), output, now),
        (None, None) => Err(anyhow!("neither a record nor a time is given")).exit(Exit::Usage),
    }
}

/// Undoes the write of one record.
fn one(
    args: &Args,
    id: &RecordId,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let again = format!(
        "the setting may or may not be restored, and its remediation may be suppressed: run the same command again to \
         finish, or `s3guard undo {id} --stack {} --end` to end the suppression",
        args.account.stack
    );
    let action = match (args.end, args.redo) {
        (true, _) => Action::End,
        (false, true) => Action::Redo,
        (false, false) => Action::Restore(until(args.until, now.date())?),
    };
    let request = Request {
        account: &args.account,
        id,
        action,
        reason: &args.reason,
        force: args.force,
        yes: args.yes,
        accepts_exposure: args.accept_exposure,
    };
    session::run(undo(&request, output, now), again)
}

/// Undoes all writes since a time.
fn all(
    args: &Args,
    since: OffsetDateTime,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    if since > now {
        return Err(anyhow!("`--since` is in the future"))
            .hint("give a time in the past, or how long ago it is, as `2h`")
            .exit(Exit::Usage);
    }
    let bucket = args.bucket.as_deref().map(Glob::new);
    let request = since::Request {
        account: &args.account,
        since,
        bucket: bucket.as_ref(),
        until: until(args.until, now.date())?,
        reason: &args.reason,
        force: args.force,
        yes: args.yes,
        accepts_exposure: args.accept_exposure,
    };
    let again = "some settings may be restored: run the same command again to finish, or \
                 `s3guard undo ID --redo` to write again what one undo has overwritten";
    session::run(since::undo_since(&request, output, now), again.to_owned())
}

/// The last day of the suppression.
fn until(asked: Option<Date>, today: Date) -> anyhow::Result<Date> {
    let until = asked.unwrap_or(today + Duration::days(LEFT_DAYS));
    let last = suppression::last_day(today);
    if until < today {
        return Err(anyhow!("`--until {until}` is in the past"))
            .hint(format!("give {today} or a later day, or use `--end` to end the suppression"))
            .exit(Exit::Usage);
    }
    if until > last {
        return Err(anyhow!("`--until {until}` is too late: the ledger does not keep it that long"))
            .hint(format!(
                "give {last} or an earlier day; for a permanent exception, add an exemption to `s3guard.toml`"
            ))
            .exit(Exit::Usage);
    }
    Ok(until)
}

fn day(text: &str) -> Result<Date, Invalid> {
    Date::parse(text, DAY)
        .map_err(|_| Invalid::new(format!("`{text}` is not a day"), "write it as `2027-01-31`"))
}
