//! Starting a sweep and following it to its end.

use std::iter;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::ledger::Newest;
use s3guard_aws::stacks::Stack;
use s3guard_aws::{AwsError, Ledger, Queue, wait};
use s3guard_posture::contract::output;
use s3guard_posture::events::{OwnMessage, Sweep};
use s3guard_posture::reconcile::last_sweep::LastSweep;
use serde::Serialize;
use tokio::time::Instant;

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::session::{Account, AccountArgs, output_of};
use crate::operations::{operator, session};
use crate::ui::lines::{duration, utc_time};
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(2);
/// How often the queue has to be empty in a row: SQS's counts are approximate.
const EMPTY_IN_A_ROW: u32 = 2;
/// How many writes are shown.
const SHOWN: usize = 100;
/// How many pages of keys of the ledger are listed for them.
const PAGES_MAX: usize = 50;

/// A sweep.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Swept {
    stack: String,
    region: String,
    /// Whether the command has waited for its end.
    is_done: bool,
    /// How many buckets it has checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    buckets: Option<usize>,
    /// The settings that were written since it began, the newest first.
    writes: Vec<SweptWrite>,
    /// How many findings are open; `None` if there are too many states to count them.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SweptWrite {
    id: String,
    bucket: String,
    setting: String,
    time: String,
    has_failed: bool,
}

/// Starts a sweep: with the caller's own permissions, which a deployer has, or else as an operator.
pub(crate) async fn start(
    args: &AccountArgs,
    account: &Account,
    stack: &Stack,
) -> anyhow::Result<()> {
    let url = output_of(stack, args, output::GUARD_QUEUE_URL, "queue of the guard")?;
    let body = OwnMessage::Sweep(Sweep::default()).body();
    match Queue::new(&account.connection, url).send(&body, 0).await {
        Err(error) if error.is_denied() => {
            let connection = operator::connection(args, account, stack).await?;
            Ok(Queue::new(&connection, url).send(&body, 0).await?)
        }
        sent => Ok(sent?),
    }
}

/// Starts a sweep, and waits for its end unless `timeout` is `None`.
pub(crate) async fn sweep(
    args: &AccountArgs,
    timeout: Option<Duration>,
    output: &Output,
) -> anyhow::Result<Exit> {
    let account = Account::open(args).await?;
    let stack = session::guard_stack(args, &account).await?;
    let mut swept = Swept {
        stack: args.stack.to_string(),
        region: account.connection.region().to_string(),
        is_done: false,
        buckets: None,
        writes: Vec::new(),
        findings: None,
    };
    let Some(timeout) = timeout else {
        start(args, &account, &stack).await?;
        output.result(&swept)?;
        return Ok(Exit::Done);
    };
    let ledger = operator::readable_ledger(args, &account, &stack).await?;
    let (last, before) = futures_util::try_join!(ledger.last_sweep(), ledger.newest(1, PAGES_MAX))?;
    start(args, &account, &stack).await?;
    output.say("the guard lists the buckets");
    let deadline = Instant::now() + timeout;
    let late = |what: &str| {
        Err(anyhow!("{what} within {}", duration(timeout))).hint(format!(
            "the sweep goes on without this command: `s3guard status --stack {} --region {}` shows the queue, \
             `s3guard logs --errors` what failed",
            args.stack, swept.region
        ))
    };
    let listed = async || match ledger.last_sweep().await? {
        Some(now) if Some(&now) != last.as_ref() => Ok(Some(now)),
        _ => Ok(None),
    };
    let pauses = || iter::repeat(PAUSE);
    let Some(LastSweep { buckets, .. }) =
        wait::until(pauses(), deadline, AwsError::is_transient, listed).await?
    else {
        return late("the guard has not listed all buckets");
    };
    output.say(format_args!("{buckets} buckets are being checked"));
    if emptied(args, &account, &stack, deadline, output).await?.is_none() {
        return late("the guard has not checked all buckets");
    }
    swept.is_done = true;
    swept.buckets = Some(buckets);
    swept.writes = written_since(&before, &ledger).await?;
    swept.findings = ledger.open_findings().await?.map(|found| found.len());
    output.result(&swept)?;
    Ok(Exit::Done)
}

/// Waits until the guard's queue is empty.
async fn emptied(
    args: &AccountArgs,
    account: &Account,
    stack: &Stack,
    deadline: Instant,
    output: &Output,
) -> anyhow::Result<Option<()>> {
    let url = output_of(stack, args, output::GUARD_QUEUE_URL, "queue of the guard")?;
    let mut queue = Queue::new(&account.connection, url);
    if queue.depth().await.is_err_and(|error| error.is_denied()) {
        let connection = operator::connection(args, account, stack).await?;
        queue = Queue::new(&connection, url);
    }
    let (mut empty, mut said) = (0, None);
    let look = async || {
        let depth = queue.depth().await?;
        let left = depth.waiting + depth.in_flight + depth.delayed;
        empty = if left == 0 { empty + 1 } else { 0 };
        if left > 0 && said != Some(left) {
            let noun = if left == 1 { "message is" } else { "messages are" };
            output.say(format_args!(
                "{left} {noun} left in the guard's queue, delayed ones included"
            ));
            said = Some(left);
        }
        Ok::<_, AwsError>((empty == EMPTY_IN_A_ROW).then_some(()))
    };
    Ok(wait::until(iter::repeat(PAUSE), deadline, AwsError::is_transient, look).await?)
}

/// The writes that are newer than the newest one before, by the clock of the guard.
async fn written_since(before: &Newest, ledger: &Ledger) -> anyhow::Result<Vec<SweptWrite>> {
    let newest = before.writes.first().map(|(id, _)| id.time);
    let now = ledger.newest(SHOWN, PAGES_MAX).await?.writes.into_iter();
    let new = now.filter(|(id, _)| newest.is_none_or(|newest| id.time > newest));
    let write =
        |(id, has_failed): (s3guard_posture::reconcile::ledger::RecordId, bool)| SweptWrite {
            bucket: id.bucket.to_string(),
            setting: id.kind.to_string(),
            time: utc_time(id.time),
            id: id.to_string(),
            has_failed,
        };
    Ok(new.map(write).collect())
}

impl Printable for Swept {
    fn print(&self, text: &mut Text) {
        let Some(buckets) = self.buckets else {
            return text.line("a sweep is started: `s3guard status` shows when it has ended");
        };
        let counted = |count: usize, one: &str, many: &str| {
            format!("{count} {}", if count == 1 { one } else { many })
        };
        let written = self.writes.iter().filter(|write| !write.has_failed).count();
        let findings = self
            .findings
            .map(|count| format!(", {}", counted(count, "open finding", "open findings")));
        text.line(format_args!(
            "{} checked, {} written{}",
            counted(buckets, "bucket", "buckets"),
            counted(written, "setting", "settings"),
            findings.unwrap_or_default()
        ));
        for SweptWrite { id, bucket, setting, has_failed, .. } in &self.writes {
            let failed = if *has_failed { " failed" } else { "" };
            text.line(format_args!("{setting} of {bucket}{failed}  {id}"));
        }
    }
}
