//! A setting in the state of a bucket.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Source;
use crate::model::observed::EncryptionHistory;
use crate::model::setting::{Setting, SettingKind};
use crate::text::wire::as_time;

/// The most bytes of a setting: a policy has no more.
///
/// Source: Amazon S3 User Guide, "Bucket policies".
pub(super) const SETTING_BYTES_MAX: usize = 20 << 10;

/// A setting as it was read last, and its last change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSetting {
    /// The setting, if it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<ReadSetting>,
    /// Of the default encryption, what it was when it was read first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<ReadSetting>,
    /// Of the default encryption, what it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<ReadSetting>,
    /// Of one of the stack's own buckets, the setting that is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<ReadSetting>,
    /// The last call that may have changed it, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A setting, and since when it is known to be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSetting {
    /// Since when.
    #[serde(with = "as_time")]
    pub since: OffsetDateTime,
    /// The setting; none if it is too large to be kept.
    pub value: Option<Setting>,
}

impl LastSetting {
    /// Takes the setting as it was read at this time.
    pub(super) fn learn(&mut self, setting: &Setting, time: OffsetDateTime) {
        let before = self.read.clone();
        replace(&mut self.read, setting, time);
        if setting.kind() != SettingKind::Encryption {
            return;
        }
        if self.read != before && before.is_some() {
            self.before = before;
        }
        if self.first.as_ref().is_none_or(|first| time < first.since) {
            self.first = Some(ReadSetting { since: time, value: Some(setting.clone()) });
        }
    }

    /// The default encryption that the bucket had, which may have existed before the guard.
    pub(super) fn encryption_history(&self, existed: bool) -> EncryptionHistory {
        let encryption = |read: &Option<ReadSetting>| {
            let setting = read.as_ref()?.value.as_ref()?;
            if let Setting::Encryption(encryption) = setting { encryption.clone() } else { None }
        };
        EncryptionHistory {
            first: encryption(&self.first),
            existed,
            latest: [&self.read, &self.before].into_iter().filter_map(encryption).collect(),
        }
    }
}

/// Replaces a setting by another one that was read later.
pub(super) fn replace(last: &mut Option<ReadSetting>, setting: &Setting, time: OffsetDateTime) {
    let is_small = serde_json::to_vec(setting).is_ok_and(|json| json.len() <= SETTING_BYTES_MAX);
    let value = is_small.then(|| setting.clone());
    if last.as_ref().is_none_or(|last| last.since <= time && last.value != value) {
        *last = Some(ReadSetting { since: time, value });
    }
}
