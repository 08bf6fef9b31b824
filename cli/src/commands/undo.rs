//! `s3guard undo`: an earlier setting put back, and left so until a day.
//!
//! The word to the guard comes first, or it would mend what it finds. `word` takes it back if the setting is not put back.
//! Whoever is interrupted between the two does the same again: the record is there, and the newest word counts.

use std::fmt;

use anyhow::{Context as _, anyhow};
use s3guard_aws::Buckets;
use s3guard_posture::reconcile::ledger::{RecordId, undone};
use s3guard_posture::reconcile::undo::{self, CannotUndo};
use s3guard_posture::{
    Account as _, Baseline, BucketId, Grade, Observed, Record, Setting, SettingKind,
};
use serde::Serialize;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

use crate::error::Advice as _;
use crate::error::Invalid;
use crate::exit::{self, Exit};
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::operations::undo::Word;
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
#[command(after_long_help = manual())]
pub(crate) struct Args {
    /// Id of the record, as `reports@20261124T231502.123Z-encryption`
    #[arg(value_name = "ID", value_parser = id)]
    pub(crate) id: RecordId,

    #[command(flatten)]
    pub(crate) account: AccountArgs,

    /// Last day, in UTC, on which the guard leaves it so, at most 399 days from now [default: 30 days]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) until: Option<Date>,

    /// Put nothing back: have the guard keep again what was undone, from now on
    #[arg(long, conflicts_with_all = ["until", "force"])]
    pub(crate) end: bool,

    /// Why, for whoever reads the ledger
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,

    /// Put it back also if somebody has changed the setting since
    #[arg(long)]
    pub(crate) force: bool,

    /// Do not ask for the bucket's name
    #[arg(long)]
    pub(crate) yes: bool,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let id = args.id.to_string();
    let again = format!(
        "the setting may have been put back or not, and the guard may leave it already: the same command again \
         finishes it, `s3guard undo {id} --stack {} --end` has the guard keep it",
        args.account.stack
    );
    session::run(undo(args, output, now), again)
}

async fn undo(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let until = until(args.until, now.date())?;
    let account = Account::open(&args.account).await?;
    let ledger = session::ledger(&args.account, &account).await?;
    let name = &args.id.bucket;
    let record = ledger
        .record(&args.id)
        .await?
        .ok_or_else(|| anyhow!("the ledger has no such record"))
        .hint(format!("`s3guard history {name}` shows which there are"))?;
    let word = Word::new(&ledger, &record, &args.id, &args.account.stack, &args.reason);
    if args.end {
        return end(&word, args, output, now).await;
    }
    let buckets = Buckets::new(
        &account.connection,
        account.caller.account.clone(),
        None,
        OffsetDateTime::now_utc,
    );
    let bucket = BucketId {
        name: name.clone(),
        account: account.caller.account.clone(),
        region: record.region.parse().context("the record's Region is none")?,
    };
    let current = read(&buckets, &bucket, record.setting).await?;
    let before = before(&record, current.as_ref(), args.force)?;
    if before.is_none() && word.holds(until, now).await? {
        output.say(format_args!("it is as it was, and the guard leaves it so until {until}"));
        output.result(&Undone::new(&record, None, Some(until)))?;
        return Ok(Exit::Done);
    }
    let is = current.map_or_else(|| "not known".to_owned(), |setting| setting.to_string());
    output.say(format_args!("bucket `{name}`, account `{}`", bucket.account));
    output.say(format_args!("  is now    {is}"));
    let what = if let Some(before) = &before {
        output.say(format_args!("  put back  {before}"));
        format!("changing bucket `{name}`")
    } else {
        output.say("  nothing to put back: that is what there was before");
        format!("changing how bucket `{name}` is kept")
    };
    output.say(format_args!("the guard then leaves {} as it is until {until}", word.aspects()));
    if !args.yes {
        session::approve(&what, name.as_str(), "the bucket's name", output).await?;
    }
    let told = word.give(until, now).await?;
    if let Some(before) = &before {
        if let Err(error) = put_back(&buckets, &bucket, before, output).await {
            return Err(word.take_back(&told, error).await);
        }
        verify(&buckets, &bucket, before, output).await?;
    }
    output.result(&Undone::new(&record, before.as_ref(), Some(until)))?;
    Ok(Exit::Done)
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

/// Has the guard keep again what was undone.
async fn end(
    word: &Word<'_>,
    args: &Args,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let name = &args.id.bucket;
    if word.is_given(now).await? {
        output
            .say(format_args!("the guard then keeps {} of bucket `{name}` again", word.aspects()));
        if !args.yes {
            let what = format!("changing how bucket `{name}` is kept");
            session::approve(&what, name.as_str(), "the bucket's name", output).await?;
        }
        word.give(undone::over(now), now).await?;
        output.say(
            "what is weak is mended when the guard next looks: after a change, or by the sweep",
        );
    } else {
        output.say("nothing to end: the guard was not told to leave it");
    }
    output.result(&Undone::new(word.record(), None, None))?;
    Ok(Exit::Done)
}

/// What has to be put back; nothing if it is as it was.
fn before(
    record: &Record,
    current: Option<&Setting>,
    even_if_changed: bool,
) -> anyhow::Result<Option<Setting>> {
    match undo::undo(record, current, even_if_changed) {
        Ok(before) => Ok(Some(before)),
        Err(CannotUndo::Already(_)) => Ok(None),
        Err(error @ CannotUndo::ChangedSince(_)) => {
            Err(error).hint("look at it first; `--force` puts the older setting back all the same")
        }
        Err(error @ CannotUndo::NotReadable) => {
            let permission = record.setting.question().permission().0;
            Err(error).hint(format!("the caller needs `{permission}`"))
        }
        Err(error @ (CannotUndo::Failed | CannotUndo::NotKnown)) => Err(error.into()),
    }
}

/// Writes what there was before. An error says that it is not so: an answer that was lost may have been a good one.
async fn put_back(
    buckets: &Buckets,
    bucket: &BucketId,
    before: &Setting,
    output: &Output,
) -> anyhow::Result<()> {
    let error = match buckets.apply(bucket, before).await {
        Ok(true) => return Ok(()),
        Ok(false) => return Err(anyhow!("bucket `{}` is gone", bucket.name)),
        Err(error) => error,
    };
    let now = read(buckets, bucket, before.kind()).await.ok().flatten();
    if now.is_some_and(|now| undo::is_same(&now, before)) {
        output.warn(format_args!("S3 has it although it did not say so: {error}"));
        return Ok(());
    }
    Err(error.into())
}

/// Reads one setting; `None` if it may not be read.
async fn read(
    buckets: &Buckets,
    bucket: &BucketId,
    kind: SettingKind,
) -> anyhow::Result<Option<Setting>> {
    let unread = Observed::unread(bucket.clone());
    let baseline = Baseline::new(Grade::Speed, None);
    let observed = buckets.observe(&[kind.question()], unread, &baseline).await?;
    let observed = observed.ok_or_else(|| anyhow!("bucket `{}` does not exist", bucket.name))?;
    Ok(observed.setting(kind))
}

/// Reads again until the setting is as it was: S3's settings are eventually consistent.
async fn verify(
    buckets: &Buckets,
    bucket: &BucketId,
    before: &Setting,
    output: &Output,
) -> anyhow::Result<()> {
    for attempt in 0..4 {
        if attempt > 0 {
            buckets.pause(attempt).await;
        }
        let now = read(buckets, bucket, before.kind()).await?;
        if now.is_some_and(|now| undo::is_same(&now, before)) {
            return Ok(());
        }
    }
    output.warn("S3 took the setting and does not show it yet; look again in a minute");
    Ok(())
}

/// What was put back; nothing where it was so already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Undone {
    id: String,
    bucket: String,
    put_back: Option<String>,
    /// Nothing if the guard keeps it.
    left_until: Option<String>,
}

impl Undone {
    fn new(record: &Record, put_back: Option<&Setting>, until: Option<Date>) -> Self {
        Self {
            id: record.id.clone(),
            bucket: record.bucket.clone(),
            put_back: put_back.map(ToString::to_string),
            left_until: until.map(|until| until.to_string()),
        }
    }
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.put_back, &self.left_until) {
            (Some(put_back), _) => writeln!(f, "{}  {put_back}", self.bucket)?,
            (None, Some(_)) => writeln!(f, "{}  as it was", self.bucket)?,
            (None, None) => {}
        }
        match &self.left_until {
            Some(until) => writeln!(f, "left so until {until}"),
            None => writeln!(f, "{}  kept by the guard", self.bucket),
        }
    }
}

fn id(text: &str) -> Result<RecordId, Invalid> {
    text.parse().map_err(|problem: s3guard_posture::reconcile::ledger::InvalidRecordId| {
        Invalid::new(problem.to_string(), "`s3guard history BUCKET` shows the ids of its records")
    })
}

fn day(text: &str) -> Result<Date, Invalid> {
    Date::parse(text, DAY)
        .map_err(|_| Invalid::new(format!("`{text}` is not a day"), "write it as `2027-01-31`"))
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard undo reports@20261124T231502.123Z-encryption --stack s3guard\n  \
                    s3guard undo reports@20261124T231502.123Z-policy --stack s3guard \
                    --until 2027-01-31 --reason 'old scanner, ticket 4711'\n  \
                    s3guard undo reports@20261124T231502.123Z-policy --stack s3guard --end\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
