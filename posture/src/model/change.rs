//! What happened to one object.

use serde::{Deserialize, Serialize};

use crate::model::severity::Severity;

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
    /// `Object Deleted`, for good.
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
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::CreatedOrOverwritten,
        Self::Created,
        Self::Overwritten,
        Self::Deleted,
        Self::DeleteMarkerCreated,
        Self::Expired,
        Self::AclUpdated,
        Self::MadePublic,
        Self::TagsAdded,
        Self::TagsDeleted,
        Self::RestoreInitiated,
        Self::RestoreCompleted,
        Self::RestoreExpired,
        Self::Moved,
        Self::AnnotationCreated,
        Self::AnnotationRemoved,
        Self::RetentionUpdated,
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::CreatedOrOverwritten => "created or overwritten",
            Self::Created => "created",
            Self::Overwritten => "overwritten",
            Self::Deleted => "deleted for good",
            Self::DeleteMarkerCreated => "deleted (older versions are kept)",
            Self::Expired => "deleted by a lifecycle rule",
            Self::AclUpdated => "ACL changed",
            Self::MadePublic => "made public by its ACL",
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

    /// Its name in documents, where it is told apart from every other one.
    pub fn kebab(self) -> String {
        let name = serde_json::to_value(self).expect("it is a text");
        name.as_str().unwrap_or_default().to_owned()
    }

    /// The value of the attribute `action`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedOrOverwritten | Self::Created => "created",
            Self::Overwritten => "overwritten",
            Self::Deleted | Self::DeleteMarkerCreated | Self::Expired => "deleted",
            Self::AclUpdated | Self::MadePublic => "acl",
            Self::TagsAdded | Self::TagsDeleted => "tags",
            Self::RestoreInitiated | Self::RestoreCompleted | Self::RestoreExpired => "restored",
            Self::Moved => "moved",
            Self::AnnotationCreated | Self::AnnotationRemoved => "annotation",
            Self::RetentionUpdated => "retention",
        }
    }

    /// The change as S3's event alone tells it, before anything was looked up.
    #[must_use]
    pub const fn as_delivered(self) -> Self {
        match self {
            Self::Created | Self::Overwritten => Self::CreatedOrOverwritten,
            Self::MadePublic => Self::AclUpdated,
            Self::CreatedOrOverwritten
            | Self::Deleted
            | Self::DeleteMarkerCreated
            | Self::Expired
            | Self::AclUpdated
            | Self::TagsAdded
            | Self::TagsDeleted
            | Self::RestoreInitiated
            | Self::RestoreCompleted
            | Self::RestoreExpired
            | Self::Moved
            | Self::AnnotationCreated
            | Self::AnnotationRemoved
            | Self::RetentionUpdated => self,
        }
    }

    /// How much one such change matters.
    pub const fn severity(self) -> Severity {
        match self {
            Self::CreatedOrOverwritten
            | Self::Created
            | Self::Overwritten
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
            Self::MadePublic => Severity::High,
        }
    }
}

/// All that S3 tells of objects: the types of its events, each with the changes that it can be.
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
    ("Object Retention Updated", &[Change::RetentionUpdated]),
];
