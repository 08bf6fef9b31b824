//! Whether a trail has CloudTrail tell EventBridge of changes of buckets.
//!
//! EventBridge hears of a call only where a trail that is logging records it, in the Region of the call. Source: Amazon
//! EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".

use std::fmt;

use time::OffsetDateTime;

use crate::{AccountId, Reading, Region};

/// What CloudTrail calls S3.
const S3: &str = "s3.amazonaws.com";

/// A trail, as the Region sees it that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// Its name.
    pub name: String,
    /// Its ARN; that of an organization's trail names the account that manages it.
    pub arn: String,
    /// The Region it was made in.
    pub home: Region,
    /// Whether it records every Region.
    pub is_multi_region: bool,
    /// Whether it is the organization's, and records this account too.
    pub is_organization: bool,
    /// What it is doing.
    pub status: Reading<TrailStatus>,
    /// What it records.
    pub selectors: Reading<Selectors>,
}

/// What a trail is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailStatus {
    /// Whether it records at all.
    pub is_logging: bool,
    /// Why its files did not reach its bucket, when they were last sent.
    pub delivery_error: Option<String>,
    /// When its files last reached its bucket.
    pub delivered: Option<OffsetDateTime>,
}

/// What a trail records: an event that any selector chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selectors {
    /// Basic selectors; without any, a trail records all management events.
    Basic(Vec<BasicSelector>),
    /// Advanced selectors.
    Advanced(Vec<AdvancedSelector>),
}

/// A basic selector, as far as it is about management events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicSelector {
    /// Whether it chooses management events.
    pub management: bool,
    /// Which calls it chooses.
    pub calls: Calls,
    /// Services whose management events it leaves out.
    pub without: Vec<String>,
}

/// Which calls a basic selector chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calls {
    /// All.
    All,
    /// Those that read.
    Read,
    /// Those that write.
    Write,
    /// What this s3guard does not know.
    Unknown(String),
}

/// An advanced selector: it chooses what meets all its conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvancedSelector(pub Vec<Condition>);

/// What an advanced selector asks of a field of an event. An operator without values asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// The field.
    pub field: String,
    /// It is one of these.
    pub equals: Vec<String>,
    /// It begins with one of these.
    pub starts_with: Vec<String>,
    /// It ends with one of these.
    pub ends_with: Vec<String>,
    /// It is none of these.
    pub not_equals: Vec<String>,
    /// It begins with none of these.
    pub not_starts_with: Vec<String>,
    /// It ends with none of these.
    pub not_ends_with: Vec<String>,
}

/// Whether a trail records the changes of buckets in a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Records,
    /// It records its home Region alone, which is another.
    Elsewhere,
    /// It was stopped.
    Stopped,
    /// Its selectors leave out what changes buckets.
    LeavesOut,
    /// Its selectors choose some of what changes buckets, by this field.
    Partly(String),
    /// It may not be looked at: this action is missing.
    Unreadable(&'static str),
}

impl Trail {
    /// Whether it is the account's own, which can therefore change it.
    pub fn is_of(&self, account: &AccountId) -> bool {
        self.arn.split(':').nth(4) == Some(account.as_str())
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.is_organization { " of the organization" } else { "" };
        let reach = if self.is_multi_region { "every Region" } else { self.home.as_str() };
        write!(f, "`{}`{of}, which records {reach}", self.name)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records => f.write_str("records the changes of buckets"),
            Self::Elsewhere => f.write_str("records another Region alone"),
            Self::Stopped => f.write_str("is stopped"),
            Self::LeavesOut => f.write_str("leaves out the write management events of S3"),
            Self::Partly(field) => {
                write!(f, "records only some of the write management events of S3, by `{field}`")
            }
            Self::Unreadable(action) => write!(f, "may not be looked at: `{action}` is missing"),
        }
    }
}

/// Whether the trail records the changes of buckets in the Region.
pub fn records_bucket_changes(trail: &Trail, region: &Region) -> Verdict {
    if !trail.is_multi_region && trail.home != *region {
        return Verdict::Elsewhere;
    }
    let Reading::Known(status) = &trail.status else {
        return Verdict::Unreadable("cloudtrail:GetTrailStatus");
    };
    if !status.is_logging {
        return Verdict::Stopped;
    }
    match &trail.selectors {
        Reading::Known(selectors) => judge(selectors),
        Reading::Unread | Reading::Absent | Reading::Denied => {
            Verdict::Unreadable("cloudtrail:GetEventSelectors")
        }
    }
}

/// The trail that has EventBridge hear of changes of buckets in the Region: rather one of the account's own.
pub fn recording<'a>(
    trails: &'a [Trail],
    region: &Region,
    account: &AccountId,
) -> Option<&'a Trail> {
    let records = |trail: &&Trail| records_bucket_changes(trail, region) == Verdict::Records;
    let mut recording = trails.iter().filter(records);
    recording.clone().find(|trail| trail.is_of(account)).or_else(|| recording.next())
}

fn judge(selectors: &Selectors) -> Verdict {
    match selectors {
        Selectors::Basic(selectors) => {
            if selectors.is_empty() || selectors.iter().any(chooses) {
                Verdict::Records
            } else {
                Verdict::LeavesOut
            }
        }
        Selectors::Advanced(selectors) => {
            let chosen = selectors.iter().map(choice);
            chosen.min_by_key(rank).unwrap_or(Verdict::LeavesOut)
        }
    }
}

fn chooses(selector: &BasicSelector) -> bool {
    let writes = match selector.calls {
        Calls::All | Calls::Write => true,
        Calls::Read | Calls::Unknown(_) => false,
    };
    selector.management && writes && !selector.without.iter().any(|service| service == S3)
}

/// The best of several selectors counts.
fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Records => 0,
        Verdict::Partly(_) => 1,
        Verdict::Elsewhere | Verdict::Stopped | Verdict::LeavesOut | Verdict::Unreadable(_) => 2,
    }
}

/// What comes of one advanced selector.
///
/// Source: AWS CloudTrail API Reference, `AdvancedFieldSelector`.
fn choice(selector: &AdvancedSelector) -> Verdict {
    let AdvancedSelector(conditions) = selector;
    let mut is_management = false;
    let mut partly = None;
    for condition in conditions {
        let value = match condition.field.as_str() {
            "eventCategory" => {
                is_management = condition.takes("Management");
                "Management"
            }
            "readOnly" => "false",
            "eventSource" => S3,
            "eventType" => "AwsApiCall",
            other => {
                partly = Some(other.to_owned());
                continue;
            }
        };
        if !condition.takes(value) {
            return Verdict::LeavesOut;
        }
    }
    match partly {
        _ if !is_management => Verdict::LeavesOut,
        Some(field) => Verdict::Partly(field),
        None => Verdict::Records,
    }
}

impl Condition {
    fn takes(&self, value: &str) -> bool {
        fn any(values: &[String], is: impl Fn(&str) -> bool) -> bool {
            values.iter().any(|one| is(one))
        }
        let is_one = |one: &str| value == one;
        let begins = |one: &str| value.starts_with(one);
        let ends = |one: &str| value.ends_with(one);
        (self.equals.is_empty() || any(&self.equals, is_one))
            && (self.starts_with.is_empty() || any(&self.starts_with, begins))
            && (self.ends_with.is_empty() || any(&self.ends_with, ends))
            && !any(&self.not_equals, is_one)
            && !any(&self.not_starts_with, begins)
            && !any(&self.not_ends_with, ends)
    }
}

#[cfg(test)]
mod tests;
