//! `s3guard history`: shows what the guard has written to a bucket, from its ledger.

use std::fmt;

use s3guard_posture::reconcile::record::State;
use s3guard_posture::text::shown;
use s3guard_posture::{BucketName, Record};
use serde::Serialize;

use crate::args::parsed;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::ui::output::Output;

/// The default number of records.
const SHOWN: &str = "20";
/// The most records that `--limit` accepts.
const SHOWN_MAX: i64 = 10_000;

/// Show what the guard has changed on a bucket
///
/// Shows the records of the ledger, the newest first: the setting before and after, the reason, the call
/// that it followed, and whether it was verified. `s3guard undo` takes the id of a record.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Bucket to show, or `.account` for the public access block of the account
    #[arg(value_name = "BUCKET", value_parser = parsed::<BucketName>("name a bucket, without `s3://`"))]
    bucket: BucketName,

    #[command(flatten)]
    account: AccountArgs,

    /// Number of records to show, the newest first
    #[arg(long, value_name = "COUNT", default_value = SHOWN)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=SHOWN_MAX))]
    limit: u32,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    session::run(history(args, output), "nothing was changed: this only reads".to_owned())
}

async fn history(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    let account = Account::open(&args.account).await?;
    let ledger = session::ledger(&args.account, &account).await?;
    let newest = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let read = ledger.records(&args.bucket, newest).await?;
    let mut records = Vec::new();
    let mut unreadable = false;
    for record in read {
        match record {
            Ok(record) => records.push(record),
            Err(error) => {
                unreadable = true;
                output.warn(error);
            }
        }
    }
    if records.is_empty() && !unreadable {
        output.say(format_args!("the guard has changed nothing on `{}`", args.bucket));
    }
    output.result(&History { bucket: args.bucket.to_string(), records })?;
    Ok(if unreadable { Exit::Failed } else { Exit::Done })
}

/// The records of a bucket, the newest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct History {
    bucket: String,
    records: Vec<Record>,
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, record) in self.records.iter().enumerate() {
            if count > 0 {
                writeln!(f)?;
            }
            write(record, f)?;
        }
        Ok(())
    }
}

fn write(record: &Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let state = match record.state {
        State::Begun => "started and not finished: the function was interrupted",
        State::Written => "written, but not verified: a read afterwards did not return it",
        State::Verified => "verified",
        State::Failed => "failed",
    };
    writeln!(f, "{}", record.id)?;
    writeln!(f, "  {}, {state}", shown(&record.time, 40))?;
    let mut rows = Vec::new();
    rows.extend(record.cause.iter().map(|cause| ("cause", shown(cause, 600))));
    rows.extend(record.why.iter().map(|why| ("why", shown(why, 300))));
    rows.extend(record.from.iter().map(|from| ("from", shown(&from.to_string(), 300))));
    rows.push(("to", shown(&record.to.to_string(), 300)));
    rows.extend(record.events.iter().map(|event| {
        let (name, principal) = (shown(&event.event_name, 80), shown(&event.principal, 300));
        ("after", format!("{name} by {principal} with {}", shown(&event.tool, 80)))
    }));
    rows.extend(record.events.is_empty().then(|| ("after", "the sweep".to_owned())));
    rows.extend(record.time_to_protect_milliseconds.map(|milliseconds| {
        ("took", format!("{milliseconds} ms from the event to verified protection"))
    }));
    rows.iter().try_for_each(|(name, text)| writeln!(f, "  {name:5}  {text}"))
}
