//! Which events the rules let through.

mod selected;

use s3guard_posture::config::Selection;
use s3guard_posture::model::watch;
use s3guard_posture::{AccountId, Region};
use serde_json::json;

use super::{
    IAM_PATH,
    bucket::{self, Purpose},
    parameters::{self, Parameters},
};
use crate::{
    cfn::{Handle, Pseudo, Sub, Template},
    resources::{
        cloudwatch::Alarm,
        events::{EventPattern, Filter},
    },
};

/// The most characters that a rule's pattern may have.
///
/// Source: Amazon EventBridge User Guide, "Amazon EventBridge quotas".
pub const PATTERN_LENGTH_MAX: usize = 2_048;

/// Nothing in a pattern gets longer elsewhere.
const LONGEST_REGION: &str = "ap-southeast-99";
const LONGEST_PARTITION: &str = "aws-us-gov";

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
    /// Which objects are told of.
    pub selection: Selection,
}

/// The patterns of a guard's rules, as EventBridge has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePatterns {
    /// Which calls set the guard to work: the rule `BucketChanged`.
    pub bucket_changed: EventPattern<String>,
    /// Which events of objects are told of: the rule `ObjectChanged`.
    pub object_changed: EventPattern<String>,
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
        pattern.resolved(&named).expect("the patterns below name nothing else")
    };
    // Parameters come from a template, of which nothing else is wanted here.
    let parameters = parameters::add(&mut Template::new(""));
    RulePatterns {
        bucket_changed: concrete(bucket_changed()),
        object_changed: concrete(object_changed(&parameters, &of.selection)),
    }
}

/// The length that the pattern of the rule `ObjectChanged` can have for a selection, wherever the stack is.
/// EventBridge takes up to [`PATTERN_LENGTH_MAX`].
pub fn object_pattern_length_max(selection: &Selection) -> usize {
    let longest = Deployed {
        account: "111122223333".parse().expect("it has twelve digits"),
        region: LONGEST_REGION.parse().expect("it is a Region's code"),
        partition: LONGEST_PARTITION.to_owned(),
        bucket_prefix: "p".repeat(parameters::BUCKET_PREFIX_LENGTH_MAX),
        selection: selection.clone(),
    };
    json!(rule_patterns(&longest).object_changed).to_string().len()
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

/// One of these alarms was raised, or is over. That an alarm has begun to look, and all is well, is no news.
pub(super) fn alarm_changed(alarms: impl IntoIterator<Item = Handle<Alarm>>) -> EventPattern {
    let arns = alarms.into_iter().map(|alarm| Filter::Exactly(alarm.arn().into()));
    EventPattern::new()
        .field("source", ["aws.cloudwatch"])
        .field("detail-type", ["CloudWatch Alarm State Change"])
        .field("resources", arns)
        .either(
            "detail",
            [
                EventPattern::new().field("state.value", ["ALARM"]),
                EventPattern::new()
                    .field("state.value", ["OK"])
                    .field("previousState.value", ["ALARM"]),
            ],
        )
}

/// An object of a bucket that is not the stack's own came, went or changed, and the selection may want to hear of it.
///
/// A field that has something included says only that, and the function drops what is excluded of it, and of buckets the
/// stack's own: the filters of a field are alternatives.
pub(super) fn object_changed(parameters: &Parameters, selection: &Selection) -> EventPattern {
    let own_buckets = Purpose::ALL.map(|purpose| bucket::name(parameters, purpose).into());
    let (include, exclude) = (&selection.include, &selection.exclude);
    let buckets = selected::included(include.buckets())
        .or_else(|| selected::excluded(exclude.buckets(), own_buckets.into()));
    let keys = selected::included(include.keys())
        .or_else(|| selected::excluded(exclude.keys(), Vec::new()));
    let pattern = EventPattern::new()
        .field("source", ["aws.s3"])
        .field("detail-type", selection.detail_types())
        .field("detail.bucket.name", buckets.expect("the stack has buckets of its own"));
    match keys {
        Some(keys) => pattern.field("detail.object.key", keys),
        None => pattern,
    }
}
