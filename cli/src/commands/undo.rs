//! `s3guard undo`: restores earlier settings, and suppresses their remediation until a day.

use anyhow::anyhow;
use s3guard_posture::model::glob::Glob;
use s3guard_posture::reconcile::ledger::{RecordId, suppression};
use time::{Date, Duration, OffsetDateTime};

pub(crate) use crate::args::undo::UndoArgs as Args;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::undo::{Action, Request, since, undo};
use crate::ui::output::Output;

/// How long a suppression lasts, unless a day is given.
const LEFT_DAYS: i64 = 30;

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    match (&args.id, args.since) {
        (Some(id), _) => one(args, id, output, now),
        (None, Some(since)) => all(args, since.before(now), output, now),
        (None, None) => Err(anyhow!("neither a record nor a time is given"))
            .hint("give the ID of a record, which `s3guard history BUCKET` lists, or `--since TIME` for all writes since then")
            .exit(Exit::Usage),
    }
}

/// Undoes the write of one record.
fn one(args: &Args, id: &RecordId, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
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
