//! The notifications of a window, and publishing them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use s3guard_aws::AwsError;
use s3guard_posture::config::EvaluationContext;
use s3guard_posture::digest::objects::{self, Scene};
use s3guard_posture::digest::window::{Digest, Known, Outbox};
use s3guard_posture::flow::Outgoing as _;
use s3guard_posture::notify::report;
use s3guard_posture::{BucketId, BucketName, Notification, Reading};
use time::Date;

use super::Notify;
use crate::settings::Common;

/// The most buckets of a window whose tags are read.
const TAGS_MAX: usize = 200;
/// How many are read at once.
const AT_ONCE: usize = 16;
/// The pause between two notifications: SNS suspends an email subscription above ten a second, and two invocations may
/// publish at once, besides the guard.
const PAUSE: Duration = Duration::from_secs(1);

impl Outbox for Notify {
    type Notification = Notification;
    type Error = AwsError;

    /// The grade and the owner of the buckets of a digest.
    async fn known(&self, digest: &Digest) -> BTreeMap<BucketName, Known> {
        let names: BTreeSet<BucketName> =
            digest.events.iter().map(|event| event.bucket.clone()).collect();
        let known = stream::iter(names.into_iter().enumerate()).map(|(place, name)| async move {
            let known = self.known_of(&name, place < TAGS_MAX, digest.until.date()).await;
            (name, known)
        });
        known.buffer_unordered(AT_ONCE).collect().await
    }

    fn notifications(&self, digest: &Digest) -> Vec<Notification> {
        let scene = Scene {
            origin: self.origin(digest.until),
            ledger: Some(&self.settings.ledger),
            known: &digest.known,
            alarming: &self.alarming,
            subscriptions: self.settings.config.subscriptions(),
        };
        objects::notifications_of(digest, &scene)
    }

    async fn publish(&self, notification: &Notification) -> Result<(), AwsError> {
        self.publisher.publish(notification).await?;
        tracing::info!(subject = notification.subject, "published");
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

impl Notify {
    /// The grade and the owner of a bucket; without its tags, by the rules for its name alone.
    async fn known_of(&self, name: &BucketName, with_tags: bool, today: Date) -> Known {
        let mut tags = Reading::Denied;
        if with_tags {
            tags = self.s3.tags(name).await.unwrap_or_else(|error| {
                tracing::warn!(bucket = %name, %error, "the bucket's tags could not be read");
                Reading::Denied
            });
        }
        let id = BucketId {
            name: name.clone(),
            account: self.settings.account.clone(),
            region: self.region.clone(),
        };
        let Common { config, grade, .. } = &self.settings;
        let context =
            EvaluationContext { default_grade: Some(*grade), ..EvaluationContext::new(today) };
        let grade = config.baseline(&id, &tags, &context).grade;
        let owner = report::owner(&tags).map(str::to_owned);
        Known { grade: Some(grade), owner }
    }
}
