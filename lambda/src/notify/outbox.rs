//! What is told of a window, and how it goes out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use s3guard_aws::AwsError;
use s3guard_posture::digest::objects::{self, Known, Scene};
use s3guard_posture::digest::window::{Digest, Outbox};
use s3guard_posture::notify::report;
use s3guard_posture::{BucketId, BucketName, Notice, Reading};
use time::OffsetDateTime;

use super::Notify;

/// The most buckets of a window whose tags are read.
const TAGS_MAX: usize = 200;
/// How many are read at once.
const AT_ONCE: usize = 16;
/// How long what is known of a bucket stays so.
const KNOWN_FOR: time::Duration = time::Duration::minutes(5);
/// How long to wait between two notices: SNS suspends a mail subscription above ten a second, and two functions may tell at
/// once, beside the guard.
const PAUSE: Duration = Duration::from_millis(400);

/// What is known of buckets, since when.
#[derive(Default)]
pub(super) struct Buckets(Mutex<BTreeMap<BucketName, (Known, OffsetDateTime)>>);

impl Outbox for Notify {
    type Notice = Notice;
    type Error = AwsError;

    async fn notices(&self, digest: &Digest) -> Vec<Notice> {
        let known = self.known(digest).await;
        let scene = Scene {
            origin: self.origin(digest.until),
            ledger: Some(&self.settings.ledger),
            known: &known,
            alarming: &self.alarming,
            subscriptions: self.settings.config.subscriptions(),
        };
        objects::tell(digest, &scene)
    }

    async fn publish(&self, notice: &Notice) -> Result<(), AwsError> {
        self.publisher.publish(notice).await?;
        tracing::info!(subject = notice.subject, "told");
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

impl Notify {
    /// The grade and the owner of the buckets of a digest.
    async fn known(&self, digest: &Digest) -> BTreeMap<BucketName, Known> {
        let names: BTreeSet<BucketName> =
            digest.events.iter().map(|event| event.bucket.clone()).collect();
        let known = stream::iter(names.into_iter().enumerate()).map(|(place, name)| async move {
            let known = self.known_of(&name, place < TAGS_MAX, digest.until).await;
            (name, known)
        });
        known.buffer_unordered(AT_ONCE).collect().await
    }

    /// What is known of a bucket; without its tags only what the rules say of its name.
    async fn known_of(&self, name: &BucketName, with_tags: bool, now: OffsetDateTime) -> Known {
        let remembered = self.buckets.0.lock().expect("nobody dies with it").get(name).cloned();
        if let Some((known, since)) = remembered
            && now - since < KNOWN_FOR
        {
            return known;
        }
        let mut tags = Reading::Denied;
        if with_tags {
            tags = self.objects.bucket_tags(name).await.unwrap_or_else(|error| {
                tracing::warn!(bucket = %name, %error, "the bucket's tags could not be read");
                Reading::Denied
            });
        }
        let id = BucketId {
            name: name.clone(),
            account: self.settings.account.clone(),
            region: self.region.clone(),
        };
        let grade = self.settings.grade_of(&id, &tags, now.date());
        let owner = report::owner(&tags).map(str::to_owned);
        let known = Known { grade: Some(grade), owner };
        if with_tags {
            let mut remembered = self.buckets.0.lock().expect("nobody dies with it");
            remembered.insert(name.clone(), (known.clone(), now));
        }
        known
    }
}
