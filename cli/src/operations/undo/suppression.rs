//! The suppression of a remediation, which the ledger gets from an operator.

use anyhow::{Context as _, anyhow};
use s3guard_aws::{AwsError, Ledger};
use s3guard_posture::reconcile::ledger::suppression::{self, Note, Suppression};
use s3guard_posture::{Aspect, BucketName, Record, StackName};
use time::{Date, OffsetDateTime, UtcOffset};

use crate::error;
use crate::error::Advice as _;
use crate::operations::undo::change::Change;

pub(crate) struct NewSuppression<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) record: &'a Record,
    pub(crate) bucket: &'a BucketName,
    pub(crate) stack: &'a StackName,
    /// The ARN of the caller.
    pub(crate) caller: &'a str,
    /// Why, for the reader of the ledger.
    pub(crate) reason: &'a str,
}

/// The marks of a bucket before, and the new ones.
pub(crate) struct Marks {
    before: Vec<Suppression>,
    put: Vec<Suppression>,
}

impl NewSuppression<'_> {
    pub(crate) fn aspects(&self) -> String {
        let names: Vec<&str> = self.record.aspects.iter().map(|aspect| aspect.name()).collect();
        names.join(", ")
    }

    /// The suppressed aspects of the bucket, and until when.
    pub(crate) async fn in_force(
        &self,
        now: OffsetDateTime,
    ) -> anyhow::Result<Vec<(Aspect, Date)>> {
        Ok(suppression::in_force(&self.marks().await?, now))
    }

    /// The note of the last undo of the record that has written something.
    pub(crate) async fn last(&self) -> anyhow::Result<Option<Note>> {
        let noted = self.ledger.interventions(self.bucket).await?.suppressions.into_iter();
        let noted = noted.filter_map(|(mark, note)| Some((mark, note.ok()?)));
        let of_record = noted.filter(|(mark, note)| {
            let is_end = mark.until < mark.made.to_offset(UtcOffset::UTC).date();
            note.undone == self.record.id && note.restored.is_some() && !is_end
        });
        Ok(of_record.max_by_key(|(mark, _)| mark.made).map(|(_, note)| note))
    }

    /// Suppresses the aspects until this day: all of them, or none. The marks have what is changed in the bucket.
    pub(crate) async fn give(
        &self,
        until: Date,
        change: Option<&Change>,
        now: OffsetDateTime,
    ) -> anyhow::Result<Marks> {
        let mut marks = Marks { before: self.marks().await?, put: Vec::new() };
        let note = Note {
            replaced: change.map(|change| change.now.clone()),
            restored: change.map(|change| change.to.clone()),
            ..self.note()
        };
        for mark in suppression::next(&marks.before, &self.record.aspects, until, now) {
            let written = self.write(&mark, &note).await;
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
    pub(crate) async fn take_back(&self, marks: &Marks, error: anyhow::Error) -> anyhow::Error {
        let mut failed: Option<AwsError> = None;
        for mark in suppression::taken_back(&marks.before, &marks.put) {
            failed = self.write(&mark, &self.note()).await.err().or(failed);
        }
        let again = "fix the cause, and run the same command again";
        let Some(failed) = failed else {
            let error = error.context("nothing was restored, and the suppressions are as before");
            return error::hinted(error, again);
        };
        let error = error.context(format!(
            "nothing was restored, but the suppression of {} could not be taken back: {failed}",
            self.aspects(),
        ));
        let end = format!("`s3guard undo {} --stack {} --end` ends it", self.record.id, self.stack);
        error::hinted(error, format!("{again}; or {end}"))
    }

    async fn marks(&self) -> anyhow::Result<Vec<Suppression>> {
        self.ledger
            .suppressions(self.bucket)
            .await
            .context("the suppressions of the bucket cannot be read")
            .hint("nothing was changed")
    }

    fn note(&self) -> Note {
        Note {
            undone: self.record.id.clone(),
            reason: self.reason.to_owned(),
            by: self.caller.to_owned(),
            ..Note::default()
        }
    }

    async fn write(&self, mark: &Suppression, note: &Note) -> Result<(), AwsError> {
        self.ledger.suppress(self.bucket, mark, note.clone()).await
    }
}
