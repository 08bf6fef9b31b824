//! `s3guard replay`: shows what the guard would do about recorded events.

use std::path::PathBuf;

use anyhow::Context as _;
use s3guard_posture::{AccountId, Grade, KeyArn, Region};
use time::OffsetDateTime;

use crate::args::config::ConfigArgs;
use crate::args::guard::{grade, key};
use crate::args::parsed;
use crate::args::region::region;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::replay::file::{name, read};
use crate::operations::replay::{self, Recorded, ReplayReport, Scene};
use crate::ui::output::Output;

/// The account where no event names one.
const UNKNOWN_ACCOUNT: &str = "000000000000";

/// Show what the guard would do about recorded events
///
/// Reads recorded CloudTrail and EventBridge events and shows for each one whether a rule matches, and
/// what the guard reads, finds, writes and publishes. Needs no account and no network: a bucket is first
/// as S3 creates it, or as the guard would have left it, and then changes as the events say; what they
/// do not contain is listed as assumed. Accepts an event, a record, a list or lines of them, a trail's
/// log file, the output of `aws cloudtrail lookup-events` and `aws sqs receive-message`, and a batch of
/// the guard's queue.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// JSON or JSON lines, optionally compressed with gzip; `-` for stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Account of the guard [default: the account of the first event]
    #[arg(long, value_name = "ACCOUNT")]
    #[arg(value_parser = parsed::<AccountId>("`aws sts get-caller-identity --query Account` prints it"))]
    account: Option<AccountId>,

    /// Region of the guard; without it, there is one in each Region
    #[arg(long, value_name = "REGION", value_parser = region)]
    region: Option<Region>,

    /// Grade of buckets without a rule [default: that of the configuration, else speed]
    #[arg(long, value_name = "GRADE", env = "S3GUARD_GRADE", value_parser = grade)]
    grade: Option<Grade>,

    /// KMS key for the buckets of its Region; required from grade `hybrid` on
    #[arg(long, value_name = "ARN", env = "S3GUARD_KEY", value_parser = key)]
    key: Option<KeyArn>,

    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let config = args.config.read(output)?.unwrap_or_default();
    let mut recorded = Vec::new();
    for path in &args.files {
        let name = name(path);
        let found = replay::parse(&read(path)?)
            .with_context(|| format!("there are no events in `{name}`"))
            .hint("`s3guard replay --help` lists the accepted formats")?;
        let is_only = args.files.len() == 1;
        recorded.extend(found.into_iter().map(|one| {
            let separator = if one.place.is_empty() { "" } else { ", " };
            let place = format!("{name}{separator}{}", one.place);
            if is_only { one } else { Recorded { place, ..one } }
        }));
    }
    let account =
        args.account.clone().or_else(|| recorded.iter().find_map(|one| one.field("account")));
    let scene = Scene {
        account: account.unwrap_or_else(|| UNKNOWN_ACCOUNT.parse().expect("it has twelve digits")),
        region: args.region.clone(),
        now,
        config,
        grade: args.grade,
        key: args.key.clone(),
    };
    let events = replay::run(&recorded, &scene);
    let mut exit = Exit::Done;
    for event in &events {
        if let Some(reason) = event.outcome.misunderstood() {
            let place =
                if event.place.is_empty() { name(&args.files[0]) } else { event.place.clone() };
            output.warn(format_args!("{place}: {reason}"));
            exit = Exit::Failed;
        }
    }
    output.result(&ReplayReport::new(events))?;
    Ok(exit)
}
