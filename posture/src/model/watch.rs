//! The watched calls: the table for the patterns of the rules, the documentation and the tests.

use std::collections::BTreeSet;

use crate::Aspect::{
    self, AccessLogs, AccessPoints, AccountPublicAccess, Acl, Encryption, Exports, Lifecycle,
    Notifications, ObjectLock, Ownership, Policy, PublicAccess, Replication, SseC, Tls, Versioning,
};
use crate::text::named::named;

/// One write call that can weaken the protection of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The event name of `CloudTrail`, which is not always that of the API.
    pub event_name: &'static str,
    /// The aspects that such a call can weaken.
    pub aspects: &'static [Aspect],
    /// How such a call can weaken a bucket, in a few words.
    pub weakens: &'static str,
    /// What is done about it.
    pub answer: Answer,
    /// The rule that matches it.
    pub rule: Rule,
}

/// What is done about a watched call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The settings that it may have weakened are read, and judged.
    Judged,
    /// It is reported by the event alone: s3guard reads none of its settings.
    Reported(&'static str),
}

/// A rule of the stack for watched calls. One pattern has no room for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The settings of buckets and of the account.
    Buckets,
    /// What is beside a bucket's own settings: access points, access grants, exports.
    Beside,
    /// Other services: KMS, and CloudWatch Logs.
    Services,
}

named! {
    Rule:
    Buckets = "BucketChanged",
    Beside = "AccessChanged",
    Services = "ServiceChanged",
}

impl Rule {
    /// The sources of the events on the bus. Only AWS can put events of these sources there.
    ///
    /// Public sources report either name for S3 Control.
    pub const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Buckets | Self::Beside => &["aws.s3", "aws.s3-control"],
            Self::Services => &["aws.kms", "aws.logs"],
        }
    }

    /// The values of `eventSource` of the calls.
    pub const fn event_sources(self) -> &'static [&'static str] {
        match self {
            Self::Buckets | Self::Beside => &["s3.amazonaws.com", "s3-control.amazonaws.com"],
            Self::Services => &["kms.amazonaws.com", "logs.amazonaws.com"],
        }
    }

    /// Its calls.
    pub fn calls(self) -> impl Iterator<Item = &'static Watched> {
        TABLE.iter().filter(move |watched| watched.rule == self)
    }
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
/// object lock. For object lock the guide and recorded events differ, so both names are watched; the same goes for what
/// no public event shows.
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
    row("DeleteBucketOwnershipControls", &[Ownership, PublicAccess], "ACLs are enabled again"),
    row("PutBucketVersioning", &[Versioning], "versions are suspended, MFA delete is off"),
    row("PutBucketLogging", &[AccessLogs], "logs go nowhere, or elsewhere"),
    row("PutBucketNotification", &[Notifications], "events are no longer sent to EventBridge"),
    row("PutBucketWebsite", &[PublicAccess], "the bucket is a website"),
    // What kept the public access block open is gone.
    row("DeleteBucketWebsite", &[PublicAccess], "public access is not needed any more"),
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
    event(
        Rule::Buckets,
        "PutBucketAbac",
        &[Policy],
        "tags decide about access, or no longer do",
        EVENT,
    ),
    event(
        Rule::Buckets,
        "DeleteBucket",
        &[],
        "the name is free: another account can take it",
        "reported if the bucket was a website, or an origin of CloudFront; its state is closed",
    ),
    beside("CreateAccessPoint", ACCESS_POINT),
    event(
        Rule::Beside,
        "DeleteAccessPoint",
        &[AccessPoints],
        "another way to objects is gone",
        UNREPORTED,
    ),
    beside("PutAccessPointPolicy", ACCESS_POINT_POLICY),
    beside("DeleteAccessPointPolicy", ACCESS_POINT_POLICY),
    beside("PutAccessPointScope", "other keys and actions are allowed"),
    beside("DeleteAccessPointScope", "all keys and actions are allowed"),
    beside("PutAccessPointPublicAccessBlock", "a switch of an access point is off"),
    beside("DeleteAccessPointPublicAccessBlock", "the switches of an access point are off"),
    beside("CreateAccessPointForObjectLambda", ACCESS_POINT),
    beside("PutAccessPointConfigurationForObjectLambda", "another function changes what is read"),
    beside("PutAccessPointPolicyForObjectLambda", ACCESS_POINT_POLICY),
    beside("DeleteAccessPointPolicyForObjectLambda", ACCESS_POINT_POLICY),
    beside("CreateMultiRegionAccessPoint", ACCESS_POINT),
    beside("PutMultiRegionAccessPointPolicy", ACCESS_POINT_POLICY),
    beside("CreateAccessGrantsInstance", "access can be granted beside all policies"),
    beside("CreateAccessGrantsLocation", "access to a bucket can be granted beside its policy"),
    beside("UpdateAccessGrantsLocation", "access is granted with another role"),
    beside("CreateAccessGrant", "access is granted beside the policy"),
    beside("AssociateAccessGrantsIdentityCenter", "access can be granted to users of a directory"),
    beside("PutAccessGrantsInstanceResourcePolicy", "other accounts can use the grants"),
    beside("DeleteAccessGrantsInstanceResourcePolicy", "the policy of the grants is gone"),
    export("PutBucketInventoryConfiguration", "names of objects are sent to a bucket"),
    export("PutInventoryConfiguration", "names of objects are sent to a bucket"),
    ended("DeleteBucketInventoryConfiguration"),
    export("PutBucketAnalyticsConfiguration", "statistics of objects are sent to a bucket"),
    export("PutAnalyticsConfiguration", "statistics of objects are sent to a bucket"),
    ended("DeleteBucketAnalyticsConfiguration"),
    event(
        Rule::Beside,
        "CreateBucketMetadataConfiguration",
        &[Exports],
        "metadata of objects are kept in tables of the account",
        UNREPORTED,
    ),
    export("CreateBucketMetadataTableConfiguration", "metadata of objects are sent to a table"),
    ended("DeleteBucketMetadataConfiguration"),
    ended("DeleteBucketMetadataTableConfiguration"),
    ended("UpdateBucketMetadataInventoryTableConfiguration"),
    ended("UpdateBucketMetadataJournalTableConfiguration"),
    service("PutDeliverySource", &[AccessLogs], "access logs go to CloudWatch Logs", EVENT),
    service("CreateDelivery", &[Exports], "logs go elsewhere", TO_OTHERS),
    service("DeleteDelivery", &[AccessLogs], "access logs end", OF_LOGS),
    service("DeleteDeliverySource", &[AccessLogs], "access logs end", OF_LOGS),
    service("DisableKey", &[Encryption], "nothing that the key encrypts can be read", OF_KEY),
    service("ScheduleKeyDeletion", &[Encryption], "what the key encrypts is lost", OF_KEY),
    service("PutKeyPolicy", &[Encryption], "others may use the key, or it may not be used", OF_KEY),
];

const UNREPORTED: &str = "not reported";
const TO_OTHERS: &str =
    "reported if the destination is another account's, or its account is not known";
const EVENT: &str = "reported by the event";
const ACCESS_POINT: &str = "another way to objects, with a policy and a block of its own";
const ACCESS_POINT_POLICY: &str = "others may be allowed beside the bucket's policy";
const OF_LOGS: &str = "reported by the event, which names no bucket";
const OF_KEY: &str = "reported by the event, for the keys of `s3guard.toml` and of the stack";

const fn row(
    event_name: &'static str,
    aspects: &'static [Aspect],
    weakens: &'static str,
) -> Watched {
    Watched { event_name, aspects, weakens, answer: Answer::Judged, rule: Rule::Buckets }
}

const fn event(
    rule: Rule,
    event_name: &'static str,
    aspects: &'static [Aspect],
    weakens: &'static str,
    done: &'static str,
) -> Watched {
    Watched { event_name, aspects, weakens, answer: Answer::Reported(done), rule }
}

const fn beside(event_name: &'static str, weakens: &'static str) -> Watched {
    event(Rule::Beside, event_name, &[AccessPoints], weakens, EVENT)
}

const fn export(event_name: &'static str, weakens: &'static str) -> Watched {
    event(Rule::Beside, event_name, &[Exports], weakens, TO_OTHERS)
}

const fn ended(event_name: &'static str) -> Watched {
    event(Rule::Beside, event_name, &[Exports], "an export ends, or changes", UNREPORTED)
}

const fn service(
    event_name: &'static str,
    aspects: &'static [Aspect],
    weakens: &'static str,
    done: &'static str,
) -> Watched {
    event(Rule::Services, event_name, aspects, weakens, done)
}

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
        let of_none = TABLE.iter().filter(|watched| watched.aspects.is_empty());
        assert_eq!(of_none.map(|watched| watched.event_name).collect::<Vec<_>>(), ["DeleteBucket"]);
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
