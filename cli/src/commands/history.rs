//! `s3guard history`: shows what happened to a bucket, from the ledger.

use s3guard_posture::BucketName;

use crate::args::parsed;
use crate::exit::Exit;
use crate::operations::history;
use crate::operations::session;
use crate::operations::session::AccountArgs;
use crate::ui::output::Output;

/// The default number of records.
const SHOWN: &str = "20";
/// The most records that `--limit` accepts.
const SHOWN_MAX: i64 = 10_000;

/// Show what the guard has changed on a bucket
///
/// Shows the records of the ledger, the newest first: the setting before and after, the reason, the call
/// that it followed, and whether it was verified. `s3guard undo` takes the id of a record. Between them
/// are calls of `s3guard undo`, with their caller and reason, and conflicts, in which the guard has
/// stopped because another party kept changing the setting.
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
    let newest = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let history = history::history(&args.account, &args.bucket, newest, output).await?;
    if history.is_empty() && history.is_whole {
        output.say(format_args!("the guard has changed nothing on `{}`", args.bucket));
    }
    output.result(&history)?;
    Ok(if history.is_whole { Exit::Done } else { Exit::Failed })
}
