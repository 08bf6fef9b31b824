//! The report about a bucket, and its subject.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Body;
use crate::Aspect;
use crate::model::severity::Severity;

/// The reports of several buckets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Joined {
    /// One for each bucket.
    pub reports: Vec<BucketReport>,
    /// What happened besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Body>,
    /// The key of the list of all in the ledger bucket, if they were published later than the worst of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

/// What was found in a bucket, and the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct BucketReport {
    /// The bucket; `.account` for the public access block of the account.
    pub bucket: String,
    /// Why the bucket has its grade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade_reason: Option<String>,
    /// The calls that triggered it; none if the sweep found it.
    pub calls: Vec<OneCall>,
    /// The aspects that are not compliant, or were not.
    pub aspects: Vec<OfAspect>,
    /// From the first of the calls to the last write, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_milliseconds: Option<u64>,
    /// How often the guard has remediated the same setting of the bucket within the hour, this time included.
    pub times_within_hour: u32,
    /// Whether an earlier run for the same calls was interrupted, maybe after a write.
    pub again: bool,
    /// Whether the bucket was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// The worst of what remains, or else what was done.
    pub outcome: Outcome,
    /// What makes it public, if it stays so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_by: Vec<PublicBy>,
    /// The aspect that has to be looked at first, if one that is severe remains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<Aspect>,
}

/// The worst of what remains in a bucket, or else what was done: the subject is made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Outcome {
    /// It stays public.
    StaysPublic,
    /// Public access could not be blocked.
    MayBePublic,
    /// It is a bucket of the stack, and was put back as it was.
    OwnPutBack,
    /// A part could not be remediated.
    NotFullyProtected,
    /// It could not be remediated.
    NotProtected,
    /// Something severe remains.
    SevereRemains,
    /// A part was remediated, and a part is left.
    PartiallyProtected,
    /// A weakening was reverted.
    Reverted,
    /// It was remediated.
    Protected,
    /// It is left as it is.
    Left,
    /// It is exempt, and left as it is.
    ExemptLeft,
    /// It was reconciled again.
    Retried,
    /// One principal has switched off several protections.
    SequenceSwitchedOff,
    /// That principal has switched off more protections.
    MoreSwitchedOff,
    /// It was in use, and was deleted.
    Deleted,
    /// A configured key cannot be used any more.
    KeyLost,
    /// A protection was switched off.
    SwitchedOff,
    /// A change that only its event shows.
    Changed,
}

/// What makes a bucket public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum PublicBy {
    /// Its policy.
    BucketPolicy,
    /// Its ACL.
    Acl,
}

impl PublicBy {
    const fn words(self) -> &'static str {
        match self {
            Self::BucketPolicy => "bucket policy",
            Self::Acl => "ACL",
        }
    }
}

impl BucketReport {
    /// The title of what is not remediated: of what is gone, nothing is left as it is.
    pub(crate) const fn title_of_rest(&self) -> &'static str {
        if self.deleted || matches!(self.outcome, Outcome::KeyLost) {
            "What happened"
        } else {
            "Left as it is"
        }
    }

    /// The subject: what stands before the name of the bucket, the name, and what stands behind it.
    pub(crate) fn title(&self, severity: Severity) -> (String, &str, String) {
        let is_account = self.bucket == crate::model::names::ACCOUNT;
        let is_of_event = matches!(self.outcome, Outcome::KeyLost | Outcome::Changed);
        let name = match (is_account, is_of_event) {
            (true, true) => "the account",
            (true, false) => "the account's public access block",
            (false, _) => &self.bucket,
        };
        let mark = match severity {
            Severity::Critical => "CRITICAL: ",
            Severity::High => "HIGH: ",
            Severity::Warning | Severity::Info => "",
        };
        let bucket = if is_account { "" } else { "bucket " };
        let did = |verb: &str| (format!("{mark}s3guard {verb} "), String::new());
        let (before, after) = match self.outcome {
            Outcome::StaysPublic => {
                let by: Vec<&str> = self.public_by.iter().map(|by| by.words()).collect();
                (format!("{mark}{bucket}"), format!(" stays public ({})", by.join(", ")))
            }
            Outcome::MayBePublic if is_account => (mark.to_owned(), " could not be set".to_owned()),
            Outcome::MayBePublic => {
                let after = " may be public (public access could not be blocked)";
                (format!("{mark}{bucket}"), after.to_owned())
            }
            Outcome::SevereRemains => {
                let of_worst = |one: &&OfAspect| {
                    Some(one.aspect) == self.worst && one.result == AspectResult::NotRemediated
                };
                let worst = self.aspects.iter().find(of_worst);
                let cause = worst.and_then(|one| one.cause.as_deref()?.split("; ").next());
                let after = cause.map_or_else(String::new, |cause| format!(": {cause}"));
                (format!("{mark}{bucket}"), after)
            }
            Outcome::OwnPutBack => did("put back its own bucket"),
            Outcome::NotFullyProtected => did("could not fully protect"),
            Outcome::NotProtected => did("could not protect"),
            Outcome::PartiallyProtected => did("partially protected"),
            Outcome::Reverted => did("reverted a weakening of"),
            Outcome::Protected => did("protected"),
            Outcome::Left if is_account => did("left as it is:"),
            Outcome::Left => did("left a bucket as it is:"),
            Outcome::ExemptLeft => did("left an exempt bucket as it is:"),
            Outcome::Retried => did("retried"),
            Outcome::SequenceSwitchedOff => {
                let before = format!("{mark}protections switched off by one principal in {bucket}");
                let after = if self.deleted { ", which was then deleted" } else { "" };
                (before, after.to_owned())
            }
            Outcome::MoreSwitchedOff => {
                (format!("{mark}more protections switched off in {bucket}"), String::new())
            }
            Outcome::Deleted => {
                let after = " was deleted, and its name may be in use";
                (format!("{mark}{bucket}"), after.to_owned())
            }
            Outcome::KeyLost => {
                (format!("{mark}a KMS key cannot be used any more in "), String::new())
            }
            Outcome::SwitchedOff => did("reports a protection switched off in"),
            Outcome::Changed => did("reports a change of"),
        };
        (before, name, after)
    }
}

/// A call, as `CloudTrail` reported it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Call"))]
pub struct OneCall {
    /// The name of the call in `CloudTrail`.
    pub event_name: String,
    /// The id of the event in `CloudTrail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// When it was made, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub time: String,
    /// The caller: an ARN, or the kind of caller where there is none.
    pub principal: String,
    /// The caller, in words.
    pub who: String,
    /// The tool.
    pub tool: String,
    /// The source: an address, or the AWS service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
}

/// The result for an aspect of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct OfAspect {
    /// The aspect.
    pub aspect: Aspect,
    /// The result.
    pub result: AspectResult,
    /// What was found, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What is wanted, in words: what there is now, if it was remediated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// The id of the write's record in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The command that reverts the write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// Why it was not remediated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The last day of the exemption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The result for an aspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum AspectResult {
    /// It was remediated and verified.
    Remediated,
    /// It was written, and S3 does not return it yet.
    Written,
    /// The write failed.
    Failed,
    /// It may be remediated later.
    Later,
    /// It is not remediated.
    NotRemediated,
    /// It is exempt.
    Exempt,
}

impl OfAspect {
    pub(crate) const fn new(aspect: Aspect, result: AspectResult) -> Self {
        Self {
            aspect,
            result,
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
