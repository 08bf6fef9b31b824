//! What happened to one object.

use serde::{Deserialize, Serialize};

use crate::model::severity::Severity;
use crate::text::named::named;

/// What happened to an object.
///
/// Source: Amazon S3 User Guide, "Amazon S3 event notification types and `EventBridge`".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Change {
    /// `Object Created`. S3 does not say whether there was an object of that key before.
    CreatedOrOverwritten,
    /// `Object Created`, and the versions of the key show that there was none before.
    Created,
    /// `Object Created`, and the versions of the key show that there was one before.
    Overwritten,
    /// `Object Created`, and the ACL that came with it shows that everybody may read or write it.
    CreatedPublic,
    /// `Object Deleted`, permanently.
    Deleted,
    /// `Object Deleted` in a versioned bucket: a delete marker hides the older versions.
    DeleteMarkerCreated,
    /// `Object Deleted`, by a lifecycle rule.
    Expired,
    /// `Object ACL Updated`. S3 does not say to what.
    AclUpdated,
    /// `Object ACL Updated`, and the ACL shows that everybody may read or write it now.
    MadePublic,
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
    /// `Object Retention Updated`, with an event hold that is on.
    EventHoldOn,
    /// `Object Retention Updated`, with an event hold that is off.
    EventHoldOff,
    /// `Object Retention Updated`, with a legal hold that is on.
    LegalHoldOn,
    /// `Object Retention Updated`, with a legal hold that is off.
    LegalHoldOff,
}

named! {
    Change:
    CreatedOrOverwritten = "created-or-overwritten",
    Created = "created",
    Overwritten = "overwritten",
    CreatedPublic = "created-public",
    Deleted = "deleted",
    DeleteMarkerCreated = "delete-marker-created",
    Expired = "expired",
    AclUpdated = "acl-updated",
    MadePublic = "made-public",
    TagsAdded = "tags-added",
    TagsDeleted = "tags-deleted",
    RestoreInitiated = "restore-initiated",
    RestoreCompleted = "restore-completed",
    RestoreExpired = "restore-expired",
    Moved = "moved",
    AnnotationCreated = "annotation-created",
    AnnotationRemoved = "annotation-removed",
    RetentionUpdated = "retention-updated",
    EventHoldOn = "event-hold-on",
    EventHoldOff = "event-hold-off",
    LegalHoldOn = "legal-hold-on",
    LegalHoldOff = "legal-hold-off",
}

impl Change {
    /// In words.
    pub const fn words(self) -> &'static str {
        self.facts().0
    }

    /// The value of the attribute `action`.
    pub const fn action(self) -> &'static str {
        self.facts().1
    }

    /// The severity of one such change.
    pub const fn severity(self) -> Severity {
        self.facts().2
    }

    const fn facts(self) -> (&'static str, &'static str, Severity) {
        match self {
            Self::CreatedOrOverwritten => ("created or overwritten", "created", Severity::Info),
            Self::Created => ("created", "created", Severity::Info),
            Self::Overwritten => ("overwritten", "overwritten", Severity::Info),
            Self::CreatedPublic => ("created, public by its ACL", "created", Severity::High),
            Self::Deleted => ("deleted for good", "deleted", Severity::Warning),
            Self::DeleteMarkerCreated => {
                ("deleted (older versions are kept)", "deleted", Severity::Info)
            }
            Self::Expired => ("deleted by a lifecycle rule", "deleted", Severity::Info),
            Self::AclUpdated => ("ACL changed", "acl", Severity::Warning),
            Self::MadePublic => ("made public by its ACL", "acl", Severity::High),
            Self::TagsAdded => ("tags added", "tags", Severity::Info),
            Self::TagsDeleted => ("tags deleted", "tags", Severity::Info),
            Self::RestoreInitiated => ("restore from archive begun", "restored", Severity::Info),
            Self::RestoreCompleted => ("restored from archive", "restored", Severity::Info),
            Self::RestoreExpired => ("restored copy gone", "restored", Severity::Info),
            Self::Moved => ("storage class changed", "moved", Severity::Info),
            Self::AnnotationCreated => ("annotation created", "annotation", Severity::Info),
            Self::AnnotationRemoved => ("annotation removed", "annotation", Severity::Info),
            Self::RetentionUpdated => ("retention changed", "retention", Severity::Warning),
            Self::EventHoldOn => ("event hold on", "retention", Severity::Warning),
            Self::EventHoldOff => ("event hold off", "retention", Severity::Warning),
            Self::LegalHoldOn => ("legal hold on", "retention", Severity::Warning),
            Self::LegalHoldOff => ("legal hold off", "retention", Severity::Warning),
        }
    }

    /// The change as S3's event alone shows it, before anything was looked up.
    #[must_use]
    pub const fn as_delivered(self) -> Self {
        if matches!(self, Self::Created | Self::Overwritten | Self::CreatedPublic) {
            Self::CreatedOrOverwritten
        } else if matches!(self, Self::MadePublic) {
            Self::AclUpdated
        } else {
            self
        }
    }

    /// Whether the object is public by its ACL.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::MadePublic | Self::CreatedPublic)
    }

    /// Whether S3 gives such events a sequencer that belongs to the change. What other events carry may be the one of the
    /// object's version.
    ///
    /// Source: Amazon S3 User Guide, "Event message structure".
    pub const fn is_sequenced(self) -> bool {
        matches!(
            self.as_delivered(),
            Self::CreatedOrOverwritten | Self::Deleted | Self::DeleteMarkerCreated | Self::Expired
        )
    }
}

/// The detail types of S3's events about objects, each with its possible changes.
///
/// Source: Amazon S3 User Guide, "Amazon S3 event notification types and `EventBridge`".
pub const DETAIL_TYPES: [(&str, &[Change]); 13] = [
    ("Object Created", &[Change::CreatedOrOverwritten]),
    ("Object Deleted", &[Change::Deleted, Change::DeleteMarkerCreated, Change::Expired]),
    ("Object Restore Initiated", &[Change::RestoreInitiated]),
    ("Object Restore Completed", &[Change::RestoreCompleted]),
    ("Object Restore Expired", &[Change::RestoreExpired]),
    ("Object Storage Class Changed", &[Change::Moved]),
    ("Object Access Tier Changed", &[Change::Moved]),
    ("Object ACL Updated", &[Change::AclUpdated]),
    ("Object Tags Added", &[Change::TagsAdded]),
    ("Object Tags Deleted", &[Change::TagsDeleted]),
    ("Object Annotation Created", &[Change::AnnotationCreated]),
    ("Object Annotation Removed", &[Change::AnnotationRemoved]),
    (
        "Object Retention Updated",
        &[
            Change::RetentionUpdated,
            Change::EventHoldOn,
            Change::EventHoldOff,
            Change::LegalHoldOn,
            Change::LegalHoldOff,
        ],
    ),
];
