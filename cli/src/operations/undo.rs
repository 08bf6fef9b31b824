//! Restores an earlier setting and suppresses its remediation until a day.
//!
//! The suppression comes first, or the guard would remediate the setting; it is taken back if the setting is not restored.
//! After an interrupt between the two, the same command finishes it: the newest suppression counts.

mod change;
pub(crate) mod report;
pub(crate) mod since;
mod suppression;

use anyhow::anyhow;
use s3guard_aws::{Buckets, Ledger};
use s3guard_posture::reconcile::ledger::RecordId;
use s3guard_posture::reconcile::ledger::suppression::over;
use s3guard_posture::reconcile::undo;
use s3guard_posture::{BucketId, Record};
use time::{Date, OffsetDateTime};

use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::deploy::step;
use crate::operations::session::{Account, AccountArgs};
use crate::operations::undo::change::{Change, UndoBucket};
use crate::operations::undo::report::Undone;
use crate::operations::undo::suppression::NewSuppression;
use crate::operations::{operator, session};
use crate::ui::output::Output;

pub(crate) struct Request<'a> {
    pub(crate) account: &'a AccountArgs,
    /// The record with the setting.
    pub(crate) id: &'a RecordId,
    pub(crate) action: Action,
    /// Why, for the reader of the ledger.
    pub(crate) reason: &'a str,
    /// Whether what was changed since is overwritten.
    pub(crate) force: bool,
    pub(crate) yes: bool,
    /// Whether a setting that protects less is approved.
    pub(crate) accepts_exposure: bool,
}

/// What is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// The setting is restored, and its remediation suppressed until this day.
    Restore(Date),
    /// The suppression is ended.
    End,
    /// What the last undo of the record has overwritten is written again, and its suppression is ended.
    Redo,
}

/// An undo whose record was read and checked.
struct Undo<'a> {
    request: &'a Request<'a>,
    suppression: NewSuppression<'a>,
    bucket: UndoBucket<'a>,
    output: &'a Output,
    now: OffsetDateTime,
}

/// Restores the setting and suppresses its remediation, or reverts that.
pub(crate) async fn undo(
    request: &Request<'_>,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let account = Account::open(request.account).await?;
    let stack = session::guard_stack(request.account, &account).await?;
    let ledger = operator::ledger(request.account, &account, &stack).await?;
    let record = genuine(request.id, &ledger, &account).await?;
    let (name, owner) = (&request.id.bucket, &account.caller.account);
    let connection = &account.connection;
    let region = connection.region().clone();
    let undo = Undo {
        request,
        suppression: NewSuppression {
            ledger: &ledger,
            record: &record,
            bucket: name,
            stack: &request.account.stack,
            caller: &account.caller.arn,
            reason: request.reason,
        },
        bucket: UndoBucket {
            id: BucketId { name: name.clone(), account: owner.clone(), region },
            buckets: Buckets::new(connection, owner.clone(), None),
            output,
        },
        output,
        now,
    };
    let done = match request.action {
        Action::Restore(until) => undo.restore(until).await?,
        Action::End => undo.end().await?,
        Action::Redo => undo.redo().await?,
    };
    output.result(&done.done())?;
    Ok(Exit::Done)
}

/// Reads the record, and checks that the guard has written it for this setting of this account and Region.
async fn genuine(id: &RecordId, ledger: &Ledger, account: &Account) -> anyhow::Result<Record> {
    let record = ledger
        .record(id)
        .await?
        .ok_or_else(|| anyhow!("the ledger has no record `{id}`"))
        .hint(format!("`s3guard history {}` lists the records", id.bucket))?;
    let (owner, region) = (&account.caller.account, account.connection.region());
    let differences = undo::differences(&record, id, owner, region);
    if differences.is_empty() {
        return Ok(record);
    }
    Err(anyhow!("record `{id}` is not genuine: {}", differences.join("; "))).hint(format!(
        "the guard has not written it, and nothing was changed: find out who has put object `{}` into bucket `{}`",
        id.key(),
        ledger.bucket()
    ))
}

impl Undo<'_> {
    async fn restore(&self, until: Date) -> anyhow::Result<Undone> {
        let record = self.suppression.record;
        let now = self.bucket.read(record.setting).await?;
        let result = undo::undo(record, now.as_ref(), self.request.force);
        let change = Change::of(result, now, &self.bucket.id, record.setting)?;
        let plan = Undone::new(record, change.as_ref(), Some(until));
        if change.is_none() {
            let held = self.suppression.in_force(self.now).await?;
            if record.aspects.iter().all(|aspect| held.contains(&(*aspect, until))) {
                self.output.say(format_args!(
                    "it is as it was, and its remediation is suppressed until {until}"
                ));
                return Ok(plan);
            }
        }
        let aspects = self.suppression.aspects();
        let then = format!("then the remediation of {aspects} is suppressed until {until}");
        self.approve(&plan, then).await?;
        let marks = self.suppression.give(until, change.as_ref(), self.now).await?;
        if let Some(change) = &change
            && let Err(error) = self.bucket.put_back(&change.to).await
        {
            return Err(self.suppression.take_back(&marks, error).await);
        }
        let Request { id, account, .. } = self.request;
        let place = step::place(account.stack.as_str(), self.bucket.id.region.as_str());
        self.output.say(format_args!(
            "`s3guard undo {id} --end {place}` ends the suppression; `s3guard status {place}` lists all"
        ));
        Ok(plan)
    }

    async fn end(&self) -> anyhow::Result<Undone> {
        let plan = Undone::new(self.suppression.record, None, None);
        if !self.is_suppressed().await? {
            self.output.say("nothing to end: there is no suppression");
            return Ok(plan);
        }
        self.approve(&plan, self.enforced()).await?;
        self.suppression.give(over(self.now), None, self.now).await?;
        self.output.say("the guard remediates it at the next change or sweep");
        Ok(plan)
    }

    async fn redo(&self) -> anyhow::Result<Undone> {
        let record = self.suppression.record;
        let last = self.suppression.last().await?;
        let both = last.and_then(|note| note.replaced.zip(note.restored));
        let both = both.filter(|(replaced, restored)| {
            [replaced, restored].iter().all(|setting| setting.kind() == record.setting)
        });
        let (replaced, restored) = both
            .ok_or_else(|| anyhow!("no undo of this record has changed the bucket"))
            .hint(format!("`s3guard history {}` lists what was undone", self.request.id.bucket))?;
        let now = self.bucket.read(record.setting).await?;
        let result = match &now {
            Some(now) => undo::reverted([&replaced, &restored, now], self.request.force),
            None => Err(undo::CannotUndo::NotReadable),
        };
        let change = Change::of(result, now, &self.bucket.id, record.setting)?;
        let plan = Undone::new(record, change.as_ref(), None);
        let is_suppressed = self.is_suppressed().await?;
        if change.is_none() && !is_suppressed {
            self.output.say("nothing to redo: the setting is as it was before the undo");
            return Ok(plan);
        }
        self.approve(&plan, self.enforced()).await?;
        self.suppression.give(over(self.now), change.as_ref(), self.now).await?;
        if let Some(change) = &change {
            self.bucket.put_back(&change.to).await.hint(
                "the suppression is ended: the guard remediates it at the next change or sweep",
            )?;
        }
        Ok(plan)
    }

    async fn is_suppressed(&self) -> anyhow::Result<bool> {
        let held = self.suppression.in_force(self.now).await?;
        Ok(held.iter().any(|(aspect, _)| self.suppression.record.aspects.contains(aspect)))
    }

    fn enforced(&self) -> String {
        let (name, aspects) = (&self.request.id.bucket, self.suppression.aspects());
        format!("then the guard enforces {aspects} of bucket `{name}` again")
    }

    /// Prints the plan, and asks for approval; a second time if the setting protects less.
    async fn approve(&self, plan: &Undone, then: String) -> anyhow::Result<()> {
        let Request { id, yes, accepts_exposure, .. } = self.request;
        let (name, owner) = (&id.bucket, &self.bucket.id.account);
        self.output.say(format_args!("bucket `{name}`, account `{owner}`, {}", id.kind));
        plan.say(self.output);
        self.output.say(then);
        let needs_second = plan.is_exposing() && !accepts_exposure;
        let flags = if needs_second { "--yes --accept-exposure" } else { "--yes" };
        let (what, question) = if plan.is_write() {
            (format!("changing bucket `{name}`"), format!("change bucket `{name}`?"))
        } else {
            let what = format!("changing the suppressions of bucket `{name}`");
            (what, format!("change the suppressions of bucket `{name}`?"))
        };
        if !yes {
            let approved = session::confirm_or(&what, &question, flags, self.output).await;
            session::unless_approved(approved, plan, self.output)?;
        }
        if needs_second {
            let what = format!("protecting bucket `{name}` less");
            let question = "the warnings above say what is protected less: is that intended?";
            let approved = session::confirm_or(&what, question, flags, self.output).await;
            session::unless_approved(approved, plan, self.output)?;
        }
        Ok(())
    }
}
