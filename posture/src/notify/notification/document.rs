//! What programs read of a notice: a JSON document (`schemas/notification.schema.json`).
//!
//! Values that programs match by, as names, keys and principals, are as AWS says them; JSON is their escaping. Sentences
//! are safe to show. Fields are only ever added: a reader has to take a document with fields that it does not know.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::Grade;
use crate::model::severity::Severity;
use crate::text::shown_json;

pub mod bucket_report;
pub mod guard;
pub mod objects;

pub use bucket_report::{BucketReport, Fate, OfAspect, OneCall};
pub use guard::{Alarm, CoverageGap, Deeds, Ending, ExemptionsEnding, Test, TugOfWar};
pub use objects::Objects;

/// The version of the form. It changes when a field goes or means something else.
pub const VERSION: u32 = 1;

/// What s3guard tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(title = "A notification of s3guard"))]
pub struct Document {
    /// The version of the form: 1.
    pub version: u32,
    /// The same for each delivery of the same news: who has seen it can drop the message.
    pub id: String,
    /// Whether it is only a test.
    #[serde(default, skip_serializing_if = "is_false")]
    pub test: bool,
    /// How much it matters.
    pub severity: Severity,
    /// When it was told, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub time: String,
    /// The account.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]{12}$")))]
    pub account: String,
    /// The Region.
    pub region: String,
    /// The stack that tells it.
    pub stack: String,
    /// What it is about, in a sentence.
    pub subject: String,
    /// The buckets that it speaks of.
    pub buckets: Vec<Bucket>,
    /// How many entries of its lists were left out, because SNS takes no longer messages.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: u64,
    /// What has happened.
    #[serde(flatten)]
    pub body: Body,
}

/// A bucket that is spoken of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Bucket"))]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The grade that it is held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Whom its tag `s3guard:owner` names, where its tags were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Its page in AWS's console.
    #[cfg_attr(test, schemars(extend("format" = "uri")))]
    pub console: String,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "kebab-case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Body {
    /// What was found in a bucket and what came of it.
    BucketReport(BucketReport),
    /// The reports of many buckets, which a sweep has found.
    Joined(Joined),
    /// The guard and somebody else undo each other's work.
    TugOfWar(TugOfWar),
    /// Buckets of which an event should have told.
    CoverageGap(CoverageGap),
    /// Exemptions that end.
    ExemptionsEnding(ExemptionsEnding),
    /// An alarm of the guard's own stack.
    Alarm(Alarm),
    /// Nothing has happened: somebody wants to see whether messages arrive.
    Test(Test),
    /// What happened to objects.
    Objects(Objects),
}

/// The reports of many buckets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Joined {
    /// One for each bucket.
    pub reports: Vec<BucketReport>,
}

impl Document {
    /// As it is sent: safe to show as it is, too.
    pub fn json(&self) -> String {
        let json = serde_json::to_string(self);
        shown_json(&json.expect("it has nothing but texts, numbers, lists and names"))
    }

    /// What has happened, in one word: its field `kind`.
    pub const fn kind(&self) -> &'static str {
        match &self.body {
            Body::BucketReport(_) => "bucket-report",
            Body::Joined(_) => "joined",
            Body::TugOfWar(_) => "tug-of-war",
            Body::CoverageGap(_) => "coverage-gap",
            Body::ExemptionsEnding(_) => "exemptions-ending",
            Body::Alarm(_) => "alarm",
            Body::Test(_) => "test",
            Body::Objects(_) => "objects",
        }
    }

    /// Where all of it is, if it was kept.
    pub fn whole(&self) -> Option<&str> {
        match &self.body {
            Body::Objects(objects) => objects.whole.as_deref(),
            Body::BucketReport(_)
            | Body::Joined(_)
            | Body::TugOfWar(_)
            | Body::CoverageGap(_)
            | Body::ExemptionsEnding(_)
            | Body::Alarm(_)
            | Body::Test(_) => None,
        }
    }

    /// Leaves out a part of its longest list, and counts what is left out. Says whether there was anything to leave out.
    pub(super) fn shorten(&mut self) -> bool {
        let left_out = match &mut self.body {
            Body::BucketReport(report) => report.shorten(),
            Body::Joined(joined) => shorten(&mut joined.reports),
            Body::TugOfWar(war) => shorten(&mut war.others),
            Body::CoverageGap(gap) => shorten(&mut gap.buckets),
            Body::ExemptionsEnding(ending) => shorten(&mut ending.exemptions),
            Body::Alarm(_) | Body::Test(_) => 0,
            Body::Objects(objects) => {
                let left_out = shorten(&mut objects.objects);
                objects.omitted += left_out;
                if left_out > 0 {
                    return true;
                }
                shorten(&mut objects.buckets).max(shorten(&mut objects.notable))
            }
        };
        let left_out = if left_out == 0 { shorten(&mut self.buckets) } else { left_out };
        self.omitted += left_out;
        left_out > 0
    }
}

/// Leaves out the last eighth of a list; says how many that are.
fn shorten<T>(list: &mut Vec<T>) -> u64 {
    let left_out = list.len().div_ceil(8);
    list.truncate(list.len() - left_out);
    left_out as u64
}

/// A time as a document has it: RFC 3339, in UTC, to the second.
pub fn time(time: OffsetDateTime) -> String {
    let time = time.to_offset(UtcOffset::UTC);
    let time = time.replace_nanosecond(0).unwrap_or(time);
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_false(is: &bool) -> bool {
    !is
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
