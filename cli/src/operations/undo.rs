//! An earlier setting put back, and left so until a day.
//!
//! The word to the guard comes first, or it would mend what it finds; it is taken back if the setting is not put back. After
//! an interrupt between the two the same command does it again: the record is there, and the newest word counts. `setting`
//! reads and writes the setting.

mod setting;

use anyhow::{Context as _, anyhow};
use s3guard_aws::{AwsError, Buckets, Ledger};
use s3guard_posture::reconcile::ledger::RecordId;
use s3guard_posture::reconcile::ledger::undone::{self, Mark};
use s3guard_posture::{BucketId, Record, StackName};
use serde_json::json;
use time::{Date, OffsetDateTime};

use crate::error;
use crate::error::Advice as _;
use crate::exit::Exit;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::operations::undo::setting::{Bucket, Undone};
use crate::ui::output::Output;

/// What is put back, or ended.
pub(crate) struct Request<'a> {
    pub(crate) account: &'a AccountArgs,
    /// The record whose setting it is.
    pub(crate) id: &'a RecordId,
    /// Why, for the reader of the ledger.
    pub(crate) reason: &'a str,
    /// Whether a setting that was changed since is written over.
    pub(crate) force: bool,
    pub(crate) yes: bool,
}

/// Puts the setting back and has the guard leave it until this day; without a day, has the guard keep it again.
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
        .hint(format!("`s3guard history {name}` shows which there are"))?;
    let word = Word {
        ledger: &ledger,
        record: &record,
        id: request.id,
        stack: &request.account.stack,
        reason: request.reason,
    };
    let Some(until) = until else { return end(&word, request, output, now).await };
    let owner = &account.caller.account;
    let bucket = Bucket {
        id: BucketId {
            name: name.clone(),
            account: owner.clone(),
            region: record.region.parse().context("the record's Region is none")?,
        },
        buckets: Buckets::new(&account.connection, owner.clone(), None, OffsetDateTime::now_utc),
        output,
    };
    let current = bucket.read(record.setting).await?;
    let before = setting::before(&record, current.as_ref(), request.force)?;
    if before.is_none() && word.holds(until, now).await? {
        output.say(format_args!("it is as it was, and the guard leaves it so until {until}"));
        output.result(&Undone::new(&record, None, Some(until)))?;
        return Ok(Exit::Done);
    }
    let is = current.map_or_else(|| "not known".to_owned(), |setting| setting.to_string());
    output.say(format_args!("bucket `{name}`, account `{owner}`"));
    output.say(format_args!("  is now    {is}"));
    let what = if let Some(before) = &before {
        output.say(format_args!("  put back  {before}"));
        format!("changing bucket `{name}`")
    } else {
        output.say("  nothing to put back: that is what there was before");
        format!("changing how bucket `{name}` is kept")
    };
    output.say(format_args!("the guard then leaves {} as it is until {until}", word.aspects()));
    if !request.yes {
        session::approve(&what, name.as_str(), "the bucket's name", output).await?;
    }
    let told = word.give(until, now).await?;
    if let Some(before) = &before {
        if let Err(error) = bucket.put_back(before).await {
            return Err(word.take_back(&told, error).await);
        }
        bucket.verify(before).await?;
    }
    output.result(&Undone::new(&record, before.as_ref(), Some(until)))?;
    Ok(Exit::Done)
}

/// Has the guard keep again what was undone.
async fn end(
    word: &Word<'_>,
    request: &Request<'_>,
    output: &Output,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let name = &request.id.bucket;
    if word.is_given(now).await? {
        output
            .say(format_args!("the guard then keeps {} of bucket `{name}` again", word.aspects()));
        if !request.yes {
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
    output.result(&Undone::new(word.record, None, None))?;
    Ok(Exit::Done)
}

/// What the guard is told about the aspects of a record.
struct Word<'a> {
    ledger: &'a Ledger,
    record: &'a Record,
    id: &'a RecordId,
    /// The guard's stack.
    stack: &'a StackName,
    /// Why, for the reader of the ledger.
    reason: &'a str,
}

/// What it was told, and what it knew before.
struct Told {
    there: Vec<Mark>,
    given: Vec<Mark>,
}

impl Word<'_> {
    /// The aspects, in words.
    fn aspects(&self) -> String {
        let names: Vec<&str> = self.record.aspects.iter().map(|aspect| aspect.name()).collect();
        names.join(", ")
    }

    /// Whether the guard leaves one of the aspects.
    async fn is_given(&self, now: OffsetDateTime) -> anyhow::Result<bool> {
        let held = undone::in_force(&self.there().await?, now);
        Ok(held.iter().any(|(aspect, _)| self.record.aspects.contains(aspect)))
    }

    /// Whether the guard leaves all of the aspects until just this day.
    async fn holds(&self, until: Date, now: OffsetDateTime) -> anyhow::Result<bool> {
        let held = undone::in_force(&self.there().await?, now);
        Ok(self.record.aspects.iter().all(|aspect| held.contains(&(*aspect, until))))
    }

    /// Has the guard leave the aspects until this day: all of them, or none.
    async fn give(&self, until: Date, now: OffsetDateTime) -> anyhow::Result<Told> {
        let there = self.there().await?;
        let mut told = Told { there, given: Vec::new() };
        for mark in undone::marks(&told.there, &self.record.aspects, until, now) {
            if let Err(error) = self.write(&mark).await {
                // Unless it was refused, S3 may have taken it all the same.
                if !error.is_denied() {
                    told.given.push(mark);
                }
                let error = anyhow!(error).context("the guard could not be told");
                return Err(self.take_back(&told, error).await);
            }
            told.given.push(mark);
        }
        Ok(told)
    }

    /// Has what held before hold again, since nothing was put back, for this reason. Says what is so now.
    async fn take_back(&self, told: &Told, error: anyhow::Error) -> anyhow::Error {
        let mut failed: Option<AwsError> = None;
        for mark in undone::taken_back(&told.there, &told.given) {
            if let Err(error) = self.write(&mark).await {
                failed = Some(error);
            }
        }
        let again = "mend the cause, and give the same command again";
        let Some(failed) = failed else {
            let error = error.context("nothing was put back, and the guard does as before");
            return error::hinted(error, again);
        };
        let Self { id, stack, .. } = self;
        let error = error.context(format!(
            "nothing was put back, but the guard may leave {} as it is, which could not be taken back: {failed}",
            self.aspects(),
        ));
        let end = format!("`s3guard undo {id} --stack {stack} --end` has it keep them");
        error::hinted(error, format!("{again}; or {end}"))
    }

    async fn there(&self) -> anyhow::Result<Vec<Mark>> {
        self.ledger
            .undone(&self.id.bucket)
            .await
            .context("it cannot be told what the guard knows already")
            .hint("nothing was changed")
    }

    async fn write(&self, mark: &Mark) -> Result<(), AwsError> {
        let note = json!({ "undone": self.record.id, "reason": self.reason });
        self.ledger.leave(&self.id.bucket, mark, &note).await
    }
}
