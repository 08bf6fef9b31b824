//! A bucket in memory, for `replay` and for tests.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;

use crate::model::baseline::Baseline;
use crate::model::observed::{DescribedKey, KeyState, Observed, Reading};
use crate::model::policy::Policy;
use crate::model::setting::{
    Acl, Algorithm, Encryption, Notifications, Ownership, PublicAccessBlock, Setting, SseC,
};
use crate::reconcile::record::Record;
use crate::{Account, BucketId, History, Question};

/// A bucket in memory; a clone is the same bucket.
#[derive(Clone, Debug)]
pub struct MemoryBucket {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    truth: Observed,
    created: Option<OffsetDateTime>,
    steps: Vec<Step>,
}

/// What the engine did, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It read these, in one round.
    Read(Vec<Question>),
    /// It wrote this.
    Wrote(Setting),
    /// It saved this in the ledger.
    Kept(Box<Record>),
}

impl MemoryBucket {
    /// A bucket in this state.
    pub fn new(truth: Observed) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { truth, created: None, steps: Vec::new() })) }
    }

    /// Sets when it was created.
    pub fn set_created(&self, time: OffsetDateTime) {
        self.lock().created = Some(time);
    }

    /// Its state.
    pub fn truth(&self) -> Observed {
        self.lock().truth.clone()
    }

    /// Changes it without the engine.
    pub fn change(&self, change: impl FnOnce(&mut Observed)) {
        change(&mut self.lock().truth);
    }

    /// What the engine has done since the last call.
    pub fn take_steps(&self) -> Vec<Step> {
        std::mem::take(&mut self.lock().steps)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observed {
    /// A new bucket as of April 2026: encrypted with SSE-S3, SSE-C blocked, private, and nothing else.
    ///
    /// Source: Amazon S3 User Guide, "Default SSE-C setting FAQ" and "Blocking public access".
    pub fn new_bucket(id: BucketId) -> Self {
        let empty =
            "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>";
        let sse_c = if id.region.can_block_sse_c() { SseC::Blocked } else { SseC::NotSaid };
        Self {
            encryption: Reading::Known(Encryption {
                algorithm: Algorithm::SseS3,
                bucket_key: false,
                sse_c,
            }),
            public_access_block: Reading::Known(PublicAccessBlock::ALL),
            account_block: Reading::Absent,
            policy: Reading::Absent,
            policy_is_public: Reading::Absent,
            acl: Reading::Known(Acl::default()),
            website: Reading::Absent,
            ownership: Reading::Known(Ownership::BucketOwnerEnforced),
            versioning: Reading::Absent,
            access_logs: Reading::Absent,
            notifications: Reading::Known(Notifications {
                xml: empty.to_owned(),
                elements: Vec::new(),
            }),
            tags: Reading::Absent,
            replication: Reading::Absent,
            lifecycle: Reading::Absent,
            object_lock: Reading::Absent,
            key: Reading::Known(KeyState::Usable),
            // A key that is set later is a customer's.
            bucket_key: Reading::Known(DescribedKey { arn: String::new(), is_aws_managed: false }),
            stack_in_progress: Reading::Absent,
            refused: BTreeMap::new(),
            history: Reading::Known(History::default()),
            id,
        }
    }

    /// Takes a setting.
    pub fn set(&mut self, setting: &Setting) {
        fn reading<T: Clone>(value: Option<&T>) -> Reading<T> {
            value.map_or(Reading::Absent, |value| Reading::Known(value.clone()))
        }
        match setting {
            Setting::Policy(text) => {
                self.policy = reading(text.as_ref().map(Policy::new).as_ref());
                if text.is_none() {
                    self.policy_is_public = Reading::Absent;
                }
            }
            Setting::PublicAccessBlock(block) => self.public_access_block = reading(block.as_ref()),
            Setting::Encryption(encryption) => self.encryption = reading(encryption.as_ref()),
            Setting::Ownership(ownership) => self.ownership = reading(ownership.as_ref()),
            Setting::Versioning(versioning) => self.versioning = reading(versioning.as_ref()),
            Setting::AccessLogs(logs) => self.access_logs = reading(logs.as_ref()),
            Setting::AccountPublicAccessBlock(block) => {
                self.account_block = reading(block.as_ref());
            }
            Setting::Notifications(notifications) => {
                self.notifications = Reading::Known(notifications.clone());
            }
        }
    }
}

impl Account for MemoryBucket {
    type Error = Infallible;

    async fn observe(
        &self,
        ask: &[Question],
        mut observed: Observed,
        _: &Baseline,
    ) -> Result<Option<Observed>, Infallible> {
        let mut inner = self.lock();
        for question in ask {
            observed.answer(*question, &inner.truth);
        }
        inner.steps.push(Step::Read(ask.to_vec()));
        Ok(Some(observed))
    }

    async fn apply(&self, _: &BucketId, setting: &Setting) -> Result<bool, Infallible> {
        let mut inner = self.lock();
        inner.truth.set(setting);
        inner.steps.push(Step::Wrote(setting.clone()));
        Ok(true)
    }

    async fn keep(&self, record: &Record) -> Result<(), Infallible> {
        let mut inner = self.lock();
        if record.state == crate::reconcile::record::State::Begun
            && let Reading::Known(history) = &mut inner.truth.history
        {
            history.count(record.setting);
        }
        inner.steps.push(Step::Kept(Box::new(record.clone())));
        Ok(())
    }

    async fn pause(&self, _: u32) {}

    async fn created(&self, _: &BucketId) -> Result<Option<OffsetDateTime>, Infallible> {
        Ok(self.lock().created)
    }
}
