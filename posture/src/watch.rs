//! What is watched: one table, from which the rule's pattern and the tests are made.

/// One write call on a bucket that can weaken its protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The event's name as CloudTrail spells it, which is not always the API's.
    pub event_name: &'static str,
    /// What such a call can weaken, in a few words.
    pub weakens: &'static str,
}

/// The calls that the guard answers, in the order of a bucket's life.
///
/// Source of the names: Amazon S3 User Guide, "Amazon S3 `CloudTrail` events". The API calls the public access block
/// `PutPublicAccessBlock`; `CloudTrail` calls it `PutBucketPublicAccessBlock`.
pub const TABLE: &[Watched] = &[
    Watched { event_name: "CreateBucket", weakens: "a bucket that nobody has looked at yet" },
    Watched { event_name: "PutBucketEncryption", weakens: "default encryption" },
    Watched { event_name: "DeleteBucketEncryption", weakens: "default encryption" },
    Watched { event_name: "PutBucketPublicAccessBlock", weakens: "public access block" },
    Watched { event_name: "DeleteBucketPublicAccessBlock", weakens: "public access block" },
];

/// Where the calls come from, as `eventSource`.
///
/// The account's public access block is reported under either name by public sources; the bucket's calls always come
/// from the first.
pub const EVENT_SOURCES: &[&str] = &["s3.amazonaws.com", "s3-control.amazonaws.com"];

/// Whether a call of this name is watched.
pub fn is_watched(event_name: &str) -> bool {
    TABLE.iter().any(|watched| watched.event_name == event_name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_call_is_named_twice() {
        let names: BTreeSet<&str> = TABLE.iter().map(|watched| watched.event_name).collect();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn names_are_cloudtrails_and_not_the_apis() {
        assert!(is_watched("PutBucketPublicAccessBlock"));
        assert!(!is_watched("PutPublicAccessBlock"));
        assert!(!is_watched("putBucketEncryption"));
    }
}
