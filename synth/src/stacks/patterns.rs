//! Which events the rules let through.

use s3guard_posture::{AccountId, Region, watch};
use serde_json::{Value as Json, json};

use super::{
    IAM_PATH,
    bucket::{self, Purpose},
    parameters::{self, Parameters},
};
use crate::{
    cfn::{Pseudo, Sub, Template, resolved},
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

/// Where a guard is deployed, as far as its rules depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The Region's partition: `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: String,
    /// What the names of the stack's own buckets begin with: its parameter `BucketPrefix`.
    pub bucket_prefix: String,
}

/// The patterns of a guard's rules, as EventBridge has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePatterns {
    /// Which calls set the guard to work: the rule `BucketChanged`.
    pub bucket_changed: Json,
    /// Which events of objects are told of: the rule `ObjectChanged`.
    pub object_changed: Json,
}

/// Works out the patterns that the guard's template has for its rules.
pub fn rule_patterns(of: &Deployed) -> RulePatterns {
    let known = [
        (Pseudo::AccountId.as_str(), of.account.as_str()),
        (Pseudo::Region.as_str(), of.region.as_str()),
        (Pseudo::Partition.as_str(), &of.partition),
        (parameters::BUCKET_PREFIX.as_str(), &of.bucket_prefix),
    ];
    let named = |name: &str| {
        let (_, value) = known.iter().find(|(known, _)| *known == name)?;
        Some((*value).to_owned())
    };
    let concrete = |pattern: EventPattern| {
        resolved(&json!(pattern), &named).expect("the patterns below name nothing else")
    };
    // Parameters come from a template, of which nothing else is wanted here.
    let parameters = parameters::add(&mut Template::new(""));
    RulePatterns {
        bucket_changed: concrete(bucket_changed()),
        object_changed: concrete(object_changed(&parameters)),
    }
}

/// A call that we watch went through, and it was not ours.
pub(super) fn bucket_changed() -> EventPattern {
    let our_roles = Sub::arn("iam::").pseudo(Pseudo::AccountId).text(":role").text(IAM_PATH);
    EventPattern::new()
        // Nobody but AWS can put events of these sources on the bus. The second is where the account's block may come from.
        .field("source", ["aws.s3", "aws.s3-control"])
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
    let own_buckets = Purpose::ALL.map(|purpose| bucket::name(parameters, purpose).into());
    EventPattern::new()
        .field("source", ["aws.s3"])
        .field("detail-type", OBJECT_EVENTS)
        .field("detail.bucket.name", [Filter::AnythingBut(own_buckets.into())])
}
