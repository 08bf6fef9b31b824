//! What a bucket is, as far as we could see.

use std::collections::{BTreeMap, BTreeSet};

use time::Date;

use crate::model::policy::Policy;
use crate::model::setting::{
    AccessLogs, Acl, Encryption, Lifecycle, Notifications, Ownership, PublicAccessBlock,
    Replication, Setting, SettingKind, Tags, Versioning,
};
use crate::{Aspect, BucketId, Question};

/// What came of reading one setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading<T> {
    /// Nobody has asked yet.
    #[default]
    Unread,
    /// It is set to this.
    Known(T),
    /// It is not set: S3 answers with a "no such configuration" code.
    Absent,
    /// We may not read it. It is reported and never changed.
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

    /// The reading of a part: a part that is not there is [`Reading::Absent`].
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
        self.as_ref().and_then(|value| Some(of(value)))
    }

    /// A reading of the same thing, by reference.
    pub fn as_ref(&self) -> Reading<&T> {
        match self {
            Self::Known(value) => Reading::Known(value),
            Self::Unread => Reading::Unread,
            Self::Absent => Reading::Absent,
            Self::Denied => Reading::Denied,
        }
    }

    /// Whether nobody has asked yet.
    pub fn is_unread(&self) -> bool {
        matches!(self, Self::Unread)
    }
}

/// What was seen of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Which bucket it is.
    pub id: BucketId,
    /// Its default encryption.
    pub encryption: Reading<Encryption>,
    /// Its own public access block.
    pub public_access_block: Reading<PublicAccessBlock>,
    /// The account's, with what its organization adds: where a switch is on here or there, it is on.
    pub account_block: Reading<PublicAccessBlock>,
    /// Its policy.
    pub policy: Reading<Policy>,
    /// Whether its policy gives access to the public, as S3 itself judges it.
    pub policy_is_public: Reading<bool>,
    /// What its ACL grants.
    pub acl: Reading<Acl>,
    /// Whether it is set up as a website.
    pub website: Reading<()>,
    /// Whose its objects are.
    pub ownership: Reading<Ownership>,
    /// Whether earlier versions are kept.
    pub versioning: Reading<Versioning>,
    /// Where access is logged.
    pub access_logs: Reading<AccessLogs>,
    /// Who hears of its objects.
    pub notifications: Reading<Notifications>,
    /// Its tags.
    pub tags: Reading<Tags>,
    /// Where its objects are copied to.
    pub replication: Reading<Replication>,
    /// When its objects are deleted.
    pub lifecycle: Reading<Lifecycle>,
    /// Whether new objects are locked: the default retention.
    pub object_lock: Reading<()>,
    /// Whether the wanted key can be used; a key that does not exist is [`Reading::Absent`].
    pub key: Reading<KeyState>,
    /// Whether the stack that the bucket belongs to is being made or changed.
    pub stack_in_progress: Reading<bool>,
    /// What the ledger says of the bucket.
    pub history: Reading<History>,
}

/// What KMS says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It encrypts.
    Usable,
    /// It does not, for this reason, in words.
    Unusable(String),
}

/// What the ledger says of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// How often the guard has written each setting within the last hour. What failed does not count.
    pub writes: BTreeMap<SettingKind, u32>,
    /// The settings at which the guard has stopped, and said so.
    pub stopped: BTreeSet<SettingKind>,
    /// Aspects that somebody has undone, until which day they stay so.
    pub undone: Vec<(Aspect, Date)>,
}

impl History {
    /// How often the guard has written this setting within the last hour.
    pub fn writes_of(&self, kind: SettingKind) -> u32 {
        self.writes.get(&kind).copied().unwrap_or_default()
    }

    /// Counts a write.
    pub fn count(&mut self, kind: SettingKind) {
        *self.writes.entry(kind).or_default() += 1;
    }
}

impl Observed {
    /// A bucket of which nothing was read yet.
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
            stack_in_progress: Reading::Unread,
            history: Reading::Unread,
        }
    }

    /// Forgets an answer, so that it is asked for again.
    pub fn forget(&mut self, question: Question) {
        match question {
            Question::Encryption => self.encryption = Reading::Unread,
            Question::PublicAccessBlock => self.public_access_block = Reading::Unread,
            Question::AccountBlock => self.account_block = Reading::Unread,
            Question::Policy => self.policy = Reading::Unread,
            Question::PolicyStatus => self.policy_is_public = Reading::Unread,
            Question::Acl => self.acl = Reading::Unread,
            Question::Website => self.website = Reading::Unread,
            Question::Ownership => self.ownership = Reading::Unread,
            Question::Versioning => self.versioning = Reading::Unread,
            Question::AccessLogs => self.access_logs = Reading::Unread,
            Question::Notifications => self.notifications = Reading::Unread,
            Question::Tags => self.tags = Reading::Unread,
            Question::Replication => self.replication = Reading::Unread,
            Question::Lifecycle => self.lifecycle = Reading::Unread,
            Question::ObjectLock => self.object_lock = Reading::Unread,
            Question::Key => self.key = Reading::Unread,
            Question::Stack => self.stack_in_progress = Reading::Unread,
            Question::History => self.history = Reading::Unread,
        }
    }

    /// The setting as it was read, if it could be; not set is a setting, too.
    pub fn setting(&self, kind: SettingKind) -> Option<Setting> {
        fn of<T: Clone>(
            reading: &Reading<T>,
            setting: impl FnOnce(Option<T>) -> Setting,
        ) -> Option<Setting> {
            match reading {
                Reading::Known(value) => Some(setting(Some(value.clone()))),
                Reading::Absent => Some(setting(None)),
                Reading::Unread | Reading::Denied => None,
            }
        }
        match kind {
            SettingKind::Policy => {
                of(&self.policy.map_ref(|policy| policy.text().to_owned()), Setting::Policy)
            }
            SettingKind::PublicAccessBlock => {
                of(&self.public_access_block, Setting::PublicAccessBlock)
            }
            SettingKind::Encryption => of(&self.encryption, Setting::Encryption),
            SettingKind::Ownership => of(&self.ownership, Setting::Ownership),
            SettingKind::Versioning => of(&self.versioning, Setting::Versioning),
            SettingKind::AccessLogs => of(&self.access_logs, Setting::AccessLogs),
            SettingKind::AccountPublicAccessBlock => {
                of(&self.account_block, Setting::AccountPublicAccessBlock)
            }
            SettingKind::Notifications => self
                .notifications
                .known()
                .map(|notifications| Setting::Notifications(notifications.clone())),
        }
    }
}
