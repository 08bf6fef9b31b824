//! What the guard tells of itself, and of whoever works against it.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;
use crate::Aspect;

/// The guard and somebody else undo each other's work: the guard has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct TugOfWar {
    /// The bucket.
    pub bucket: String,
    /// How often the guard has written to it within the hour.
    pub writes: u32,
    /// Until when the guard keeps still, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub still_until: String,
    /// Who else changes it.
    pub others: Vec<Deeds>,
    /// What stays weaker than wanted.
    pub aspects: Vec<Aspect>,
}

/// What somebody did to a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Deeds {
    /// Who: an ARN, or the kind of caller where there is none.
    pub principal: String,
    /// Who, as people know them.
    pub who: String,
    /// With what.
    pub tool: String,
    /// How often they made which call.
    pub calls: BTreeMap<String, u64>,
    /// When they made the last one, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub last: Option<String>,
}

/// Buckets of which an event should have told, and none has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct CoverageGap {
    /// The buckets.
    pub buckets: Vec<String>,
    /// Why none may have come.
    pub likely_causes: Vec<String>,
}

/// Exemptions that end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ExemptionsEnding {
    /// The exemptions, the first to end first.
    pub exemptions: Vec<Ending>,
}

/// An exemption that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Ending {
    /// Which buckets it is for, as `s3guard.toml` says it.
    pub buckets: String,
    /// From what it exempts them.
    pub aspects: Vec<Aspect>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, in UTC.
    pub until: String,
    /// Whether it is over.
    #[serde(default, skip_serializing_if = "is_false")]
    pub over: bool,
}

/// An alarm of the guard's own stack has changed its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `ALARM`, `OK` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// What it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Why, as `CloudWatch` says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub since: String,
}

/// Nothing has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Test {
    /// What is tested, in words.
    pub says: String,
}
