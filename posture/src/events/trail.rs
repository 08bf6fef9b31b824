//! Whether a trail delivers the changes of buckets to EventBridge.
//!
//! EventBridge receives a call only if a trail that is logging records it, in the Region of the call. Source: Amazon
//! EventBridge User Guide, "AWS service events delivered via AWS CloudTrail".

use std::fmt;

use crate::{AccountId, Reading, Region};

/// The event source of S3.
const S3: &str = "s3.amazonaws.com";

/// A trail, as seen from a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// Its name.
    pub name: String,
    /// Its ARN; that of an organization trail has the management account.
    pub arn: String,
    /// Its home Region.
    pub home: Region,
    /// Whether it records every Region.
    pub is_multi_region: bool,
    /// Whether it is an organization trail, which records this account too.
    pub is_organization: bool,
    /// Its status.
    pub status: Reading<TrailStatus>,
    /// Its event selectors.
    pub selectors: Reading<Vec<Selector>>,
}

/// The status of a trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailStatus {
    /// Whether it is logging.
    pub is_logging: bool,
    /// The error of the last delivery to its bucket.
    pub delivery_error: Option<String>,
}

/// A selector: it chooses the events that meet all its conditions. Basic selectors are read as equivalent advanced ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(pub Vec<Condition>);

/// What a selector asks of a field of an event. An operator without values asks nothing.
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

/// Whether a trail records the changes of buckets in a Region; of several selectors the first of these counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does.
    Records,
    /// Its selectors choose some of the changes of buckets, by this field.
    Partly(String),
    /// Its selectors exclude the changes of buckets.
    LeavesOut,
    /// It records only its home Region, which is another.
    Elsewhere,
    /// It was stopped.
    Stopped,
    /// It was deleted meanwhile.
    Gone,
    /// It could not be read: this permission is missing.
    Unreadable(&'static str),
    /// It is a trail of the organization that this account could not read.
    NotShown {
        /// The account that the trail belongs to.
        owner: String,
        /// The permission that is missing, unless the account cannot read the trail at all.
        action: &'static str,
    },
}

/// What the trails of a Region mean for the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording<'a> {
    /// This one records the changes of buckets.
    Yes(&'a Trail),
    /// It is not known whether one does, because a trail could not be read.
    Unknown,
    /// None does.
    No,
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.is_organization {
            format!(" of the organization (account `{}`)", self.owner())
        } else {
            String::new()
        };
        let reach = if self.is_multi_region { "every Region" } else { self.home.as_str() };
        write!(f, "`{}`{of}, which records {reach}", self.name)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records => f.write_str("records the changes of buckets"),
            Self::Elsewhere => f.write_str("records only another Region"),
            Self::Stopped => f.write_str("is stopped"),
            Self::LeavesOut => f.write_str("excludes the write management events of S3"),
            Self::Partly(field) => {
                write!(f, "records only some of the write management events of S3, by `{field}`")
            }
            Self::Gone => f.write_str("was deleted"),
            Self::Unreadable(action) => {
                write!(f, "cannot be read: the permission `{action}` is missing")
            }
            Self::NotShown { owner, action } => write!(
                f,
                "is a trail of the organization in account `{owner}`, which does not show it here, or the permission \
                 `{action}` is missing"
            ),
        }
    }
}

/// Whether the trail records the changes of buckets in the Region.
pub fn records_bucket_changes(trail: &Trail, region: &Region) -> Verdict {
    if !trail.is_multi_region && trail.home != *region {
        return Verdict::Elsewhere;
    }
    let status = match &trail.status {
        Reading::Known(status) => status,
        unread @ (Reading::Unread | Reading::Absent | Reading::Denied) => {
            return trail.unread("cloudtrail:GetTrailStatus", *unread == Reading::Absent);
        }
    };
    if !status.is_logging {
        return Verdict::Stopped;
    }
    match &trail.selectors {
        Reading::Known(selectors) => {
            selectors.iter().map(choice).min().unwrap_or(Verdict::LeavesOut)
        }
        unread @ (Reading::Unread | Reading::Absent | Reading::Denied) => {
            trail.unread("cloudtrail:GetEventSelectors", *unread == Reading::Absent)
        }
    }
}

/// Whether a trail records the changes of buckets in the Region; preferably one of this account.
pub fn recording<'a>(trails: &'a [Trail], region: &Region, account: &AccountId) -> Recording<'a> {
    let judged = || trails.iter().map(|trail| (trail, records_bucket_changes(trail, region)));
    let records = judged().filter(|(_, verdict)| *verdict == Verdict::Records);
    let mut records = records.map(|(trail, _)| trail);
    let is_own = |trail: &&Trail| trail.owner() == account.as_str();
    if let Some(trail) = records.clone().find(is_own).or_else(|| records.next()) {
        return Recording::Yes(trail);
    }
    if judged().any(|(_, verdict)| verdict.is_unknown()) {
        Recording::Unknown
    } else {
        Recording::No
    }
}

impl Trail {
    /// The account that it belongs to.
    pub fn owner(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// The verdict where the status or the selectors could not be read. A member of an organization may see its trail
    /// and nothing of it, with several codes.
    fn unread(&self, action: &'static str, is_absent: bool) -> Verdict {
        if self.is_organization {
            return Verdict::NotShown { owner: self.owner().to_owned(), action };
        }
        if is_absent { Verdict::Gone } else { Verdict::Unreadable(action) }
    }
}

impl Verdict {
    /// Whether the trail may record the changes of buckets, or not.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::NotShown { .. } => true,
            Self::Records
            | Self::Partly(_)
            | Self::LeavesOut
            | Self::Elsewhere
            | Self::Stopped
            | Self::Gone => false,
        }
    }
}

/// The verdict of one selector.
///
/// Source: AWS CloudTrail API Reference, `AdvancedFieldSelector`.
fn choice(selector: &Selector) -> Verdict {
    let Selector(conditions) = selector;
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

impl Selector {
    /// The default of CloudTrail: all management events.
    pub fn management() -> Self {
        Self(vec![Condition::equals("eventCategory", "Management")])
    }
}

impl Condition {
    /// The field has this value.
    pub fn equals(field: &str, value: &str) -> Self {
        Self { field: field.to_owned(), equals: vec![value.to_owned()], ..Self::default() }
    }

    fn takes(&self, value: &str) -> bool {
        let is = |other: &String| value == other;
        let starts = |start: &String| value.starts_with(start);
        let ends = |end: &String| value.ends_with(end);
        (self.equals.is_empty() || self.equals.iter().any(is))
            && (self.starts_with.is_empty() || self.starts_with.iter().any(starts))
            && (self.ends_with.is_empty() || self.ends_with.iter().any(ends))
            && !self.not_equals.iter().any(is)
            && !self.not_starts_with.iter().any(starts)
            && !self.not_ends_with.iter().any(ends)
    }
}

#[cfg(test)]
mod tests;
