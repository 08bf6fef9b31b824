//! What is watched: one table, from which the rule's pattern, the documentation and the tests are made.

use std::collections::BTreeSet;

use crate::Aspect;

/// One write call that can weaken the protection of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The event's name as `CloudTrail` spells it, which is not always the API's.
    pub event_name: &'static str,
    /// The aspects that such a call can weaken, which are read again.
    pub aspects: &'static [Aspect],
    /// What such a call can do, in a few words.
    pub weakens: &'static str,
}

/// What a new bucket is looked at for: all that may be kept. Its ACL and ownership are S3's defaults, unless the call says so.
const NEW: &[Aspect] = &[
    Aspect::Encryption,
    Aspect::SseC,
    Aspect::PublicAccess,
    Aspect::Tls,
    Aspect::Versioning,
    Aspect::AccessLogs,
    Aspect::Notifications,
];

/// What another tag may ask for.
const TAGGED: &[Aspect] = &[
    Aspect::Encryption,
    Aspect::SseC,
    Aspect::PublicAccess,
    Aspect::Tls,
    Aspect::Ownership,
    Aspect::Versioning,
    Aspect::AccessLogs,
    Aspect::Notifications,
];

/// The calls that the guard answers.
///
/// Source of the names: Amazon S3 User Guide, "Amazon S3 `CloudTrail` events". The API calls the public access block
/// `PutPublicAccessBlock`, `CloudTrail` calls it `PutBucketPublicAccessBlock`; so it is with notifications, lifecycle and
/// object lock. Of ownership controls and object lock the guide's list and captures differ, so both names are watched.
pub const TABLE: &[Watched] = &[
    row("CreateBucket", NEW, "a bucket that nobody has looked at yet"),
    row(
        "PutBucketEncryption",
        &[Aspect::Encryption, Aspect::SseC],
        "a weaker algorithm, another key, SSE-C let in",
    ),
    row("DeleteBucketEncryption", &[Aspect::Encryption, Aspect::SseC], "back to SSE-S3"),
    row("PutBucketPublicAccessBlock", &[Aspect::PublicAccess], "a switch is off"),
    row("DeleteBucketPublicAccessBlock", &[Aspect::PublicAccess], "all switches are off"),
    row(
        "PutBucketPolicy",
        &[Aspect::Policy, Aspect::Tls, Aspect::PublicAccess],
        "others are let in, or plain HTTP",
    ),
    row("DeleteBucketPolicy", &[Aspect::Tls], "plain HTTP is let in"),
    row("PutBucketAcl", &[Aspect::Acl, Aspect::PublicAccess], "others are granted access"),
    // Where ACLs do not count any more, the rest of the block breaks nobody.
    row(
        "PutBucketOwnershipControls",
        &[Aspect::Ownership, Aspect::PublicAccess],
        "ACLs count again",
    ),
    row("DeleteBucketOwnershipControls", &[Aspect::Ownership], "ACLs count again"),
    row("PutBucketVersioning", &[Aspect::Versioning], "versions are suspended, MFA delete is off"),
    row("PutBucketLogging", &[Aspect::AccessLogs], "logs go nowhere, or elsewhere"),
    row("PutBucketNotification", &[Aspect::Notifications], "EventBridge is not told"),
    row("PutBucketWebsite", &[Aspect::PublicAccess], "the bucket is a website"),
    row("PutBucketReplication", &[Aspect::Replication], "objects are copied to another account"),
    row("DeleteBucketReplication", &[Aspect::Replication], "objects are copied no more"),
    row("PutBucketLifecycle", &[Aspect::Lifecycle], "objects are deleted by a rule"),
    row("DeleteBucketLifecycle", &[Aspect::Lifecycle], "a rule that expired objects is gone"),
    row(
        "PutBucketObjectLockConfiguration",
        &[Aspect::ObjectLock],
        "new objects are locked no more",
    ),
    row("PutObjectLockConfiguration", &[Aspect::ObjectLock], "new objects are locked no more"),
    row("PutBucketTagging", TAGGED, "a tag that decides about the grade"),
    row("DeleteBucketTagging", TAGGED, "a tag that decides about the grade"),
    row("TagResource", TAGGED, "a tag that decides about the grade"),
    row("UntagResource", TAGGED, "a tag that decides about the grade"),
    row(
        "PutAccountPublicAccessBlock",
        &[Aspect::AccountPublicAccess],
        "a switch is off for all buckets",
    ),
    row(
        "DeleteAccountPublicAccessBlock",
        &[Aspect::AccountPublicAccess],
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

/// Where the calls come from, as `eventSource`.
///
/// The account's public access block is reported under either name by public sources; the bucket's calls always come
/// from the first.
pub const EVENT_SOURCES: &[&str] = &["s3.amazonaws.com", "s3-control.amazonaws.com"];

/// The row of a call, if it is watched.
pub fn find(event_name: &str) -> Option<&'static Watched> {
    TABLE.iter().find(|watched| watched.event_name == event_name)
}

/// What has to be looked at after these calls.
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
