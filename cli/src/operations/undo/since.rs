//! Undoes all that the guard has written since a time: each setting of each bucket once, as it was before the first write.

use std::collections::BTreeMap;

use anyhow::anyhow;
use futures_util::{StreamExt as _, stream};
use s3guard_aws::{Buckets, Ledger};
use s3guard_posture::model::glob::Glob;
use s3guard_posture::reconcile::ledger::RecordId;
use s3guard_posture::reconcile::undo;
use s3guard_posture::{BucketId, BucketName, Record, SettingKind};
use serde::Serialize;
use time::{Date, OffsetDateTime};

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::session::{Account, AccountArgs};
use crate::operations::undo::change::{Change, UndoBucket};
use crate::operations::undo::genuine;
use crate::operations::undo::report::Undone;
use crate::operations::undo::suppression::NewSuppression;
use crate::operations::{operator, session};
use crate::ui::lines::utc_time;
use crate::ui::output::Output;
use crate::ui::text::{Printable, Text};

/// How many pages of a thousand keys of the ledger are listed.
const PAGES_MAX: usize = 1_000;
/// How many settings are read in parallel.
const READS_MAX: usize = 16;

pub(crate) struct Request<'a> {
    pub(crate) account: &'a AccountArgs,
    pub(crate) since: OffsetDateTime,
    /// The names of the buckets; all of them without a pattern.
    pub(crate) bucket: Option<&'a Glob>,
    /// The last day of the suppressions.
    pub(crate) until: Date,
    pub(crate) reason: &'a str,
    pub(crate) force: bool,
    pub(crate) yes: bool,
    pub(crate) accepts_exposure: bool,
}

/// What was restored, and what was not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UndoneSince {
    since: String,
    undone: Vec<Undone>,
    /// What stays as it is, and why.
    skipped: Vec<Skipped>,
    /// What could not be restored.
    failed: Vec<Skipped>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Skipped {
    id: String,
    reason: String,
}

/// A setting of a bucket, with all writes to it as one.
struct Planned {
    id: RecordId,
    record: Record,
    change: Option<Change>,
    plan: Undone,
}

/// The guard whose writes are undone.
struct Bulk<'a> {
    request: &'a Request<'a>,
    account: &'a Account,
    ledger: Ledger,
    output: &'a Output,
    now: OffsetDateTime,
}

/// Restores what the guard has changed since a time, after a person has approved it.
pub(crate) async fn undo_since(
    request: &Request<'_>,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let account = Account::open(request.account).await?;
    let stack = session::guard_stack(request.account, &account).await?;
    let ledger = operator::ledger(request.account, &account, &stack).await?;
    let bulk = Bulk { request, account: &account, ledger, output, now };
    let (planned, skipped) = bulk.plan().await?;
    let mut report = UndoneSince {
        since: utc_time(request.since),
        undone: Vec::new(),
        skipped,
        failed: Vec::new(),
    };
    if planned.is_empty() {
        output.say(format_args!("nothing to undo since {}", report.since));
        output.result(&report)?;
        return Ok(Exit::Done);
    }
    let is_approved = bulk.approve(&planned).await;
    if is_approved.is_err() {
        report.undone = planned.into_iter().map(|one| one.plan).collect();
        session::unless_approved(is_approved, &report, output)?;
        return Ok(Exit::Approval);
    }
    for one in planned {
        match bulk.carry_out(&one).await {
            Ok(()) => report.undone.push(one.plan.done()),
            Err(error) => {
                output.warn(format_args!("{} was not restored: {error:#}", one.id));
                let reason = format!("{error:#}");
                report.failed.push(Skipped { id: one.id.to_string(), reason });
            }
        }
    }
    let failed = report.failed.len();
    output.result(&report)?;
    if failed > 0 {
        return Err(anyhow!("{failed} settings were not restored")).hint(
            "fix the causes above, and run the same command again: what is done is not repeated",
        );
    }
    Ok(Exit::Done)
}

impl Bulk<'_> {
    /// The settings to restore, and those that are not, with the reasons.
    async fn plan(&self) -> anyhow::Result<(Vec<Planned>, Vec<Skipped>)> {
        let newest = self.ledger.newest(usize::MAX, PAGES_MAX).await?;
        if !newest.is_whole {
            return Err(anyhow!("the ledger has more than {} objects", PAGES_MAX * 1_000))
                .hint("`s3guard history BUCKET` and `s3guard undo ID` undo single writes");
        }
        let is_wanted = |id: &RecordId| {
            id.time >= self.request.since
                && self.request.bucket.is_none_or(|glob| glob.matches(id.bucket.as_str()))
        };
        // The newest first, as they were listed.
        let mut settings: BTreeMap<(BucketName, SettingKind), Vec<RecordId>> = BTreeMap::new();
        for (id, has_failed) in newest.writes {
            if !has_failed && is_wanted(&id) {
                settings.entry((id.bucket.clone(), id.kind)).or_default().push(id);
            }
        }
        let plans = stream::iter(settings.into_values()).map(|ids| async move {
            let id = ids[0].clone();
            (id, self.planned(ids).await)
        });
        let (mut planned, mut skipped) = (Vec::new(), Vec::new());
        for (id, plan) in plans.buffered(READS_MAX).collect::<Vec<_>>().await {
            match plan {
                Ok(Some(one)) => planned.push(one),
                Ok(None) => {}
                Err(error) => {
                    let reason = format!("{error:#}");
                    self.output.warn(format_args!("{id} stays as it is: {reason}"));
                    skipped.push(Skipped { id: id.to_string(), reason });
                }
            }
        }
        Ok((planned, skipped))
    }

    /// What restores one setting; `None` if it is as it was, and suppressed.
    async fn planned(&self, ids: Vec<RecordId>) -> anyhow::Result<Option<Planned>> {
        let mut records = Vec::new();
        for id in &ids {
            records.push(genuine(id, &self.ledger, self.account).await?);
        }
        let id = ids.into_iter().next().ok_or_else(|| anyhow!("there is no record"))?;
        let record = undo::joined(records).ok_or_else(|| anyhow!("there is no record"))?;
        let bucket = self.bucket(&id.bucket);
        let now = bucket.read(record.setting).await?;
        let result = undo::undo(&record, now.as_ref(), self.request.force);
        let change = Change::of(result, now, &bucket.id, record.setting)?;
        let until = self.request.until;
        if change.is_none() {
            let held = self.suppression(&id.bucket, &record).in_force(self.now).await?;
            if record.aspects.iter().all(|aspect| held.contains(&(*aspect, until))) {
                return Ok(None);
            }
        }
        let plan = Undone::new(&record, change.as_ref(), Some(until));
        Ok(Some(Planned { id, record, change, plan }))
    }

    async fn approve(&self, planned: &[Planned]) -> anyhow::Result<()> {
        let Request { yes, accepts_exposure, until, .. } = *self.request;
        for Planned { id, plan, .. } in planned {
            self.output.say(format_args!("bucket `{}`, {}", id.bucket, id.kind));
            plan.say(self.output);
        }
        let account = &self.account.caller.account;
        let settings = counted(planned.len(), "setting", "settings");
        self.output.say(format_args!(
            "account `{account}`: {settings} as before the writes of the guard, whose remediation is suppressed until {until}"
        ));
        let exposing = planned.iter().filter(|one| one.plan.is_exposing()).count();
        let needs_second = exposing > 0 && !accepts_exposure;
        let flags = if needs_second { "--yes --accept-exposure" } else { "--yes" };
        if !yes {
            let question = format!("restore {settings}?");
            session::confirm_or("changing buckets", &question, flags, self.output).await?;
        }
        if needs_second {
            let question = format!(
                "{} protect less, as the warnings above say: is that intended?",
                counted(exposing, "of them does", "of them")
            );
            session::confirm_or("protecting buckets less", &question, flags, self.output).await?;
        }
        Ok(())
    }

    async fn carry_out(&self, one: &Planned) -> anyhow::Result<()> {
        let suppression = self.suppression(&one.id.bucket, &one.record);
        let marks = suppression.give(self.request.until, one.change.as_ref(), self.now).await?;
        if let Some(change) = &one.change
            && let Err(error) = self.bucket(&one.id.bucket).put_back(&change.to).await
        {
            return Err(suppression.take_back(&marks, error).await);
        }
        Ok(())
    }

    fn suppression<'a>(&'a self, bucket: &'a BucketName, record: &'a Record) -> NewSuppression<'a> {
        NewSuppression {
            ledger: &self.ledger,
            record,
            bucket,
            stack: &self.request.account.stack,
            caller: &self.account.caller.arn,
            reason: self.request.reason,
        }
    }

    fn bucket(&self, name: &BucketName) -> UndoBucket<'_> {
        let Account { connection, caller } = self.account;
        let (account, region) = (caller.account.clone(), connection.region().clone());
        UndoBucket {
            id: BucketId { name: name.clone(), account: account.clone(), region },
            buckets: Buckets::new(connection, account, None),
            output: self.output,
        }
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Printable for UndoneSince {
    fn print(&self, text: &mut Text) {
        for one in &self.undone {
            one.print(text);
        }
        let Self { undone, skipped, failed, .. } = self;
        text.line(format_args!(
            "{} restored, {} skipped, {} failed",
            undone.len(),
            skipped.len(),
            failed.len()
        ));
    }
}
