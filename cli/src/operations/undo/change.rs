//! The setting of the bucket, and what an undo writes to it, with the caller's own permissions.

use anyhow::anyhow;
use s3guard_aws::Buckets;
use s3guard_posture::reconcile::undo::{self, CannotUndo};
use s3guard_posture::{Account as _, Baseline, BucketId, Grade, Observed, Setting, SettingKind};

use crate::error::Advice as _;
use crate::ui::output::Output;

/// A write to the setting.
pub(crate) struct Change {
    /// The setting that it replaces.
    pub(crate) now: Setting,
    pub(crate) to: Setting,
    pub(crate) lines: Vec<String>,
    /// What is let in, or protected less.
    pub(crate) exposures: Vec<String>,
}

impl Change {
    /// The write that has this result; `None` if the setting is so already.
    pub(crate) fn of(
        result: Result<Setting, CannotUndo>,
        now: Option<Setting>,
        bucket: &BucketId,
        kind: SettingKind,
    ) -> anyhow::Result<Option<Self>> {
        let to = match result {
            Ok(to) => to,
            Err(CannotUndo::Already(_)) => return Ok(None),
            Err(error @ CannotUndo::ChangedSince(_)) => {
                return Err(error).hint("review it first; `--force` restores the older one anyway");
            }
            Err(error @ CannotUndo::NotReadable) => {
                let permission = kind.question().permission().0;
                return Err(error).hint(format!("the caller needs `{permission}`"));
            }
            Err(error @ (CannotUndo::Failed | CannotUndo::NotKnown)) => return Err(error.into()),
        };
        let now = now.ok_or(CannotUndo::NotReadable)?;
        let (lines, exposures) = (undo::diff(&now, &to), undo::exposures(&now, &to, bucket));
        Ok(Some(Self { now, to, lines, exposures }))
    }
}

pub(crate) struct UndoBucket<'a> {
    pub(crate) id: BucketId,
    pub(crate) buckets: Buckets,
    pub(crate) output: &'a Output,
}

impl UndoBucket<'_> {
    /// Reads one setting; `None` without the permission.
    pub(crate) async fn read(&self, kind: SettingKind) -> anyhow::Result<Option<Setting>> {
        let unread = Observed::unread(self.id.clone());
        let baseline = Baseline::new(Grade::Speed, None);
        let observed = self.buckets.observe(&[kind.question()], unread, &baseline).await?;
        let name = &self.id.name;
        let observed = observed.ok_or_else(|| anyhow!("bucket `{name}` does not exist"))?;
        Ok(observed.setting(kind))
    }

    /// Writes the setting. After an error it is not restored.
    pub(crate) async fn put_back(&self, before: &Setting) -> anyhow::Result<()> {
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
