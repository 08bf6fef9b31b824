//! What happened to objects, as one readable message for many events.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use time::OffsetDateTime;

use crate::notice::{Attributes, Severity, TEXT_BYTES_MAX};
use crate::report::shown_time;
use crate::text::{shown, subject};
use crate::{AccountId, BucketName, Notice, Region};

/// The most objects that one message names; the others are counted. The stack has no larger batches.
pub const NAMED_MAX: usize = 100;

/// All values of the attribute `action` of notices about objects.
pub(crate) const ACTIONS: [&str; 9] = [
    "created",
    "overwritten",
    "deleted",
    "acl",
    "tags",
    "restored",
    "moved",
    "annotation",
    "retention",
];

/// Room for the line that counts the others, in bytes.
const REST_BYTES_MAX: usize = 64;

/// One event of S3 about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectEvent {
    /// What happened.
    pub change: Change,
    /// Where.
    pub bucket: BucketName,
    /// To which object.
    pub key: String,
    /// To which version of it, in a versioned bucket.
    pub version_id: Option<String>,
    /// Its size in bytes, where S3 says it.
    pub size_bytes: Option<u64>,
    /// Orders the events of one key; see [`ObjectEvent::order`].
    pub sequencer: Option<String>,
    /// The account or service that did it. S3 never says which user or role.
    pub requester: Option<String>,
    /// From where.
    pub source_ip: Option<String>,
    /// When.
    pub time: OffsetDateTime,
}

/// What happened to an object.
///
/// Source: Amazon S3 User Guide, "Amazon S3 event notification types and `EventBridge`".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// `Object Created`. S3 does not say whether there was an object of that key before.
    CreatedOrOverwritten,
    /// `Object Deleted`, for good.
    Deleted,
    /// `Object Deleted` in a versioned bucket: a delete marker hides the older versions.
    DeleteMarkerCreated,
    /// `Object Deleted`, by a lifecycle rule.
    Expired,
    /// `Object ACL Updated`.
    AclUpdated,
    /// `Object Tags Added`.
    TagsAdded,
    /// `Object Tags Deleted`.
    TagsDeleted,
    /// `Object Restore Initiated`.
    RestoreInitiated,
    /// `Object Restore Completed`.
    RestoreCompleted,
    /// `Object Restore Expired`.
    RestoreExpired,
    /// `Object Storage Class Changed` or `Object Access Tier Changed`.
    Moved,
    /// `Object Annotation Created`.
    AnnotationCreated,
    /// `Object Annotation Removed`.
    AnnotationRemoved,
    /// `Object Retention Updated`.
    RetentionUpdated,
}

impl Change {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::CreatedOrOverwritten => "created or overwritten",
            Self::Deleted => "deleted for good",
            Self::DeleteMarkerCreated => "deleted (older versions are kept)",
            Self::Expired => "deleted by a lifecycle rule",
            Self::AclUpdated => "ACL changed",
            Self::TagsAdded => "tags added",
            Self::TagsDeleted => "tags deleted",
            Self::RestoreInitiated => "restore from archive begun",
            Self::RestoreCompleted => "restored from archive",
            Self::RestoreExpired => "restored copy gone",
            Self::Moved => "storage class changed",
            Self::AnnotationCreated => "annotation created",
            Self::AnnotationRemoved => "annotation removed",
            Self::RetentionUpdated => "retention changed",
        }
    }

    /// The value of the attribute `action`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedOrOverwritten => "created",
            Self::Deleted | Self::DeleteMarkerCreated | Self::Expired => "deleted",
            Self::AclUpdated => "acl",
            Self::TagsAdded | Self::TagsDeleted => "tags",
            Self::RestoreInitiated | Self::RestoreCompleted | Self::RestoreExpired => "restored",
            Self::Moved => "moved",
            Self::AnnotationCreated | Self::AnnotationRemoved => "annotation",
            Self::RetentionUpdated => "retention",
        }
    }

    const fn severity(self) -> Severity {
        match self {
            Self::CreatedOrOverwritten
            | Self::DeleteMarkerCreated
            | Self::Expired
            | Self::TagsAdded
            | Self::TagsDeleted
            | Self::RestoreInitiated
            | Self::RestoreCompleted
            | Self::RestoreExpired
            | Self::Moved
            | Self::AnnotationCreated
            | Self::AnnotationRemoved => Severity::Info,
            Self::Deleted | Self::AclUpdated | Self::RetentionUpdated => Severity::Warning,
        }
    }
}

impl ObjectEvent {
    /// Orders the events of one key as they happened: by time, which S3 tells to the second, and within a second by
    /// sequencer. Sequencers are hexadecimal, and the shorter one is filled up with zeros at its end; only creations and
    /// deletions have one.
    ///
    /// Source: Amazon S3 User Guide, "Event message structure".
    pub fn order(&self) -> impl Ord + use<> {
        let sequencer = self.sequencer.as_deref().unwrap_or_default().to_ascii_uppercase();
        (self.time, sequencer.trim_end_matches('0').to_owned())
    }

    /// What makes two deliveries the same event.
    fn identity(&self) -> (BucketName, String, Option<String>, Option<String>, Change) {
        let Self { bucket, key, version_id, sequencer, change, .. } = self;
        (bucket.clone(), key.clone(), version_id.clone(), sequencer.clone(), *change)
    }
}

/// Tells many events in one message: duplicates once, by bucket and key, in the order in which they happened. `None`
/// if there is nothing to tell.
pub fn digest(events: Vec<ObjectEvent>, account: &AccountId, region: &Region) -> Option<Notice> {
    let mut seen = BTreeSet::new();
    let mut events: Vec<ObjectEvent> = events
        .into_iter()
        .filter(|event| event.sequencer.is_none() || seen.insert(event.identity()))
        .collect();
    events.sort_by_cached_key(|event| (event.bucket.clone(), event.key.clone(), event.order()));
    let first = events.first()?;
    let buckets: BTreeSet<&BucketName> = events.iter().map(|event| &event.bucket).collect();
    let actions: BTreeSet<&str> = events.iter().map(|event| event.change.name()).collect();
    let severity = events.iter().map(|event| event.change.severity()).max()?;
    let attributes = Attributes {
        kind: "object",
        severity,
        actions: actions.into_iter().map(str::to_owned).collect(),
        buckets: buckets.iter().map(ToString::to_string).collect(),
        account,
        region,
    };
    let subject = match (events.len(), buckets.len()) {
        (1, _) => {
            let words = first.change.words();
            subject(&format!("s3guard: {words}: {} in {}", shown(&first.key, 40), first.bucket))
        }
        (count, 1) => subject(&format!("s3guard: {count} changes to objects in {}", first.bucket)),
        (count, more) => subject(&format!("s3guard: {count} changes to objects in {more} buckets")),
    };
    let text = text(&events, account, region).expect("a string takes everything");
    Some(Notice { subject, text, attributes: attributes.into() })
}

fn text(
    events: &[ObjectEvent],
    account: &AccountId,
    region: &Region,
) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "Account {account}, {region}")?;
    let mut bucket = None;
    for (count, event) in events.iter().enumerate() {
        let mut entry = String::new();
        if bucket != Some(&event.bucket) {
            bucket = Some(&event.bucket);
            writeln!(entry, "\nBucket {}", event.bucket)?;
        }
        writeln!(entry, "\n  {}: {}", event.change.words(), shown(&event.key, 1024))?;
        writeln!(entry, "    {}", details(event))?;
        if count == NAMED_MAX || text.len() + entry.len() + REST_BYTES_MAX > TEXT_BYTES_MAX {
            writeln!(text, "\nand {} more changes", events.len() - count)?;
            break;
        }
        text += &entry;
    }
    Ok(text)
}

/// Size, version, who, from where and when, as far as S3 says it.
fn details(event: &ObjectEvent) -> String {
    let mut details = Vec::new();
    details.extend(event.size_bytes.map(shown_size));
    details.extend(event.version_id.as_deref().map(|id| format!("version {}", shown(id, 64))));
    let by = match event.requester.as_deref() {
        Some(requester) if requester.parse::<AccountId>().is_ok() => {
            Some(format!("by account {requester}"))
        }
        Some(service) => Some(format!("by {}", shown(service, 80))),
        None => None,
    };
    let from = event.source_ip.as_deref().map(|ip| format!("from {}", shown(ip, 60)));
    details.extend(match (by, from) {
        (Some(by), Some(from)) => Some(format!("{by} {from}")),
        (by, from) => by.or(from),
    });
    details.push(shown_time(event.time));
    details.join(", ")
}

fn shown_size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let Some(power) = bytes.checked_ilog2().map(|bits| bits / 10).filter(|power| *power > 0) else {
        return format!("{bytes} {}", if bytes == 1 { "byte" } else { "bytes" });
    };
    let power = power.min(4);
    let tenths = (bytes >> (10 * (power - 1))) * 10 / 1024;
    format!("{}.{} {}", tenths / 10, tenths % 10, units[power as usize - 1])
}

#[cfg(test)]
mod tests;
