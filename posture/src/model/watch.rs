//! The watched calls: the table for the rule's pattern, the documentation and the tests.

use std::collections::BTreeSet;

use crate::Aspect::{
    self, AccessLogs, AccountPublicAccess, Acl, Encryption, Lifecycle, Notifications, ObjectLock,
    Ownership, Policy, PublicAccess, Replication, SseC, Tls, Versioning,
};

/// One write call that can weaken the protection of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The event name of `CloudTrail`, which is not always that of the API.
    pub event_name: &'static str,
    /// The aspects that such a call can weaken, and which are read.
    pub aspects: &'static [Aspect],
    /// How such a call can weaken a bucket, in a few words.
    pub weakens: &'static str,
}

/// The aspects of a new bucket, whose ACL and ownership are S3's defaults unless the call's parameters set them.
const NEW: &[Aspect] =
    &[Encryption, SseC, PublicAccess, Tls, Versioning, AccessLogs, Notifications];

/// The aspects that a tag may change.
const TAGGED: &[Aspect] =
    &[Encryption, SseC, PublicAccess, Tls, Ownership, Versioning, AccessLogs, Notifications];

/// The calls that the guard handles.
///
/// Source of the names: Amazon S3 User Guide, "Amazon S3 `CloudTrail` events". The API calls the public access block
/// `PutPublicAccessBlock`, `CloudTrail` calls it `PutBucketPublicAccessBlock`; the same goes for notifications, lifecycle and
/// object lock. For object lock the guide and recorded events differ, so both names are watched.
pub const TABLE: &[Watched] = &[
    row("CreateBucket", NEW, "a new bucket"),
    row(
        "PutBucketEncryption",
        &[Encryption, SseC],
        "a weaker algorithm, another key, SSE-C unblocked",
    ),
    row("DeleteBucketEncryption", &[Encryption, SseC], "back to SSE-S3"),
    row("PutBucketPublicAccessBlock", &[PublicAccess], "a switch is off"),
    row("DeleteBucketPublicAccessBlock", &[PublicAccess], "all switches are off"),
    row("PutBucketPolicy", &[Policy, Tls, PublicAccess], "access for others, or plain HTTP"),
    row("DeleteBucketPolicy", &[Tls], "plain HTTP is allowed"),
    row("PutBucketAcl", &[Acl, PublicAccess], "others are granted access"),
    // Once ACLs are disabled, the rest of the block breaks no access.
    row("PutBucketOwnershipControls", &[Ownership, PublicAccess], "ACLs are enabled again"),
    row("DeleteBucketOwnershipControls", &[Ownership], "ACLs are enabled again"),
    row("PutBucketVersioning", &[Versioning], "versions are suspended, MFA delete is off"),
    row("PutBucketLogging", &[AccessLogs], "logs go nowhere, or elsewhere"),
    row("PutBucketNotification", &[Notifications], "events are no longer sent to EventBridge"),
    row("PutBucketWebsite", &[PublicAccess], "the bucket is a website"),
    row("PutBucketReplication", &[Replication], "objects are replicated to another account"),
    row("DeleteBucketReplication", &[Replication], "objects are no longer replicated"),
    row("PutBucketLifecycle", &[Lifecycle], "objects are deleted by a rule"),
    row("DeleteBucketLifecycle", &[Lifecycle], "a rule that expired objects is gone"),
    row("PutBucketObjectLockConfiguration", &[ObjectLock], "new objects are no longer locked"),
    row("PutObjectLockConfiguration", &[ObjectLock], "new objects are no longer locked"),
    row("PutBucketTagging", TAGGED, "a tag that determines the grade"),
    row("DeleteBucketTagging", TAGGED, "a tag that determines the grade"),
    row("TagResource", TAGGED, "a tag that determines the grade"),
    row("UntagResource", TAGGED, "a tag that determines the grade"),
    row("PutAccountPublicAccessBlock", &[AccountPublicAccess], "a switch is off for all buckets"),
    row(
        "DeleteAccountPublicAccessBlock",
        &[AccountPublicAccess],
        "all switches are off for all buckets",
    ),
];

const fn row(
    event_name: &'static str,
    aspects: &'static [Aspect],
    weakens: &'static str,
) -> Watched {
    Watched { event_name, aspects, weakens }
}

/// The values of `eventSource` of the calls.
///
/// Public sources report either name for the account's public access block, and the first for the calls on buckets.
pub const EVENT_SOURCES: &[&str] = &["s3.amazonaws.com", "s3-control.amazonaws.com"];

/// The row of a call, if it is watched.
pub fn find(event_name: &str) -> Option<&'static Watched> {
    TABLE.iter().find(|watched| watched.event_name == event_name)
}

/// Whether a call changes only tags, which are no setting but may determine the grade.
pub fn is_of_tags(event_name: &str) -> bool {
    event_name.to_ascii_lowercase().contains("tag")
}

/// The aspects that have to be judged after these calls.
pub fn touched<'a>(event_names: impl IntoIterator<Item = &'a str>) -> BTreeSet<Aspect> {
    let rows = event_names.into_iter().filter_map(find);
    rows.flat_map(|watched| watched.aspects.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_named_twice_and_each_can_weaken_something() {
        let names: BTreeSet<&str> = TABLE.iter().map(|watched| watched.event_name).collect();
        assert_eq!(names.len(), TABLE.len());
        assert!(TABLE.iter().all(|watched| !watched.aspects.is_empty()));
    }

    #[test]
    fn a_call_of_tags_is_known_by_its_name() {
        let of_tags =
            TABLE.iter().map(|watched| watched.event_name).filter(|name| is_of_tags(name));
        let expected = ["PutBucketTagging", "DeleteBucketTagging", "TagResource", "UntagResource"];
        assert_eq!(of_tags.collect::<Vec<_>>(), expected);
        assert!(!is_of_tags("PutBucketPolicy"));
    }

    #[test]
    fn every_aspect_is_watched() {
        let watched = touched(TABLE.iter().map(|watched| watched.event_name));
        assert_eq!(watched, BTreeSet::from(Aspect::ALL));
    }

    #[test]
    fn names_are_cloudtrails_and_not_the_apis() {
        // The strings of a peer that are no event's name (CloudSploit's `realtime_triggers`).
        for dead in [
            "PutPublicAccessBlock",
            "putBucketEncryption",
            "putBucketPolicy",
            "putBucketLifecycleConfiguration",
            "PutBucketVersionning",
            "PutBucketLifeCycleConfiguration",
            "DeleteBucketLifeCycle",
            "PutBucketNotificationConfiguration",
        ] {
            assert_eq!(find(dead), None, "{dead}");
        }
        assert!(find("PutBucketPublicAccessBlock").is_some());
    }
}
