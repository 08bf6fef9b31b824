//! What happened to objects, as one readable message for many events.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use time::OffsetDateTime;

use crate::notice::{Attribute, Severity, TEXT_BYTES_MAX};
use crate::report::shown_time;
use crate::text::{shown, subject};
use crate::{AccountId, BucketName, Notice, Region};

/// The most objects that one message names; the others are counted.
pub const NAMED_MAX: usize = 50;

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
    /// `Object Tags Added` or `Object Tags Deleted`.
    TagsChanged,
    /// `Object Restore Initiated`, `Completed` or `Expired`.
    Restored,
    /// `Object Storage Class Changed` or `Object Access Tier Changed`.
    Moved,
    /// `Object Annotation Created` or `Removed`.
    AnnotationChanged,
    /// `Object Retention Updated`.
    RetentionUpdated,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::CreatedOrOverwritten,
        Self::Deleted,
        Self::DeleteMarkerCreated,
        Self::Expired,
        Self::AclUpdated,
        Self::TagsChanged,
        Self::Restored,
        Self::Moved,
        Self::AnnotationChanged,
        Self::RetentionUpdated,
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::CreatedOrOverwritten => "created or overwritten",
            Self::Deleted => "deleted for good",
            Self::DeleteMarkerCreated => "deleted (older versions are kept)",
            Self::Expired => "deleted by a lifecycle rule",
            Self::AclUpdated => "ACL changed",
            Self::TagsChanged => "tags changed",
            Self::Restored => "restore from archive",
            Self::Moved => "storage class changed",
            Self::AnnotationChanged => "annotation changed",
            Self::RetentionUpdated => "retention changed",
        }
    }

    /// The value of the attribute `action`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedOrOverwritten => "created",
            Self::Deleted | Self::DeleteMarkerCreated | Self::Expired => "deleted",
            Self::AclUpdated => "acl",
            Self::TagsChanged => "tags",
            Self::Restored => "restored",
            Self::Moved => "moved",
            Self::AnnotationChanged => "annotation",
            Self::RetentionUpdated => "retention",
        }
    }

    const fn severity(self) -> Severity {
        match self {
            Self::CreatedOrOverwritten
            | Self::DeleteMarkerCreated
            | Self::Expired
            | Self::TagsChanged
            | Self::Restored
            | Self::Moved
            | Self::AnnotationChanged => Severity::Info,
            Self::Deleted | Self::AclUpdated | Self::RetentionUpdated => Severity::Warning,
        }
    }
}

impl ObjectEvent {
    /// Orders the events of one key as they happened: sequencers are hexadecimal, and the shorter one is filled up with
    /// zeros at its end. Events without one come first, by time.
    ///
    /// Source: Amazon S3 User Guide, "Event message structure".
    pub fn order(&self) -> impl Ord + use<> {
        let sequencer = self.sequencer.as_deref().unwrap_or_default().to_ascii_uppercase();
        (sequencer.trim_end_matches('0').to_owned(), self.time)
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
    let attributes = BTreeMap::from(
        [
            ("account", Attribute::One(account.to_string())),
            ("action", Attribute::Many(actions.into_iter().map(str::to_owned).collect())),
            ("bucket", Attribute::Many(buckets.iter().map(ToString::to_string).collect())),
            ("kind", Attribute::One("object".to_owned())),
            ("region", Attribute::One(region.to_string())),
            ("severity", Attribute::One(severity.name().to_owned())),
        ]
        .map(|(name, attribute)| (name.to_owned(), attribute)),
    );
    let subject = match (events.len(), buckets.len()) {
        (1, _) => {
            let words = first.change.words();
            subject(&format!("s3guard: {words}: {} in {}", shown(&first.key, 40), first.bucket))
        }
        (count, 1) => subject(&format!("s3guard: {count} changes to objects in {}", first.bucket)),
        (count, more) => subject(&format!("s3guard: {count} changes to objects in {more} buckets")),
    };
    let text = text(&events, account, region).expect("a string takes everything");
    Some(Notice { subject, text, attributes })
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
        if count == NAMED_MAX || text.len() > TEXT_BYTES_MAX {
            writeln!(text, "\nand {} more changes", events.len() - count)?;
            break;
        }
        if bucket != Some(&event.bucket) {
            bucket = Some(&event.bucket);
            writeln!(text, "\nBucket {}", event.bucket)?;
        }
        writeln!(text, "\n  {}: {}", event.change.words(), shown(&event.key, 1024))?;
        writeln!(text, "    {}", details(event))?;
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
