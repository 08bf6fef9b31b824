//! The stack's own buckets, whose settings only deployers change.

use std::collections::{BTreeMap, BTreeSet};

use crate::Aspect;
use crate::model::setting::SettingKind;

/// How the words about a change end that no deployer has made.
pub const NOT_BY_A_DEPLOYER: &str = "not by a deployer of the stack";

/// What has changed in one of the stack's own buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnBucket {
    /// Whether all of its settings are compared with those that are right.
    pub is_swept: bool,
    /// Whether they are put back. Not without a list of deployers: then it is not certain who may change them.
    pub is_restored: bool,
    /// What calls of other principals have changed, with the last of these calls in words.
    pub changed: BTreeMap<Aspect, String>,
    /// What deployers have changed last.
    pub deployed: BTreeSet<Aspect>,
}

impl OwnBucket {
    /// What is judged.
    pub fn judged(&self) -> impl Iterator<Item = Aspect> + '_ {
        let restored = RESTORED.into_iter().map(|(aspect, _)| aspect);
        let changed = self.changed.keys().chain(&self.deployed).copied();
        restored.filter(|_| self.is_swept).chain(changed)
    }
}

/// The settings that are put back: the guard's role may write them.
pub const RESTORED: [(Aspect, SettingKind); 5] = [
    (Aspect::Policy, SettingKind::Policy),
    (Aspect::PublicAccess, SettingKind::PublicAccessBlock),
    (Aspect::Encryption, SettingKind::Encryption),
    (Aspect::Ownership, SettingKind::Ownership),
    (Aspect::Versioning, SettingKind::Versioning),
];
