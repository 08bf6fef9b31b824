//! What was found in a bucket and what came of it.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{is_false, shorten};
use crate::Aspect;

/// What was found in a bucket and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct BucketReport {
    /// The bucket. The account's own public access block stands here as `.account`.
    pub bucket: String,
    /// Why it is held to its grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade_because: Option<String>,
    /// The calls that led to it; none if the sweep has found it.
    pub calls: Vec<OneCall>,
    /// What came of each aspect that is not as wanted.
    pub aspects: Vec<OfAspect>,
    /// From the first of the calls to the last write, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_milliseconds: Option<u64>,
    /// How often the guard has mended the same setting of the bucket within the hour, with this time.
    pub times_within_hour: u32,
    /// Whether an earlier look for the same calls ended midway, maybe after it had mended something.
    #[serde(default, skip_serializing_if = "is_false")]
    pub again: bool,
}

/// A call, as `CloudTrail` reported it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Call"))]
pub struct OneCall {
    /// `CloudTrail`'s name of the call.
    pub event_name: String,
    /// `CloudTrail`'s id of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// When it was made, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub time: String,
    /// Who made it: an ARN, or the kind of caller where there is none.
    pub principal: String,
    /// Who made it, as people know them.
    pub who: String,
    /// With what.
    pub tool: String,
    /// From where: an address, or the AWS service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
}

/// What came of an aspect of a bucket's protection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "OfAspect"))]
pub struct OfAspect {
    /// Which.
    pub aspect: Aspect,
    /// What came of it.
    pub fate: Fate,
    /// What there was, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What there should be, in words: what there is now, if it was mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// The id of the record that the ledger keeps of the write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The command that undoes the write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// Why it is not as wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What can be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The last day of the exemption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What came of an aspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Fate {
    /// It was mended, and was seen to be so.
    Mended,
    /// It was written, and S3 does not show it yet.
    Written,
    /// It could not be written.
    Failed,
    /// It may be mended later.
    Later,
    /// It stays as it is.
    Left,
    /// It is exempt.
    Exempt,
}

impl OfAspect {
    /// An aspect of which nothing else is said.
    pub(crate) fn new(aspect: Aspect, fate: Fate) -> Self {
        Self {
            aspect,
            fate,
            was: None,
            wanted: None,
            record: None,
            undo: None,
            cause: None,
            advice: None,
            until: None,
        }
    }
}

impl BucketReport {
    pub(super) fn shorten(&mut self) -> u64 {
        if self.calls.len() > self.aspects.len() {
            shorten(&mut self.calls)
        } else {
            shorten(&mut self.aspects)
        }
    }
}
