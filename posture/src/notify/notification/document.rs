//! The notification for programs: a JSON document (`schemas/notification.schema.json`).
//!
//! Names, keys and principals are spelled as AWS spells them, so that programs can match them. Fields are only ever added: a
//! reader has to accept a document with fields that it does not know.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::config::Ending;
use crate::events::object_event::ObjectEvent;
use crate::model::attributes::Kind;
use crate::model::severity::Severity;
use crate::text::shown_json;
use crate::text::wire::as_time;
use crate::{Aspect, Grade};

mod bucket_report;

pub use bucket_report::{AspectResult, BucketReport, Joined, OfAspect, OneCall, Outcome, PublicBy};

/// The version of the form. It changes when a field is removed or changes its meaning.
pub const VERSION: u32 = 1;

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(title = "A notification of s3guard"))]
pub struct Document {
    /// The version of the form: 1.
    pub version: u32,
    /// The same for each delivery of the same notification: a reader that has seen it can drop the message.
    pub id: String,
    /// Whether it is only a test.
    pub test: bool,
    /// How severe it is.
    pub severity: Severity,
    /// When it was sent, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub time: String,
    /// The account.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]{12}$")))]
    pub account: String,
    /// The Region.
    pub region: String,
    /// The stack that sends it.
    pub stack: String,
    /// What it is about, in a sentence.
    pub subject: String,
    /// The buckets that it is about.
    pub buckets: Vec<Bucket>,
    /// How many entries of its lists were left out, because SNS limits the size of a message.
    pub omitted: u64,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// A bucket that the notification is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its grade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// The value of its tag `s3guard:owner`, if its tags were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Its page in the AWS console.
    #[cfg_attr(test, schemars(extend("format" = "uri")))]
    pub console: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "kebab-case")]
#[cfg_attr(test, derive(JsonSchema))]
pub enum Body {
    /// What was found in a bucket, and the result.
    BucketReport(BucketReport),
    /// The reports of several buckets.
    Joined(Joined),
    /// The guard and another party overwrite each other's settings.
    Conflict(Conflict),
    /// Buckets that no event reported.
    CoverageGap(CoverageGap),
    /// Exemptions that end.
    ExemptionsEnding(ExemptionsEnding),
    /// The first use of suppressions of a bucket.
    SuppressionsUsed(SuppressionsUsed),
    /// Objects of the ledger that do not count.
    ForeignObjects(ForeignObjects),
    /// A principal makes very many calls.
    Flood(Flood),
    /// Buckets in Regions without a guard.
    UnguardedRegions(UnguardedRegions),
    /// An alarm of the guard's own stack.
    Alarm(Alarm),
    /// A test: nothing happened.
    Test(Test),
    /// What happened to objects.
    Objects(Objects),
}

/// The guard and another party overwrite each other's settings: the guard has stopped. It still closes public access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Conflict {
    /// The bucket.
    pub bucket: String,
    /// How often the guard has written the setting within the hour.
    pub writes: u32,
    /// Until when the guard does not write it, in UTC; a public access block is written, and not reported each time.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub still_until: String,
    /// The others that change it.
    pub others: Vec<Deeds>,
    /// What stays weaker than wanted.
    pub aspects: Vec<Aspect>,
}

/// The calls of one principal with one tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Deeds {
    /// The caller: an ARN, or the kind of caller where there is none.
    pub principal: String,
    /// The caller, in words.
    pub who: String,
    /// The tool.
    pub tool: String,
    /// How often which call was made.
    pub calls: BTreeMap<String, u64>,
    /// When the last one was made, in UTC.
    #[serde(with = "as_time")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub last: OffsetDateTime,
}

/// Buckets that an event should have reported, and none has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct CoverageGap {
    /// The buckets.
    pub buckets: Vec<String>,
    /// Why no event may have arrived.
    pub likely_causes: Vec<String>,
}

/// Exemptions that end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ExemptionsEnding {
    /// The exemptions, the first to end first.
    pub exemptions: Vec<Ending>,
}

/// The first use of suppressions of a bucket: the guard does not remediate it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct SuppressionsUsed {
    /// The bucket.
    pub bucket: String,
    /// The suppressions.
    pub suppressions: Vec<SuppressionUsed>,
}

/// A suppression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct SuppressionUsed {
    /// What is not remediated.
    pub aspect: Aspect,
    /// The last day on which it is not remediated, in UTC.
    pub until: String,
    /// The ARN of the caller who suppressed it.
    pub by: String,
    /// Why, in the words of the caller.
    pub reason: String,
    /// The id of the record that was undone.
    pub record: String,
}

/// Objects of the ledger that do not count, because the guard has not written them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ForeignObjects {
    /// The objects.
    pub objects: Vec<ForeignObject>,
}

/// An object of the ledger that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ForeignObject {
    /// Its key.
    pub key: String,
    /// Why it does not count.
    pub cause: String,
}

/// A principal makes very many calls: events of other calls may wait behind them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Flood {
    /// The caller: an ARN, or the kind of caller where there is none.
    pub principal: String,
    /// The caller, in words.
    pub who: String,
    /// How many calls, at least.
    pub events: u64,
    /// Within how many minutes.
    pub minutes: u64,
}

/// Buckets in Regions without a guard: no call on them is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct UnguardedRegions {
    /// The Regions.
    pub regions: Vec<UnguardedRegion>,
}

/// A Region with buckets and without a guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct UnguardedRegion {
    /// Its code.
    pub region: String,
    /// How many buckets it has.
    pub count: u64,
    /// The first of them by name.
    pub buckets: Vec<String>,
}

/// An alarm of the guard's own stack has changed its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `ALARM`, `OK`, `INSUFFICIENT_DATA` or `UNKNOWN`.
    pub state: String,
    /// The state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Since when, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub since: String,
}

/// A test: nothing happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Test {
    /// What is tested, in words.
    pub message: String,
}

/// What happened to objects within a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Objects {
    /// When the window began, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub from: String,
    /// When it ended, in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub until: String,
    /// How many events there were.
    pub events: u64,
    /// What happened in each bucket, in numbers.
    pub buckets: Vec<OfBucket>,
    /// What stands out.
    pub notable: Vec<Notable>,
    /// The events, as far as there is room, ordered by time for each key; if there are more than 100, the most severe first.
    pub objects: Vec<ObjectEvent>,
    /// How many more events there were.
    pub omitted: u64,
    /// Where all events are listed: an `s3://` address in the ledger bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
}

/// What happened in one bucket, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct OfBucket {
    /// The bucket.
    pub name: String,
    /// How many events it had.
    pub events: u64,
    /// The bytes of the objects that were created or overwritten.
    pub bytes_created: u64,
    /// How often which change happened.
    pub changes: BTreeMap<String, u64>,
    /// How many created objects may be public by their ACL, which was not looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acls_unchecked: Option<u64>,
}

/// Something that stands out, such as many deletions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Notable {
    /// What, in words.
    pub what: String,
    /// In which bucket.
    pub bucket: String,
    /// How often.
    pub count: u64,
}

impl Document {
    /// The document as it is sent: safe to show, too.
    pub fn json(&self) -> String {
        let json = serde_json::to_string(self);
        shown_json(&json.expect("it has nothing but texts, numbers, lists and names"))
    }

    /// What happened, in one word: its field `kind`.
    pub const fn kind(&self) -> &'static str {
        match &self.body {
            Body::BucketReport(_) => "bucket-report",
            Body::Joined(_) => "joined",
            Body::Conflict(_) => "conflict",
            Body::CoverageGap(_) => "coverage-gap",
            Body::ExemptionsEnding(_) => "exemptions-ending",
            Body::SuppressionsUsed(_) => "suppressions-used",
            Body::ForeignObjects(_) => "foreign-objects",
            Body::Flood(_) => "flood",
            Body::UnguardedRegions(_) => "unguarded-regions",
            Body::Alarm(_) => "alarm",
            Body::Test(_) => "test",
            Body::Objects(_) => "objects",
        }
    }

    pub(super) const fn topic(&self) -> Kind {
        match &self.body {
            Body::BucketReport(_)
            | Body::Joined(_)
            | Body::Conflict(_)
            | Body::SuppressionsUsed(_) => Kind::Bucket,
            Body::Objects(_) => Kind::Object,
            Body::CoverageGap(_)
            | Body::ExemptionsEnding(_)
            | Body::ForeignObjects(_)
            | Body::Flood(_)
            | Body::UnguardedRegions(_)
            | Body::Alarm(_)
            | Body::Test(_) => Kind::Guard,
        }
    }

    pub(super) fn reports(&self) -> &[BucketReport] {
        if let Body::Joined(joined) = &self.body {
            return &joined.reports;
        }
        let Body::BucketReport(report) = &self.body else { return &[] };
        std::slice::from_ref(report)
    }

    /// Where all of it is, if it was kept.
    pub fn whole(&self) -> Option<&str> {
        match &self.body {
            Body::Objects(objects) => objects.whole.as_deref(),
            Body::Joined(joined) => joined.whole.as_deref(),
            Body::BucketReport(_)
            | Body::Conflict(_)
            | Body::CoverageGap(_)
            | Body::ExemptionsEnding(_)
            | Body::SuppressionsUsed(_)
            | Body::ForeignObjects(_)
            | Body::Flood(_)
            | Body::UnguardedRegions(_)
            | Body::Alarm(_)
            | Body::Test(_) => None,
        }
    }

    /// Leaves out a part of its longest list, and counts what is left out. Says whether there was anything to leave out.
    pub(super) fn shorten(&mut self) -> bool {
        let left_out = match &mut self.body {
            Body::BucketReport(report) if report.calls.len() > report.aspects.len() => {
                shorten(&mut report.calls)
            }
            Body::BucketReport(report) => shorten(&mut report.aspects),
            Body::Joined(joined) => match shorten(&mut joined.reports) {
                0 => shorten(&mut joined.others),
                left_out => left_out,
            },
            Body::Conflict(war) => shorten(&mut war.others),
            Body::CoverageGap(gap) => shorten(&mut gap.buckets),
            Body::ExemptionsEnding(ending) => shorten(&mut ending.exemptions),
            Body::SuppressionsUsed(used) => shorten(&mut used.suppressions),
            Body::ForeignObjects(foreign) => shorten(&mut foreign.objects),
            Body::UnguardedRegions(unguarded) => shorten(&mut unguarded.regions),
            Body::Flood(_) | Body::Alarm(_) | Body::Test(_) => 0,
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

#[cfg(test)]
mod tests;
