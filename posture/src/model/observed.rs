//! What was read of a bucket.

use std::collections::{BTreeMap, BTreeSet};

use time::{Date, OffsetDateTime};

use crate::model::policy::Policy;
use crate::model::refusal::Refusal;
use crate::model::setting::{
    AccessLogs, Acl, Encryption, Lifecycle, Notifications, Ownership, PublicAccessBlock,
    Replication, Retention, Setting, SettingKind, Tags, Versioning,
};
use crate::{Aspect, BucketId, Question};

/// The result of reading one setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading<T> {
    /// It was not read yet.
    #[default]
    Unread,
    /// It is set to this.
    Known(T),
    /// It is not set: S3 answers with a "no such configuration" code.
    Absent,
    /// Access was denied. It is reported and never changed.
    Denied,
}

impl<T> Reading<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unread | Self::Absent | Self::Denied => None,
        }
    }

    /// The value, or that it is not set; `None` if neither is known.
    #[expect(clippy::option_option, reason = "not known and not set are different")]
    fn settled(&self) -> Option<Option<&T>> {
        match self {
            Self::Known(value) => Some(Some(value)),
            Self::Absent => Some(None),
            Self::Unread | Self::Denied => None,
        }
    }

    /// The reading of a part, which may be [`Reading::Absent`].
    pub fn and_then<U>(self, part: impl FnOnce(T) -> Option<U>) -> Reading<U> {
        match self {
            Self::Known(value) => part(value).map_or(Reading::Absent, Reading::Known),
            Self::Unread => Reading::Unread,
            Self::Absent => Reading::Absent,
            Self::Denied => Reading::Denied,
        }
    }

    /// The reading of something that follows from it.
    pub fn map_ref<U>(&self, of: impl FnOnce(&T) -> U) -> Reading<U> {
        match self {
            Self::Known(value) => Reading::Known(of(value)),
            Self::Unread => Reading::Unread,
            Self::Absent => Reading::Absent,
            Self::Denied => Reading::Denied,
        }
    }

    /// It without its value.
    fn without_value(&self) -> Reading<()> {
        self.map_ref(|_| ())
    }

    /// Whether it was not read yet.
    pub fn is_unread(&self) -> bool {
        matches!(self, Self::Unread)
    }

    /// Whether reading it was refused.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied)
    }
}

/// What was read of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Which bucket it is.
    pub id: BucketId,
    /// Its default encryption.
    pub encryption: Reading<Encryption>,
    /// Its own public access block.
    pub public_access_block: Reading<PublicAccessBlock>,
    /// The effective one of the account: each switch that is on for the account or its organization.
    pub account_block: Reading<PublicAccessBlock>,
    /// Its policy.
    pub policy: Reading<Policy>,
    /// Whether its policy is public, as S3 itself judges it.
    pub policy_is_public: Reading<bool>,
    /// What its ACL grants.
    pub acl: Reading<Acl>,
    /// Whether it is set up as a website.
    pub website: Reading<()>,
    /// Its object ownership.
    pub ownership: Reading<Ownership>,
    /// Whether earlier versions are kept.
    pub versioning: Reading<Versioning>,
    /// Where access is logged.
    pub access_logs: Reading<AccessLogs>,
    /// Its event notifications.
    pub notifications: Reading<Notifications>,
    /// Its tags.
    pub tags: Reading<Tags>,
    /// Where its objects are replicated to.
    pub replication: Reading<Replication>,
    /// When its objects are deleted.
    pub lifecycle: Reading<Lifecycle>,
    /// Whether new objects are locked: the default retention.
    pub object_lock: Reading<Retention>,
    /// Whether the wanted key can be used; [`Reading::Absent`] if it does not exist.
    pub key: Reading<KeyState>,
    /// The key of its default encryption, if that is one of the account; [`Reading::Absent`] if it does not exist.
    pub bucket_key: Reading<DescribedKey>,
    /// Whether an operation of the bucket's stack is in progress.
    pub stack_in_progress: Reading<bool>,
    /// The history of the bucket, from the ledger.
    pub history: Reading<History>,
    /// Why AWS refused what was denied, as far as it is known.
    pub refused: BTreeMap<Question, Refusal>,
}

/// The state of a KMS key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It can encrypt.
    Usable,
    /// It cannot, for this reason, in words.
    Unusable(String),
}

/// A key as KMS describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedKey {
    /// Its ARN.
    pub arn: String,
    /// Whether AWS manages it, so that its policy cannot be changed.
    pub is_aws_managed: bool,
}

/// The history of a bucket, from the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// How often the guard has written each setting within the last hour, without failed writes.
    pub writes: BTreeMap<SettingKind, u32>,
    /// The settings that the guard has stopped writing, which was reported.
    pub stopped: BTreeSet<SettingKind>,
    /// The aspects whose remediation is suppressed, until which day.
    pub suppressed: Vec<(Aspect, Date)>,
    /// Of one of the stack's own buckets, the settings that are right.
    pub right: BTreeMap<SettingKind, Setting>,
    /// The writes that AWS refuses and that are not tried again now, with when they were refused.
    pub refused: BTreeMap<SettingKind, (OffsetDateTime, Refusal)>,
    /// The settings that it has had for an hour or more.
    pub seen_before: BTreeMap<SettingKind, Setting>,
    /// The settings that it had when they were read last.
    pub before: BTreeMap<SettingKind, Setting>,
    /// The aspects that were weakened and could not be remediated yet.
    pub owed: BTreeSet<Aspect>,
    /// Whether it was public when that was judged last.
    pub was_public: Option<bool>,
    /// Since when the guard knows it.
    pub known_since: Option<OffsetDateTime>,
    /// Whether its creation was seen within the last hour.
    pub is_new: bool,
    /// Its default encryption so far.
    pub encryption: EncryptionHistory,
}

/// The default encryption that a bucket had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncryptionHistory {
    /// The first that was read.
    pub first: Option<Encryption>,
    /// Whether the bucket existed before the guard, so that it had the first one then.
    pub existed: bool,
    /// The latest ones, the latest first.
    pub latest: Vec<Encryption>,
}

impl History {
    /// Counts a write.
    pub fn count(&mut self, kind: SettingKind) {
        *self.writes.entry(kind).or_default() += 1;
    }
}

impl Observed {
    /// A bucket that was not read yet.
    pub fn unread(id: BucketId) -> Self {
        Self {
            id,
            encryption: Reading::Unread,
            public_access_block: Reading::Unread,
            account_block: Reading::Unread,
            policy: Reading::Unread,
            policy_is_public: Reading::Unread,
            acl: Reading::Unread,
            website: Reading::Unread,
            ownership: Reading::Unread,
            versioning: Reading::Unread,
            access_logs: Reading::Unread,
            notifications: Reading::Unread,
            tags: Reading::Unread,
            replication: Reading::Unread,
            lifecycle: Reading::Unread,
            object_lock: Reading::Unread,
            key: Reading::Unread,
            bucket_key: Reading::Unread,
            stack_in_progress: Reading::Unread,
            history: Reading::Unread,
            refused: BTreeMap::new(),
        }
    }

    /// Forgets an answer, so that it is read again.
    pub fn forget(&mut self, question: Question) {
        self.answer(question, &Self::unread(self.id.clone()));
    }

    /// The answer to a question, without its value.
    pub fn reading(&self, question: Question) -> Reading<()> {
        match question {
            Question::Encryption => self.encryption.without_value(),
            Question::PublicAccessBlock => self.public_access_block.without_value(),
            Question::AccountBlock => self.account_block.without_value(),
            Question::Policy => self.policy.without_value(),
            Question::PolicyStatus => self.policy_is_public.without_value(),
            Question::Acl => self.acl.without_value(),
            Question::Website => self.website.without_value(),
            Question::Ownership => self.ownership.without_value(),
            Question::Versioning => self.versioning.without_value(),
            Question::AccessLogs => self.access_logs.without_value(),
            Question::Notifications => self.notifications.without_value(),
            Question::Tags => self.tags.without_value(),
            Question::Replication => self.replication.without_value(),
            Question::Lifecycle => self.lifecycle.without_value(),
            Question::ObjectLock => self.object_lock.without_value(),
            Question::Key => self.key.without_value(),
            Question::BucketKey => self.bucket_key.without_value(),
            Question::Stack => self.stack_in_progress.without_value(),
            Question::History => self.history.without_value(),
        }
    }

    /// Notes that a question is not answered.
    pub fn deny(&mut self, question: Question) {
        match question {
            Question::Encryption => {
                self.encryption = Reading::Denied;
                self.bucket_key = Reading::Unread;
            }
            Question::PublicAccessBlock => self.public_access_block = Reading::Denied,
            Question::AccountBlock => self.account_block = Reading::Denied,
            Question::Policy => self.policy = Reading::Denied,
            Question::PolicyStatus => self.policy_is_public = Reading::Denied,
            Question::Acl => self.acl = Reading::Denied,
            Question::Website => self.website = Reading::Denied,
            Question::Ownership => self.ownership = Reading::Denied,
            Question::Versioning => self.versioning = Reading::Denied,
            Question::AccessLogs => self.access_logs = Reading::Denied,
            Question::Notifications => self.notifications = Reading::Denied,
            Question::Tags => self.tags = Reading::Denied,
            Question::Replication => self.replication = Reading::Denied,
            Question::Lifecycle => self.lifecycle = Reading::Denied,
            Question::ObjectLock => self.object_lock = Reading::Denied,
            Question::Key => self.key = Reading::Denied,
            Question::BucketKey => self.bucket_key = Reading::Denied,
            Question::Stack => self.stack_in_progress = Reading::Denied,
            Question::History => self.history = Reading::Denied,
        }
    }

    /// Takes an answer from another view of the same bucket.
    pub fn answer(&mut self, question: Question, from: &Self) {
        self.refused.remove(&question);
        self.refused.extend(from.refused.get(&question).map(|one| (question, one.clone())));
        match question {
            Question::Encryption => {
                if self.encryption != from.encryption {
                    self.bucket_key = Reading::Unread;
                }
                self.encryption = from.encryption.clone();
            }
            Question::PublicAccessBlock => self.public_access_block = from.public_access_block,
            Question::AccountBlock => self.account_block = from.account_block,
            Question::Policy => self.policy = from.policy.clone(),
            Question::PolicyStatus => self.policy_is_public = from.policy_is_public,
            Question::Acl => self.acl = from.acl,
            Question::Website => self.website = from.website,
            Question::Ownership => self.ownership = from.ownership,
            Question::Versioning => self.versioning = from.versioning,
            Question::AccessLogs => self.access_logs = from.access_logs.clone(),
            Question::Notifications => self.notifications = from.notifications.clone(),
            Question::Tags => self.tags = from.tags.clone(),
            Question::Replication => self.replication = from.replication.clone(),
            Question::Lifecycle => self.lifecycle = from.lifecycle.clone(),
            Question::ObjectLock => self.object_lock = from.object_lock,
            Question::Key => self.key = from.key.clone(),
            Question::BucketKey => self.bucket_key = from.bucket_key.clone(),
            Question::Stack => self.stack_in_progress = from.stack_in_progress,
            Question::History => self.history = from.history.clone(),
        }
    }

    /// The setting, if it could be read; it may be "not set".
    pub fn setting(&self, kind: SettingKind) -> Option<Setting> {
        Some(match kind {
            SettingKind::Policy => {
                Setting::Policy(self.policy.settled()?.map(|policy| policy.text().to_owned()))
            }
            SettingKind::PublicAccessBlock => {
                Setting::PublicAccessBlock(self.public_access_block.settled()?.copied())
            }
            SettingKind::Encryption => Setting::Encryption(self.encryption.settled()?.cloned()),
            SettingKind::Ownership => Setting::Ownership(self.ownership.settled()?.copied()),
            SettingKind::Versioning => Setting::Versioning(self.versioning.settled()?.copied()),
            SettingKind::AccessLogs => Setting::AccessLogs(self.access_logs.settled()?.cloned()),
            SettingKind::AccountPublicAccessBlock => {
                Setting::AccountPublicAccessBlock(self.account_block.settled()?.copied())
            }
            SettingKind::Notifications => {
                Setting::Notifications(self.notifications.known()?.clone())
            }
        })
    }
}
