//! `s3guard undo`: an earlier setting put back, and left so until a day.

use std::fmt;

use anyhow::{Context as _, anyhow};
use s3guard_aws::{Buckets, Ledger};
use s3guard_posture::ledger::RecordId;
use s3guard_posture::undo::{self, CannotUndo};
use s3guard_posture::{
    Account as _, Baseline, BucketId, Grade, Observed, Record, Setting, SettingKind,
};
use serde::Serialize;
use serde_json::json;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

use super::account::{self, Account, AccountArgs};
use crate::cli::{self, Invalid};
use crate::failure::{Advice as _, Exit};
use crate::output::Output;

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// For how long the guard leaves what was undone, unless a day is given.
const LEFT_DAYS: i64 = 30;

/// Put back what the guard has changed
///
/// Takes a record's id, as `s3guard history` and each mail show it, writes the setting that there was
/// before, and has the guard leave those aspects of the bucket as they are until a day: without that
/// it would mend them again. A setting that somebody has changed since is not written over.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    /// Id of the record, as `reports@20261124T231502.123Z-encryption`
    #[arg(value_name = "ID", value_parser = id)]
    id: RecordId,

    #[command(flatten)]
    account: AccountArgs,

    /// Last day, in UTC, on which the guard leaves it so [default: 30 days from now]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    until: Option<Date>,

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
    let again = format!(
        "the setting may have been put back or not; `s3guard history {}` shows the record",
        args.id.bucket
    );
    account::run(undo(args, output, now), again)
}

async fn undo(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let today = now.date();
    let until = args.until.unwrap_or(today + Duration::days(LEFT_DAYS));
    if until < today {
        return Err(anyhow!("`--until {until}` is over"))
            .hint(format!("give a day from {today} on, or leave it out"))
            .exit(Exit::Usage);
    }
    let account = Account::open(&args.account).await?;
    let ledger = account::ledger(&args.account, &account).await?;
    let name = &args.id.bucket;
    let record = ledger
        .record(&args.id)
        .await?
        .ok_or_else(|| anyhow!("the ledger has no such record"))
        .hint(format!("`s3guard history {name}` shows which there are"))?;
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
    let before = match undo::undo(&record, current.as_ref(), args.force) {
        Ok(before) => before,
        Err(CannotUndo::Already(is)) => {
            output.say(format_args!("nothing to put back: {is}"));
            leave(&ledger, &record, args, until).await?;
            output.result(&Undone::new(&record, None, until))?;
            return Ok(Exit::Done);
        }
        Err(error @ CannotUndo::ChangedSince(_)) => {
            return Err(error)
                .hint("look at it first; `--force` puts the older setting back all the same");
        }
        Err(error @ CannotUndo::NotReadable) => {
            return Err(error)
                .hint(format!("the caller needs `{}`", record.setting.question().permission().0));
        }
        Err(error @ (CannotUndo::Failed | CannotUndo::NotKnown)) => return Err(error.into()),
    };
    let is = current.map_or_else(|| "not known".to_owned(), |setting| setting.to_string());
    output.say(format_args!("bucket `{name}`, account `{}`", bucket.account));
    output.say(format_args!("  is now    {is}"));
    output.say(format_args!("  put back  {before}"));
    let aspects: Vec<&str> = record.aspects.iter().map(|aspect| aspect.name()).collect();
    output.say(format_args!("the guard then leaves {} as it is until {until}", aspects.join(", ")));
    if !args.yes {
        let what = format!("changing bucket `{name}`");
        account::approve(&what, name.as_str(), "the bucket's name", output).await?;
    }
    // First the word to the guard: it would mend what it finds.
    leave(&ledger, &record, args, until).await?;
    if !buckets.apply(&bucket, &before).await? {
        return Err(anyhow!("bucket `{name}` is gone"));
    }
    verify(&buckets, &bucket, &before, output).await?;
    output.result(&Undone::new(&record, Some(&before), until))?;
    Ok(Exit::Done)
}

/// Has the guard leave the record's aspects as they are.
async fn leave(ledger: &Ledger, record: &Record, args: &Args, until: Date) -> anyhow::Result<()> {
    let note = json!({ "undone": record.id, "reason": args.reason });
    for aspect in &record.aspects {
        ledger
            .undo_until(&args.id.bucket, *aspect, until, &note)
            .await
            .context("the guard could not be told to leave it so")
            .hint("nothing was put back: it would be mended again at once")?;
    }
    Ok(())
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
    left_until: String,
}

impl Undone {
    fn new(record: &Record, put_back: Option<&Setting>, until: Date) -> Self {
        Self {
            id: record.id.clone(),
            bucket: record.bucket.clone(),
            put_back: put_back.map(ToString::to_string),
            left_until: until.to_string(),
        }
    }
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.put_back {
            Some(put_back) => writeln!(f, "{}  {put_back}", self.bucket)?,
            None => writeln!(f, "{}  as it was", self.bucket)?,
        }
        writeln!(f, "left so until {}", self.left_until)
    }
}

fn id(text: &str) -> Result<RecordId, Invalid> {
    text.parse().map_err(|problem: s3guard_posture::ledger::InvalidRecordId| {
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
                    --until 2027-01-31 --reason 'old scanner, ticket 4711'\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + &cli::exit_codes(&exits)
}
