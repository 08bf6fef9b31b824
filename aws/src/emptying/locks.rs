//! The locks of versions that cannot be deleted.

use std::fmt;

use aws_sdk_s3::types::{ObjectLockLegalHoldStatus, ObjectLockMode};
use time::OffsetDateTime;

use super::Emptying;

/// The locks of the versions that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    /// How many versions were read.
    pub looked_at: usize,
    /// Compliance mode, if a version has it, and its last day.
    pub compliance: Option<Option<OffsetDateTime>>,
    /// Governance mode, if a version has it, and its last day.
    pub governance: Option<Option<OffsetDateTime>>,
    /// Whether a version has a legal hold.
    pub legal_hold: bool,
}

impl fmt::Display for Locks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = |until: Option<OffsetDateTime>| {
            until.map_or_else(String::new, |until| format!(" until {}", until.date()))
        };
        let mut words = Vec::new();
        words.extend(self.compliance.map(|day| format!("compliance mode{}", until(day))));
        words.extend(self.governance.map(|day| format!("governance mode{}", until(day))));
        words.extend(self.legal_hold.then(|| "a legal hold".to_owned()));
        if words.is_empty() {
            return f.write_str("an object lock");
        }
        f.write_str(&words.join(", "))
    }
}

/// Whether S3 does not delete a version because it is locked, which has no code of its own.
///
/// Written for: `AccessDenied`, "Access Denied because object protected by object lock."
pub(super) fn says_locked(code: &str, message: &str) -> bool {
    code == "AccessDenied" && message.contains("object lock")
}

impl Emptying {
    /// Reads what locks a version. A failure is ignored.
    pub(super) async fn add_lock(&self, key: &str, version_id: &str, locks: &mut Locks) {
        locks.looked_at += 1;
        let call = on_bucket!(self.bucket, head_object).key(key).version_id(version_id);
        let Ok(answer) = call.send().await else { return };
        if answer.object_lock_legal_hold_status() == Some(&ObjectLockLegalHoldStatus::On) {
            locks.legal_hold = true;
            return;
        }
        let until = answer.object_lock_retain_until_date().map(aws_smithy_types::DateTime::secs);
        let until = until.and_then(|until| OffsetDateTime::from_unix_timestamp(until).ok());
        match answer.object_lock_mode() {
            Some(ObjectLockMode::Compliance) => {
                locks.compliance = locks.compliance.max(Some(until));
            }
            Some(ObjectLockMode::Governance) => {
                locks.governance = locks.governance.max(Some(until));
            }
            Some(_) | None => {}
        }
    }
}
