//! Which events the rules let through.

use s3guard_posture::watch;

use super::{IAM_PATH, parameters::Parameters, trail};
use crate::{
    cfn::{Pseudo, Sub},
    resources::events::{EventPattern, Filter},
};

/// All that S3 itself tells of objects.
const OBJECT_EVENTS: [&str; 13] = [
    "Object Created",
    "Object Deleted",
    "Object Restore Initiated",
    "Object Restore Completed",
    "Object Restore Expired",
    "Object Storage Class Changed",
    "Object Access Tier Changed",
    "Object ACL Updated",
    "Object Tags Added",
    "Object Tags Deleted",
    "Object Annotation Created",
    "Object Annotation Removed",
    "Object Retention Updated",
];

/// A call that we watch went through, and it was not ours.
pub(super) fn bucket_changed() -> EventPattern {
    let our_roles = Sub::arn("iam::").pseudo(Pseudo::AccountId).text(":role").text(IAM_PATH);
    EventPattern::new()
        .field("source", ["aws.s3"])
        .field("detail-type", ["AWS API Call via CloudTrail"])
        .field("detail.eventSource", watch::EVENT_SOURCES.iter().copied())
        .field("detail.eventName", watch::TABLE.iter().map(|watched| watched.event_name))
        .field("detail.errorCode", [Filter::Exists(false)])
        .field(
            "detail.userIdentity.sessionContext.sessionIssuer.arn",
            // Root and users have no session: `anything-but` alone would lose theirs, the worst of all.
            [Filter::AnythingButPrefix(our_roles.into()), Filter::Exists(false)],
        )
}

/// An object of a bucket that is not the stack's own came, went or changed.
pub(super) fn object_changed(parameters: &Parameters) -> EventPattern {
    let own_buckets = ["trail", "logs"].map(|name| trail::bucket_name(parameters, name).into());
    EventPattern::new()
        .field("source", ["aws.s3"])
        .field("detail-type", OBJECT_EVENTS)
        .field("detail.bucket.name", [Filter::AnythingBut(own_buckets.into())])
}
