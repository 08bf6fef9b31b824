//! The setting that is put back: read, written, and read again.

use std::fmt;

use anyhow::anyhow;
use s3guard_aws::Buckets;
use s3guard_posture::reconcile::undo::{self, CannotUndo};
use s3guard_posture::{
    Account as _, Baseline, BucketId, Grade, Observed, Record, Setting, SettingKind,
};
use serde::Serialize;
use time::Date;

use crate::error::Advice as _;
use crate::ui::output::Output;

/// What has to be put back; nothing if it is as it was.
pub(crate) fn before(
    record: &Record,
    current: Option<&Setting>,
    even_if_changed: bool,
) -> anyhow::Result<Option<Setting>> {
    match undo::undo(record, current, even_if_changed) {
        Ok(before) => Ok(Some(before)),
        Err(CannotUndo::Already(_)) => Ok(None),
        Err(error @ CannotUndo::ChangedSince(_)) => {
            Err(error).hint("look at it first; `--force` puts the older setting back all the same")
        }
        Err(error @ CannotUndo::NotReadable) => {
            let permission = record.setting.question().permission().0;
            Err(error).hint(format!("the caller needs `{permission}`"))
        }
        Err(error @ (CannotUndo::Failed | CannotUndo::NotKnown)) => Err(error.into()),
    }
}

/// A bucket of which a setting is put back.
pub(crate) struct Bucket<'a> {
    pub(crate) id: BucketId,
    pub(crate) buckets: Buckets,
    pub(crate) output: &'a Output,
}

impl Bucket<'_> {
    /// Reads one setting; `None` if it may not be read.
    pub(crate) async fn read(&self, kind: SettingKind) -> anyhow::Result<Option<Setting>> {
        let unread = Observed::unread(self.id.clone());
        let baseline = Baseline::new(Grade::Speed, None);
        let observed = self.buckets.observe(&[kind.question()], unread, &baseline).await?;
        let name = &self.id.name;
        let observed = observed.ok_or_else(|| anyhow!("bucket `{name}` does not exist"))?;
        Ok(observed.setting(kind))
    }

    /// Whether the setting is as it was.
    async fn is(&self, before: &Setting) -> anyhow::Result<bool> {
        let now = self.read(before.kind()).await?;
        Ok(now.is_some_and(|now| undo::is_same(&now, before)))
    }

    /// Writes what there was before. An error says that it is not so: an answer that was lost may have been a good one.
    pub(crate) async fn put_back(&self, before: &Setting) -> anyhow::Result<()> {
        let error = match self.buckets.apply(&self.id, before).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(anyhow!("bucket `{}` is gone", self.id.name)),
            Err(error) => error,
        };
        if self.is(before).await.unwrap_or(false) {
            self.output.warn(format_args!("S3 has it although it did not say so: {error}"));
            return Ok(());
        }
        Err(error.into())
    }

    /// Reads again until the setting is as it was: S3's settings are eventually consistent.
    pub(crate) async fn verify(&self, before: &Setting) -> anyhow::Result<()> {
        for attempt in 0..4 {
            if attempt > 0 {
                self.buckets.pause(attempt).await;
            }
            if self.is(before).await? {
                return Ok(());
            }
        }
        self.output.warn("S3 took the setting and does not show it yet; look again in a minute");
        Ok(())
    }
}

/// What was put back; nothing where it was so already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Undone {
    id: String,
    bucket: String,
    put_back: Option<String>,
    /// Nothing if the guard keeps it.
    left_until: Option<String>,
}

impl Undone {
    pub(crate) fn new(record: &Record, put_back: Option<&Setting>, until: Option<Date>) -> Self {
        Self {
            id: record.id.clone(),
            bucket: record.bucket.clone(),
            put_back: put_back.map(ToString::to_string),
            left_until: until.map(|until| until.to_string()),
        }
    }
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.put_back, &self.left_until) {
            (Some(put_back), _) => writeln!(f, "{}  {put_back}", self.bucket)?,
            (None, Some(_)) => writeln!(f, "{}  as it was", self.bucket)?,
            (None, None) => {}
        }
        match &self.left_until {
            Some(until) => writeln!(f, "left so until {until}"),
            None => writeln!(f, "{}  kept by the guard", self.bucket),
        }
    }
}
