//! The word to the guard: which aspects of a bucket it leaves as they are, until when.

use anyhow::{Context as _, anyhow};
use s3guard_aws::{AwsError, Ledger};
use s3guard_posture::reconcile::ledger::RecordId;
use s3guard_posture::reconcile::ledger::undone::{self, Mark};
use s3guard_posture::{Record, StackName};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::error;
use crate::error::Advice as _;

/// What the guard is told about the aspects of a record.
pub(crate) struct Word<'a> {
    ledger: &'a Ledger,
    record: &'a Record,
    id: &'a RecordId,
    stack: &'a StackName,
    note: Value,
}

/// What it was told, and what it knew before.
pub(crate) struct Told {
    there: Vec<Mark>,
    given: Vec<Mark>,
}

impl<'a> Word<'a> {
    pub(crate) fn new(
        ledger: &'a Ledger,
        record: &'a Record,
        id: &'a RecordId,
        stack: &'a StackName,
        reason: &str,
    ) -> Self {
        let note = json!({ "undone": record.id, "reason": reason });
        Self { ledger, record, id, stack, note }
    }

    pub(crate) fn record(&self) -> &Record {
        self.record
    }

    /// The aspects, in words.
    pub(crate) fn aspects(&self) -> String {
        let names: Vec<&str> = self.record.aspects.iter().map(|aspect| aspect.name()).collect();
        names.join(", ")
    }

    /// Whether the guard leaves one of the aspects.
    pub(crate) async fn is_given(&self, now: OffsetDateTime) -> anyhow::Result<bool> {
        let held = undone::in_force(&self.there().await?, now);
        Ok(held.iter().any(|(aspect, _)| self.record.aspects.contains(aspect)))
    }

    /// Whether the guard leaves all of the aspects until just this day.
    pub(crate) async fn holds(&self, until: Date, now: OffsetDateTime) -> anyhow::Result<bool> {
        let held = undone::in_force(&self.there().await?, now);
        Ok(self.record.aspects.iter().all(|aspect| held.contains(&(*aspect, until))))
    }

    /// Has the guard leave the aspects until this day: all of them, or none.
    pub(crate) async fn give(&self, until: Date, now: OffsetDateTime) -> anyhow::Result<Told> {
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
    pub(crate) async fn take_back(&self, told: &Told, error: anyhow::Error) -> anyhow::Error {
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
        self.ledger.leave(&self.id.bucket, mark, &self.note).await
    }
}
