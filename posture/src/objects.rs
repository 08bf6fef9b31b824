//! What happened to objects, as one readable message for many events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use time::OffsetDateTime;

use crate::notice::document::objects::{Object, OfBucket};
use crate::notice::document::{self, Body, Bucket, Objects};
use crate::notice::{BUCKETS_MAX, Draft, Kind, Origin, Severity, TEXT_BYTES_MAX, sms};
use crate::report::{console_link, shown_time};
use crate::text::shown;
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
pub fn digest(events: Vec<ObjectEvent>, origin: &Origin<'_>) -> Option<Notice> {
    let Origin { account, region, .. } = *origin;
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
    let title = match (events.len(), buckets.len()) {
        (1, _) => {
            let words = first.change.words();
            format!("s3guard: {words}: {} in {}", shown(&first.key, 40), first.bucket)
        }
        (count, 1) => format!("s3guard: {count} changes to objects in {}", first.bucket),
        (count, more) => format!("s3guard: {count} changes to objects in {more} buckets"),
    };
    let before = match events.len() {
        1 => format!("s3guard: {} in ", first.change.words()),
        count => format!("s3guard: {count} changes to objects in "),
    };
    let after = match (&events[..], buckets.len()) {
        ([one], _) => format!(": {}", one.key),
        (_, 1) => String::new(),
        (_, more) => format!(" and {} more buckets", more - 1),
    };
    let of_bucket = |bucket: &&BucketName| Bucket {
        name: bucket.to_string(),
        grade: None,
        owner: None,
        console: console_link(region, bucket),
    };
    let sequencer = first.sequencer.as_deref().unwrap_or_default();
    let draft = Draft {
        origin: *origin,
        id: format!(
            "objects:{account}:{}:{}:{sequencer}:{}",
            first.bucket,
            document::time(first.time),
            events.len()
        ),
        kind: Kind::Object,
        severity,
        actions: actions.into_iter().map(str::to_owned).collect(),
        names: buckets.iter().map(ToString::to_string).collect(),
        buckets: buckets.iter().take(BUCKETS_MAX).map(of_bucket).collect(),
        title,
        text: text(&events, account, region).expect("a string takes everything"),
        sms: sms(&before, first.bucket.as_str(), &format!("{after}. {account} {region}")),
        body: Body::Objects(body(&events)),
    };
    Some(draft.into())
}

fn body(events: &[ObjectEvent]) -> Objects {
    let time = |time: Option<OffsetDateTime>| time.map_or_else(String::new, document::time);
    let mut buckets: BTreeMap<&BucketName, OfBucket> = BTreeMap::new();
    for event in events {
        let of_bucket = buckets.entry(&event.bucket).or_insert_with(|| OfBucket {
            name: event.bucket.to_string(),
            events: 0,
            bytes_created: 0,
            changes: BTreeMap::new(),
        });
        of_bucket.events += 1;
        if event.change == Change::CreatedOrOverwritten {
            of_bucket.bytes_created += event.size_bytes.unwrap_or_default();
        }
        *of_bucket.changes.entry(event.change.name().to_owned()).or_default() += 1;
    }
    let object = |event: &ObjectEvent| Object {
        change: event.change.name().to_owned(),
        bucket: event.bucket.to_string(),
        key: event.key.clone(),
        version_id: event.version_id.clone(),
        size_bytes: event.size_bytes,
        time: document::time(event.time),
        requester: event.requester.clone(),
        source_ip: event.source_ip.clone(),
    };
    Objects {
        from: time(events.iter().map(|event| event.time).min()),
        until: time(events.iter().map(|event| event.time).max()),
        events: events.len() as u64,
        buckets: buckets.into_values().collect(),
        notable: Vec::new(),
        objects: events.iter().take(NAMED_MAX).map(object).collect(),
        omitted: events.len().saturating_sub(NAMED_MAX) as u64,
        whole: None,
    }
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
