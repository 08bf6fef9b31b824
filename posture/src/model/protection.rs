//! The protections of a bucket that must not be switched off silently, whatever its grade and the modes.
//!
//! A value is a small summary: enough to compare two of them, and bounded, because the ledger keeps the last one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::setting::{
    Algorithm, Encryption, Expiry, ExpiryOf, Key, Lifecycle, Ownership, PublicAccessBlock,
    Retention, Setting, SseC,
};
use crate::text::named::named;
use crate::text::wire::as_time;
use crate::{Aspect, Observed, Reading, SettingKind};

/// The most bytes of a value in the ledger. Of a larger one less is kept, see [`Value::bounded`].
const BYTES_MAX: usize = 8 << 10;

/// A protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Earlier versions are kept.
    Versioning,
    /// Only root can delete versions, with a second factor.
    MfaDelete,
    /// Access is logged.
    AccessLogs,
    /// For how long objects are kept, by the lifecycle rules.
    Objects,
    /// For how long earlier versions are kept, by the lifecycle rules.
    OldVersions,
    /// Objects are copied to other buckets.
    Replication,
    /// New objects are locked.
    ObjectLock,
    /// Events of objects are sent to `EventBridge`.
    EventBridge,
    /// How new objects are encrypted.
    Algorithm,
    /// With which key.
    Key,
    /// Uploads with SSE-C are refused.
    SseC,
    /// The bucket's public access block.
    PublicAccess,
    /// The account's public access block.
    AccountPublicAccess,
    /// ACLs are disabled.
    Ownership,
}

named! {
    Protection:
    Versioning = "versioning",
    MfaDelete = "mfa-delete",
    AccessLogs = "access-logs",
    Objects = "objects",
    OldVersions = "old-versions",
    Replication = "replication",
    ObjectLock = "object-lock",
    EventBridge = "event-bridge",
    Algorithm = "algorithm",
    Key = "key",
    SseC = "sse-c",
    PublicAccess = "public-access",
    AccountPublicAccess = "account-public-access",
    Ownership = "ownership",
}

/// The value of a protection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// It is on.
    On,
    /// It is off, or not set.
    Off,
    /// Access logs go to this bucket.
    Logs(String),
    /// What the enabled lifecycle rules delete, of one kind of objects.
    Expiries(Vec<Expiry>),
    /// After how many days the first of them deletes, if they are too many to be kept.
    Soonest(u32),
    /// Objects are copied to these buckets.
    Copies(BTreeSet<String>),
    /// New objects are locked so.
    Retention(Retention),
    /// New objects are encrypted so: S3's name.
    Algorithm(String),
    /// With this key of the customer, or the one that AWS manages.
    Key(Key),
    /// The four switches.
    Block(PublicAccessBlock),
}

/// Protections with their values, as far as they are known.
pub type Protections = BTreeMap<Protection, Value>;

/// The last known value of a protection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastValue {
    /// Since when it is known to be so.
    #[serde(with = "as_time")]
    pub since: OffsetDateTime,
    /// The value.
    pub value: Value,
    /// The value before, if no call is known that switched the protection off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unexplained_from: Option<Value>,
}

/// The last known values.
pub type LastValues = BTreeMap<Protection, LastValue>;

impl Protection {
    /// The aspect that it is part of.
    pub const fn aspect(self) -> Aspect {
        match self {
            Self::Versioning | Self::MfaDelete => Aspect::Versioning,
            Self::AccessLogs => Aspect::AccessLogs,
            Self::Objects | Self::OldVersions => Aspect::Lifecycle,
            Self::Replication => Aspect::Replication,
            Self::ObjectLock => Aspect::ObjectLock,
            Self::EventBridge => Aspect::Notifications,
            Self::Algorithm | Self::Key => Aspect::Encryption,
            Self::SseC => Aspect::SseC,
            Self::PublicAccess => Aspect::PublicAccess,
            Self::AccountPublicAccess => Aspect::AccountPublicAccess,
            Self::Ownership => Aspect::Ownership,
        }
    }
}

impl Value {
    /// On or off.
    pub const fn switch(is_on: bool) -> Self {
        if is_on { Self::On } else { Self::Off }
    }

    /// The value as the ledger keeps it, and as it is compared: of many lifecycle rules only when the first one deletes.
    /// `None` if it is too large and cannot be made smaller.
    #[must_use]
    pub fn bounded(self) -> Option<Self> {
        if serde_json::to_vec(&self).is_ok_and(|json| json.len() <= BYTES_MAX) {
            return Some(self);
        }
        let Self::Expiries(rules) = self else { return None };
        rules.iter().map(|rule| rule.days).min().map(Self::Soonest)
    }
}

/// The values of what was read, as the ledger keeps them.
pub fn observed(bucket: &Observed) -> Protections {
    let values = all_observed(bucket).into_iter();
    values.filter_map(|(protection, value)| Some((protection, value.bounded()?))).collect()
}

fn all_observed(bucket: &Observed) -> Protections {
    let is_account = bucket.id.name.is_account();
    let kinds = SettingKind::ALL.into_iter();
    let kinds = kinds.filter(|kind| (*kind == SettingKind::AccountPublicAccessBlock) == is_account);
    let mut values: Protections =
        kinds.filter_map(|kind| bucket.setting(kind)).flat_map(|setting| of(&setting)).collect();
    match &bucket.lifecycle {
        Reading::Known(lifecycle) => values.extend(expiries(lifecycle)),
        Reading::Absent => values.extend(expiries(&Lifecycle::default())),
        Reading::Unread | Reading::Denied => {}
    }
    match &bucket.replication {
        Reading::Known(replication) => {
            let buckets = replication.destinations.iter().map(|to| to.name.clone()).collect();
            values.insert(Protection::Replication, Value::Copies(buckets));
        }
        Reading::Absent => {
            values.insert(Protection::Replication, Value::Copies(BTreeSet::new()));
        }
        Reading::Unread | Reading::Denied => {}
    }
    match &bucket.object_lock {
        Reading::Known(retention) => {
            values.insert(Protection::ObjectLock, Value::Retention(*retention));
        }
        Reading::Absent => {
            values.insert(Protection::ObjectLock, Value::Off);
        }
        Reading::Unread | Reading::Denied => {}
    }
    values
}

/// The values of a setting.
pub fn of(setting: &Setting) -> Vec<(Protection, Value)> {
    match setting {
        Setting::Policy(_) | Setting::Encryption(None) => Vec::new(),
        Setting::PublicAccessBlock(block) => {
            vec![(Protection::PublicAccess, Value::Block(block.unwrap_or_default()))]
        }
        Setting::AccountPublicAccessBlock(block) => {
            vec![(Protection::AccountPublicAccess, Value::Block(block.unwrap_or_default()))]
        }
        Setting::Encryption(Some(encryption)) => encrypted(encryption),
        Setting::Ownership(ownership) => {
            let is_on = *ownership == Some(Ownership::BucketOwnerEnforced);
            vec![(Protection::Ownership, Value::switch(is_on))]
        }
        Setting::Versioning(versioning) => {
            let (enabled, mfa) =
                versioning.map_or((false, false), |it| (it.enabled, it.mfa_delete));
            vec![
                (Protection::Versioning, Value::switch(enabled)),
                (Protection::MfaDelete, Value::switch(mfa)),
            ]
        }
        Setting::AccessLogs(logs) => {
            let to = logs.as_ref().map(|logs| Value::Logs(logs.target_bucket.clone()));
            vec![(Protection::AccessLogs, to.unwrap_or(Value::Off))]
        }
        Setting::Notifications(notifications) => {
            vec![(Protection::EventBridge, Value::switch(notifications.event_bridge()))]
        }
    }
}

/// The values of the default encryption.
fn encrypted(encryption: &Encryption) -> Vec<(Protection, Value)> {
    let mut values = algorithm(&encryption.algorithm);
    values.push((Protection::SseC, Value::switch(encryption.sse_c == SseC::Blocked)));
    values
}

/// The values of an algorithm. One that is not known cannot be compared.
pub fn algorithm(algorithm: &Algorithm) -> Vec<(Protection, Value)> {
    if matches!(algorithm, Algorithm::Other(_)) {
        return Vec::new();
    }
    let Some(name) = algorithm.name() else { return Vec::new() };
    let key = algorithm.key().cloned().map_or(Value::Off, Value::Key);
    let name = Value::Algorithm(name.to_owned());
    vec![(Protection::Algorithm, name), (Protection::Key, key)]
}

/// The values of the lifecycle rules.
pub fn expiries(lifecycle: &Lifecycle) -> [(Protection, Value); 2] {
    let of = |what| {
        let expiries = lifecycle.expiries.iter().filter(|expiry| expiry.of == what);
        Value::Expiries(expiries.cloned().collect())
    };
    [
        (Protection::Objects, of(ExpiryOf::Objects)),
        (Protection::OldVersions, of(ExpiryOf::OldVersions)),
    ]
}
