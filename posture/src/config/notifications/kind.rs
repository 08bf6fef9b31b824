//! Kinds of changes of objects in the configuration.

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::text::named::named;

/// Kinds of changes of objects. Some include others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ObjectKind {
    /// Created or overwritten.
    Created,
    /// Deleted in any way.
    Deleted,
    /// Deleted permanently, but not by a lifecycle rule.
    DeletedForGood,
    /// Deleted, with the older versions kept.
    DeleteMarker,
    /// Deleted by a lifecycle rule.
    Expired,
    /// The ACL was changed.
    Acl,
    /// Tags were added or deleted.
    Tags,
    /// A restore from an archive was started or completed, or the restored copy expired.
    Restored,
    /// The storage class was changed.
    Moved,
    /// An annotation was created or removed.
    Annotation,
    /// The retention was changed.
    Retention,
}

named! {
    ObjectKind:
    Created = "created",
    Deleted = "deleted",
    DeletedForGood = "deleted-for-good",
    DeleteMarker = "delete-marker",
    Expired = "expired",
    Acl = "acl",
    Tags = "tags",
    Restored = "restored",
    Moved = "moved",
    Annotation = "annotation",
    Retention = "retention",
}

impl ObjectKind {
    /// Whether a change is of this kind.
    pub fn includes(self, change: Change) -> bool {
        match self {
            Self::DeletedForGood => change == Change::Deleted,
            Self::DeleteMarker => change == Change::DeleteMarkerCreated,
            Self::Expired => change == Change::Expired,
            // S3 reports an overwritten object as created.
            Self::Created => matches!(change.action(), "created" | "overwritten"),
            Self::Deleted
            | Self::Acl
            | Self::Tags
            | Self::Restored
            | Self::Moved
            | Self::Annotation
            | Self::Retention => change.action() == self.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::DETAIL_TYPES;

    #[test]
    fn every_change_that_s3_reports_has_a_kind_and_every_kind_a_change() {
        let changes: Vec<Change> =
            DETAIL_TYPES.iter().flat_map(|(_, changes)| changes.iter().copied()).collect();
        for change in &changes {
            let kinds = ObjectKind::ALL.iter().filter(|kind| kind.includes(*change));
            assert!(kinds.count() >= 1, "{change:?}");
        }
        for kind in ObjectKind::ALL {
            assert!(changes.iter().any(|change| kind.includes(*change)), "{kind}");
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn a_deletion_is_of_two_kinds() {
        let kinds = |change| -> Vec<&str> {
            let kinds = ObjectKind::ALL.iter().filter(|kind| kind.includes(change));
            kinds.map(|kind| kind.name()).collect()
        };
        assert_eq!(kinds(Change::Deleted), ["deleted", "deleted-for-good"]);
        assert_eq!(kinds(Change::DeleteMarkerCreated), ["deleted", "delete-marker"]);
        assert_eq!(kinds(Change::Expired), ["deleted", "expired"]);
        assert_eq!(kinds(Change::CreatedOrOverwritten), ["created"]);
    }
}
