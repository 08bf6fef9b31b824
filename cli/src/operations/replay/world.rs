//! The buckets of the account, in memory.

use std::collections::BTreeMap;

use s3guard_posture::evaluate::assess::STACK_TAG;
use s3guard_posture::events::Changed;
use s3guard_posture::flow::memory::MemoryLedger;
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::setting::PublicAccessBlock;
use s3guard_posture::reconcile::ledger::{self, RecordId};
use s3guard_posture::reconcile::memory::Step;
use s3guard_posture::{BucketId, BucketName, MemoryBucket, Observed};
use serde_json::Value as Json;
use time::OffsetDateTime;

use crate::operations::replay::apply;

/// Where `CreateBucket` succeeds for a bucket that one already has, and resets its ACL.
const CREATES_AGAIN: &str = "us-east-1";

/// An account's buckets, and what they share.
pub(crate) struct World {
    account_block: Reading<PublicAccessBlock>,
    buckets: BTreeMap<BucketName, MemoryBucket>,
    pub(crate) ledger: MemoryLedger,
}

impl World {
    /// An account in which nobody has set anything.
    pub(crate) fn new() -> Self {
        Self {
            account_block: Reading::Absent,
            buckets: BTreeMap::new(),
            ledger: MemoryLedger::default(),
        }
    }

    /// A call has changed a bucket. `guarded` makes a bucket what the guard would have left.
    ///
    /// Returns what had to be assumed.
    pub(crate) fn happen(
        &mut self,
        id: &BucketId,
        changed: &Changed,
        parameters: &Json,
        guarded: impl FnOnce(&MemoryBucket),
    ) -> Vec<String> {
        let name = changed.call.event_name.as_str();
        let is_known = self.buckets.contains_key(&id.name);
        if name == "CreateBucket" {
            if is_known && id.region.as_str() == CREATES_AGAIN {
                self.change(id, |bucket| apply::acl(bucket, parameters));
                return vec!["the bucket is there already: only its ACL is made anew".to_owned()];
            }
            let mut bucket = Observed::new_bucket(id.clone());
            apply::created(&mut bucket, parameters);
            self.insert(bucket);
            return Vec::new();
        }
        let mut assumed = self.ensure(id, guarded);
        assumed.extend(self.change(id, |bucket| apply::changed(bucket, name, parameters)));
        assumed
    }

    /// Has the bucket there, as the guard left it if it was not seen yet. Returns what had to be assumed.
    pub(crate) fn ensure(
        &mut self,
        id: &BucketId,
        guarded: impl FnOnce(&MemoryBucket),
    ) -> Vec<String> {
        if self.buckets.contains_key(&id.name) {
            return Vec::new();
        }
        let bucket = self.insert(Observed::new_bucket(id.clone()));
        guarded(bucket);
        bucket.take_steps();
        vec!["everything else is as the guard left it".to_owned()]
    }

    /// A call that is not watched has changed a bucket, or taken it away.
    pub(crate) fn happen_unheard(&mut self, name: &BucketName, event_name: &str) {
        match event_name {
            "DeleteBucket" => drop(self.buckets.remove(name)),
            "DeleteBucketWebsite" => {
                if let Some(bucket) = self.buckets.get(name) {
                    bucket.change(|bucket| bucket.website = Reading::Absent);
                }
            }
            _ => {}
        }
    }

    /// A call has changed the account's public access block.
    pub(crate) fn happen_to_account(&mut self, event_name: &str, parameters: &Json) -> Vec<String> {
        apply::changed_account(&mut self.account_block, event_name, parameters)
    }

    /// The bucket's stack is done, and has marked it.
    pub(crate) fn finish_stack(&mut self, name: &BucketName) {
        let Some(bucket) = self.buckets.get(name) else { return };
        bucket.change(|bucket| {
            let mut tags = bucket.tags.known().cloned().unwrap_or_default();
            tags.entry(STACK_TAG.to_owned()).or_insert_with(|| "assumed".to_owned());
            bucket.tags = Reading::Known(tags);
            bucket.stack_in_progress = Reading::Known(false);
        });
    }

    /// The bucket as it is to be looked at now. The account itself is always there.
    pub(crate) fn bucket(&mut self, id: &BucketId, now: OffsetDateTime) -> MemoryBucket {
        if !self.buckets.contains_key(&id.name) {
            self.insert(Observed::new_bucket(id.clone()));
        }
        let keys = self.ledger.keys();
        let history = ledger::history(&id.name, keys.iter().map(String::as_str), now);
        self.change(id, |bucket| {
            bucket.history = Reading::Known(history);
        });
        let bucket = &self.buckets[&id.name];
        bucket.change(|bucket| bucket.account_block = self.account_block);
        bucket.clone()
    }

    /// Has the ledger keep what was written.
    pub(crate) fn keep(&self, steps: &[Step]) {
        for step in steps {
            if let Step::Kept(record) = step
                && let Ok(id) = record.id.parse::<RecordId>()
            {
                self.ledger.put(&id.key());
            }
        }
    }

    /// The account's block, after a look at it.
    pub(crate) fn account_looked_at(&mut self) {
        if let Some(account) = self.buckets.get(&BucketName::account()) {
            self.account_block = account.truth().account_block;
        }
    }

    fn insert(&mut self, bucket: Observed) -> &MemoryBucket {
        let name = bucket.id.name.clone();
        self.buckets.entry(name).insert_entry(MemoryBucket::new(bucket)).into_mut()
    }

    fn change<T: Default>(&mut self, id: &BucketId, change: impl FnOnce(&mut Observed) -> T) -> T {
        let mut changed = T::default();
        if let Some(bucket) = self.buckets.get(&id.name) {
            bucket.change(|bucket| changed = change(bucket));
        }
        changed
    }
}
