//! The event patterns of the rules.

mod selected;

use s3guard_posture::config::Selection;
use s3guard_posture::contract::parameter;
use s3guard_posture::model::watch::{Rule, Watched};
use s3guard_posture::{AccountId, Region};
use serde_json::json;

use super::{
    bucket::{self, Purpose},
    parameters::{self, Parameters},
    principals,
};
use crate::{
    cfn::{Handle, Pseudo, Template, Value, kind::RoleArn},
    resources::{
        cloudwatch::Alarm,
        events::{EventPattern, Filter, KnownPattern},
    },
};

/// The most characters that a rule's pattern may have.
///
/// Source: Amazon EventBridge User Guide, "Amazon EventBridge quotas".
pub const PATTERN_LENGTH_MAX: usize = 2_048;

/// Where a guard is deployed, as far as its rules depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// What the names of the stack's own buckets begin with: its parameter `BucketPrefix`.
    pub bucket_prefix: String,
    /// The role of the guard, whose calls the rule excludes.
    pub guard_role: String,
    /// Which object events are reported.
    pub selection: Selection,
}

/// The patterns of a guard's rules, as EventBridge has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePatterns {
    /// The calls that the guard handles, by their rules.
    pub calls: Vec<(Rule, KnownPattern)>,
    /// The object events that are reported: the rule `ObjectChanged`.
    pub object_changed: KnownPattern,
}

/// Resolves the patterns that the guard's template has for its rules.
pub fn rule_patterns(of: &Deployed) -> RulePatterns {
    // Only a template has parameters and roles.
    let mut template = Template::new("");
    let parameters = parameters::add(&mut template);
    let guard = principals::add(&mut template, &parameters).guard.arn();
    let named = |name: &str| {
        let value = match name {
            "AWS::AccountId" => of.account.as_str(),
            "AWS::Partition" => of.region.partition(),
            "AWS::Region" => of.region.as_str(),
            "GuardRole.Arn" => &of.guard_role,
            parameter::BUCKET_PREFIX => &of.bucket_prefix,
            _ => return None,
        };
        Some(value.to_owned())
    };
    RulePatterns {
        calls: Rule::ALL.map(|rule| (rule, calls(rule, &guard).resolved(&named))).into(),
        object_changed: object_changed(&parameters, &of.selection).resolved(&named),
    }
}

/// The longest that the pattern of the rule `ObjectChanged` can be for a selection, in any Region. EventBridge allows
/// [`PATTERN_LENGTH_MAX`].
pub fn object_pattern_length_max(selection: &Selection) -> usize {
    let longest = Deployed {
        account: "111122223333".parse().expect("it has twelve digits"),
        // No Region's code is longer.
        region: "ap-southeast-99".parse().expect("it is a Region's code"),
        bucket_prefix: "p".repeat(parameters::BUCKET_PREFIX_LENGTH_MAX as usize),
        guard_role: String::new(),
        selection: selection.clone(),
    };
    json!(rule_patterns(&longest).object_changed).to_string().len()
}

/// A watched call that succeeded, and that this guard did not make.
pub(super) fn calls(rule: Rule, guard: &Value<RoleArn>) -> EventPattern {
    EventPattern::new()
        // On a bus to which other accounts forward their events, theirs have another account.
        .field("account", [Filter::Exactly(Pseudo::AccountId.into())])
        .field("source", rule.sources().iter().copied())
        .field("detail-type", ["AWS API Call via CloudTrail"])
        .field("detail.eventSource", rule.event_sources().iter().copied())
        .field("detail.eventName", rule.calls().map(|Watched { event_name, .. }| *event_name))
        .field("detail.errorCode", [Filter::Exists(false)])
        .field(
            "detail.userIdentity.sessionContext.sessionIssuer.arn",
            // Root and IAM users have no session issuer: `anything-but` alone would drop their calls.
            [Filter::AnythingBut(vec![guard.clone().into()]), Filter::Exists(false)],
        )
}

/// One of these alarms was raised, or has returned to OK. The change of a new alarm to OK is not reported.
pub(super) fn alarm_changed(alarms: &[Handle<Alarm>]) -> EventPattern {
    let arns = alarms.iter().map(|alarm| Filter::Exactly(alarm.arn().into()));
    EventPattern::new()
        .field("account", [Filter::Exactly(Pseudo::AccountId.into())])
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

/// An event of an object that the selection may include, in a bucket that is not the stack's own.
///
/// The filters of a field are alternatives: a field with inclusions has only these, and the function drops the exclusions,
/// and the stack's own buckets.
pub(super) fn object_changed(parameters: &Parameters, selection: &Selection) -> EventPattern {
    let own_buckets = Purpose::ALL.map(|purpose| bucket::name(parameters, purpose));
    let (include, exclude) = (&selection.include, &selection.exclude);
    let buckets = selected::included(include.buckets())
        .or_else(|| selected::excluded(exclude.buckets(), own_buckets.into()));
    let keys = selected::included(include.keys())
        .or_else(|| selected::excluded(exclude.keys(), Vec::new()));
    let pattern = EventPattern::new()
        .field("account", [Filter::Exactly(Pseudo::AccountId.into())])
        .field("source", ["aws.s3"])
        .field("detail-type", selection.detail_types())
        .field("detail.bucket.name", buckets.expect("the stack has buckets of its own"));
    match keys {
        Some(keys) => pattern.field("detail.object.key", keys),
        None => pattern,
    }
}

impl RulePatterns {
    /// The rule that an event of this source is for, with its pattern: by the name of the call, or by the source.
    pub fn for_call(&self, source: &str, event_name: &str) -> (Rule, &KnownPattern) {
        let has_call = |rule: &Rule| rule.calls().any(|watched| watched.event_name == event_name);
        let has_source = |rule: &Rule| rule.sources().contains(&source);
        let rules = self.calls.iter();
        let found = rules.clone().find(|(rule, _)| has_source(rule) && has_call(rule));
        let found = found.or_else(|| rules.clone().find(|(rule, _)| has_source(rule)));
        let (rule, pattern) = found.unwrap_or(&self.calls[0]);
        (*rule, pattern)
    }
}
