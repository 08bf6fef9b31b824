//! Restores an earlier setting and suppresses its remediation until a day.
//!
//! The suppression comes first, or the guard would remediate the setting; it is taken back if the setting is not restored.
//! After an interrupt between the two, the same command finishes it: the newest suppression counts.

use std::fmt;

use anyhow::{Context as _, anyhow};
use s3guard_aws::{AwsError, Buckets, Ledger};
use s3guard_posture::reconcile::ledger::RecordId;
use s3guard_posture::reconcile::ledger::suppression::{self, Note, Suppression};
use s3guard_posture::reconcile::undo::{self, CannotUndo};
use s3guard_posture::{
    Account as _, Aspect, Baseline, BucketId, Grade, Observed, Record, Setting, SettingKind,
};
use serde::Serialize;
use time::{Date, OffsetDateTime};

use crate::error;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::ui::output::Output;

pub(crate) struct Request<'a> {
    pub(crate) account: &'a AccountArgs,
    /// The record with the setting.
    pub(crate) id: &'a RecordId,
    /// Why, for the reader of the ledger.
    pub(crate) reason: &'a str,
    /// Whether a setting that was changed since is overwritten.
    pub(crate) force: bool,
    pub(crate) yes: bool,
}

/// Restores the setting and suppresses its remediation until this day; without a day, ends the suppression.
pub(crate) async fn undo(
    request: &Request<'_>,
    until: Option<Date>,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let account = Account::open(request.account).await?;
    let ledger = session::ledger(request.account, &account).await?;
    let name = &request.id.bucket;
    let record = ledger
        .record(request.id)
        .await?
        .ok_or_else(|| anyhow!("the ledger has no such record"))
        .hint(format!("`s3guard history {name}` lists the records"))?;
    let suppression =
        NewSuppression { ledger: &ledger, record: &record, caller: &account.caller.arn, request };
    let Some(until) = until else { return end(&suppression, output, now).await };
    let owner = &account.caller.account;
    let region = record.region.parse().context("the record has no valid Region")?;
    let bucket = UndoBucket {
        id: BucketId { name: name.clone(), account: owner.clone(), region },
        buckets: Buckets::new(&account.connection, owner.clone(), None),
        output,
    };
    let current = bucket.read(record.setting).await?;
    let before = before(&record, current.as_ref(), request.force)?;
    if before.is_none() {
        let held = suppression.in_force(now).await?;
        if record.aspects.iter().all(|aspect| held.contains(&(*aspect, until))) {
            output.say(format_args!(
                "it is as it was, and its remediation is suppressed until {until}"
            ));
            output.result(&Undone::new(&record, None, Some(until)).done())?;
            return Ok(Exit::Done);
        }
    }
    let is = current.map_or_else(|| "not known".to_owned(), |setting| setting.to_string());
    output.say(format_args!("bucket `{name}`, account `{owner}`"));
    output.say(format_args!("  is now    {is}"));
    match &before {
        Some(before) => output.say(format_args!("  restore   {before}")),
        None => output.say("  nothing to restore: the setting is as it was before"),
    }
    let aspects = suppression.aspects();
    output.say(format_args!("then the remediation of {aspects} is suppressed until {until}"));
    let plan = Undone::new(&record, before.as_ref(), Some(until));
    suppression.approve(&plan, output).await?;
    let there = suppression.give(until, now).await?;
    if let Some(before) = &before
        && let Err(error) = bucket.put_back(before).await
    {
        return Err(suppression.take_back(&there, error).await);
    }
    output.result(&plan.done())?;
    Ok(Exit::Done)
}

/// Ends the suppression.
async fn end(
    suppression: &NewSuppression<'_>,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let NewSuppression { record, request, .. } = suppression;
    let held = suppression.in_force(now).await?;
    let plan = Undone::new(record, None, None);
    if held.iter().any(|(aspect, _)| record.aspects.contains(aspect)) {
        let (name, aspects) = (&request.id.bucket, suppression.aspects());
        output.say(format_args!("then the guard enforces {aspects} of bucket `{name}` again"));
        suppression.approve(&plan, output).await?;
        suppression.give(suppression::over(now), now).await?;
        output.say("the guard remediates it at the next change or sweep");
    } else {
        output.say("nothing to end: there is no suppression");
    }
    output.result(&plan.done())?;
    Ok(Exit::Done)
}

/// The setting to restore; `None` if it is as it was.
fn before(
    record: &Record,
    current: Option<&Setting>,
    even_if_changed: bool,
) -> anyhow::Result<Option<Setting>> {
    match undo::undo(record, current, even_if_changed) {
        Ok(before) => Ok(Some(before)),
        Err(CannotUndo::Already(_)) => Ok(None),
        Err(error @ CannotUndo::ChangedSince(_)) => {
            Err(error).hint("review it first; `--force` restores the older setting anyway")
        }
        Err(error @ CannotUndo::NotReadable) => {
            let permission = record.setting.question().permission().0;
            Err(error).hint(format!("the caller needs `{permission}`"))
        }
        Err(error @ (CannotUndo::Failed | CannotUndo::NotKnown)) => Err(error.into()),
    }
}

struct NewSuppression<'a> {
    ledger: &'a Ledger,
    record: &'a Record,
    /// The ARN of the caller.
    caller: &'a str,
    request: &'a Request<'a>,
}

/// The marks of a bucket before, and the new ones.
struct Marks {
    before: Vec<Suppression>,
    put: Vec<Suppression>,
}

impl NewSuppression<'_> {
    fn aspects(&self) -> String {
        let names: Vec<&str> = self.record.aspects.iter().map(|aspect| aspect.name()).collect();
        names.join(", ")
    }

    async fn approve(&self, plan: &Undone, output: &Output) -> anyhow::Result<()> {
        if self.request.yes {
            return Ok(());
        }
        let name = self.request.id.bucket.as_str();
        let (what, question) = if plan.restored.is_some() {
            (format!("changing bucket `{name}`"), format!("change bucket `{name}`?"))
        } else {
            let what = format!("changing the suppressions of bucket `{name}`");
            (what, format!("change the suppressions of bucket `{name}`?"))
        };
        let approved = session::confirm(&what, &question, output).await;
        session::unless_approved(approved, plan, output)
    }

    /// The suppressed aspects of the bucket, and until when.
    async fn in_force(&self, now: OffsetDateTime) -> anyhow::Result<Vec<(Aspect, Date)>> {
        Ok(suppression::in_force(&self.marks().await?, now))
    }

    /// Suppresses the aspects until this day: all of them, or none.
    async fn give(&self, until: Date, now: OffsetDateTime) -> anyhow::Result<Marks> {
        let mut marks = Marks { before: self.marks().await?, put: Vec::new() };
        for mark in suppression::next(&marks.before, &self.record.aspects, until, now) {
            let written = self.write(&mark).await;
            // After any other error, S3 may have written it.
            if !written.as_ref().is_err_and(AwsError::is_denied) {
                marks.put.push(mark);
            }
            if let Err(error) = written {
                let error = anyhow!(error).context("the suppression could not be recorded");
                return Err(self.take_back(&marks, error).await);
            }
        }
        Ok(marks)
    }

    /// Reverts the suppression after this error. Returns the error with the state.
    async fn take_back(&self, marks: &Marks, error: anyhow::Error) -> anyhow::Error {
        let mut failed: Option<AwsError> = None;
        for mark in suppression::taken_back(&marks.before, &marks.put) {
            failed = self.write(&mark).await.err().or(failed);
        }
        let again = "fix the cause, and run the same command again";
        let Some(failed) = failed else {
            let error = error.context("nothing was restored, and the suppressions are as before");
            return error::hinted(error, again);
        };
        let Request { id, account, .. } = self.request;
        let error = error.context(format!(
            "nothing was restored, but the suppression of {} could not be taken back: {failed}",
            self.aspects(),
        ));
        let end = format!("`s3guard undo {id} --stack {} --end` ends it", account.stack);
        error::hinted(error, format!("{again}; or {end}"))
    }

    async fn marks(&self) -> anyhow::Result<Vec<Suppression>> {
        self.ledger
            .suppressions(&self.request.id.bucket)
            .await
            .context("the suppressions of the bucket cannot be read")
            .hint("nothing was changed")
    }

    async fn write(&self, mark: &Suppression) -> Result<(), AwsError> {
        let note = Note {
            undone: self.record.id.clone(),
            reason: self.request.reason.to_owned(),
            by: self.caller.to_owned(),
            ..Note::default()
        };
        self.ledger.suppress(&self.request.id.bucket, mark, note).await
    }
}

struct UndoBucket<'a> {
    id: BucketId,
    buckets: Buckets,
    output: &'a Output,
}

impl UndoBucket<'_> {
    /// Reads one setting; `None` without the permission.
    async fn read(&self, kind: SettingKind) -> anyhow::Result<Option<Setting>> {
        let unread = Observed::unread(self.id.clone());
        let baseline = Baseline::new(Grade::Speed, None);
        let observed = self.buckets.observe(&[kind.question()], unread, &baseline).await?;
        let name = &self.id.name;
        let observed = observed.ok_or_else(|| anyhow!("bucket `{name}` does not exist"))?;
        Ok(observed.setting(kind))
    }

    /// Writes the setting. After an error it is not restored.
    async fn put_back(&self, before: &Setting) -> anyhow::Result<()> {
        let written = self.buckets.apply(&self.id, before).await;
        if matches!(written, Ok(false)) {
            return Err(anyhow!("bucket `{}` does not exist any more", self.id.name));
        }
        // S3's settings are eventually consistent; after an error, S3 may have written it nevertheless.
        for attempt in 0..if written.is_ok() { 4 } else { 1 } {
            if attempt > 0 {
                self.buckets.pause(attempt).await;
            }
            let now = self.read(before.kind()).await.ok().flatten();
            if now.is_some_and(|now| undo::is_same(&now, before)) {
                return Ok(());
            }
        }
        written?;
        self.output
            .warn("S3 accepted the setting and does not return it yet; check again in a minute");
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum UndoOutcome {
    /// Nothing was done: the plan needs approval.
    NeedsApproval,
    Done,
}

/// What was restored; `restored` is `None` if it was so already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Undone {
    id: String,
    bucket: String,
    outcome: UndoOutcome,
    restored: Option<String>,
    /// `None` if the guard enforces it.
    suppressed_until: Option<String>,
}

impl Undone {
    fn new(record: &Record, restored: Option<&Setting>, until: Option<Date>) -> Self {
        Self {
            id: record.id.clone(),
            bucket: record.bucket.clone(),
            outcome: UndoOutcome::NeedsApproval,
            restored: restored.map(ToString::to_string),
            suppressed_until: until.map(|until| until.to_string()),
        }
    }

    fn done(self) -> Self {
        Self { outcome: UndoOutcome::Done, ..self }
    }
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bucket, restored, suppressed_until, .. } = self;
        let Some(until) = suppressed_until else { return writeln!(f, "{bucket}  not suppressed") };
        writeln!(f, "{bucket}  {}", restored.as_deref().unwrap_or("as it was"))?;
        writeln!(f, "suppressed until {until}")
    }
}
