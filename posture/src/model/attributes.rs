//! The values of the message attributes by which subscriptions filter, and which a configuration may name.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::change::Change;
use crate::text::named::named;

/// The subject of a notification: the value of the attribute `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "About"))]
pub enum Kind {
    /// The protection of buckets.
    Bucket,
    /// Events of objects.
    Object,
    /// The guard itself: its alarms, missing events, exemptions that end.
    Guard,
}

named! {
    Kind:
    Bucket = "bucket",
    Object = "object",
    Guard = "guard",
}

/// The value of `action` for settings that were changed to what is wanted.
pub(crate) const PROTECTED: &str = "protected";
/// The value of `action` for a weakening that was reverted.
pub(crate) const WEAKENED: &str = "weakened";
/// The value of `action` for a write that failed.
pub(crate) const FAILED: &str = "failed";
/// The value of `action` for what is not remediated.
pub(crate) const NOT_REMEDIATED: &str = "not-remediated";
/// The value of `action` for what is exempt.
pub(crate) const EXEMPT: &str = "exempt";
/// The value of `action` for a bucket that was reconciled before for the same calls.
pub(crate) const AGAIN: &str = "again";
/// The value of `action` for a conflict, in which the guard stops.
pub(crate) const STOPPED: &str = "stopped";
/// The value of `action` for the first use of a suppression.
pub(crate) const SUPPRESSED: &str = "suppressed";
/// The value of `action` for objects of the ledger that do not count.
pub(crate) const FOREIGN_OBJECT: &str = "foreign-object";

/// The value of `action` for very many calls by one principal.
pub(crate) const FLOOD: &str = "flood";
/// The value of `action` for buckets in Regions without a guard.
pub(crate) const UNGUARDED: &str = "unguarded";

/// All values of `action` in notifications about buckets.
const BUCKET_ACTIONS: [&str; 8] =
    [PROTECTED, WEAKENED, FAILED, NOT_REMEDIATED, EXEMPT, AGAIN, STOPPED, SUPPRESSED];

/// All values of `action` in notifications about the guard itself.
const GUARD_ACTIONS: [&str; 9] = [
    "missed",
    "exemption-ends",
    FOREIGN_OBJECT,
    FLOOD,
    UNGUARDED,
    "alarm",
    "alarm-ok",
    "alarm-unknown",
    "test",
];

/// All values of the attribute `action`, each once.
pub(crate) fn actions() -> impl Iterator<Item = &'static str> {
    let of_objects: BTreeSet<&str> = Change::ALL.into_iter().map(Change::action).collect();
    BUCKET_ACTIONS.into_iter().chain(of_objects).chain(GUARD_ACTIONS)
}
