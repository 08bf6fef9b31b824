//! The trail: CloudTrail's events reach EventBridge only where a trail records them.

use super::{
    bucket::{self, Keeping, Purpose},
    evidence::Evidence,
    parameters::Parameters,
};
use crate::{
    cfn::{
        Attributes, Handle, LogicalId, Principal, Pseudo, Statement, Sub, Template, Test, Value,
        kind::{AnyArn, Text, TrailArn},
    },
    resources::{
        cloudtrail::{AdvancedEventSelector, FieldSelector, Trail},
        kms::Key,
        s3::{Bucket, BucketPolicy, Encryption, LoggingConfiguration},
    },
};

const FILES: Keeping =
    Keeping { name: "forget", prefix: None, days: 400, earlier_versions_days: 30 };

/// The ids of the trail's parts.
pub(super) struct Ids {
    pub(super) trail: LogicalId,
    pub(super) bucket: LogicalId,
    pub(super) bucket_policy: LogicalId,
}

/// The trail's bucket, there only where the stack makes a trail.
#[derive(Clone, Copy)]
pub(super) struct Files {
    pub(super) bucket: Handle<Bucket>,
    policy: Handle<BucketPolicy>,
}

/// The trail's ARN, known before the trail is there: its key and its bucket name it.
pub(super) fn arn() -> Value<TrailArn> {
    Sub::arn("cloudtrail:")
        .pseudo(Pseudo::Region)
        .text(":")
        .pseudo(Pseudo::AccountId)
        .text(":trail/")
        .value(&name())
        .into()
}

/// The trail's name. Every region knows the trail, so those of two regions may not share one.
fn name() -> Value<Text> {
    Sub::new().pseudo(Pseudo::StackName).text("-").pseudo(Pseudo::Region).into()
}

/// Adds the bucket for the trail's files, and who may write to it.
pub(super) fn add_bucket(
    template: &mut Template,
    ids: &Ids,
    parameters: &Parameters,
    key: Handle<Key>,
    evidence: Evidence,
) -> Files {
    let condition = Some(parameters.own_trail);
    let attributes = Attributes {
        condition,
        // Before, S3 may not write what it would log.
        depends_on: vec![evidence.logs_policy],
        // Evidence stays when the stack goes.
        ..Attributes::kept("The trail's files.")
    };
    let bucket = template.add_with(ids.bucket, attributes, files(parameters, key, evidence.logs));
    let attributes =
        Attributes { condition, ..Attributes::deleted("Lets the trail write its files.") };
    let policy = template.add_with(ids.bucket_policy, attributes, files_policy(bucket));
    Files { bucket, policy }
}

/// Adds the trail, to be made when everything else in the template is there.
pub(super) fn add_last(
    template: &mut Template,
    ids: &Ids,
    parameters: &Parameters,
    key: Handle<Key>,
    files: Files,
) {
    let trail = Trail {
        trail_name: Some(name()),
        is_multi_region_trail: Some(true),
        include_global_service_events: Some(true),
        enable_log_file_validation: Some(true),
        kms_key_id: Some(key.arn()),
        advanced_event_selectors: vec![AdvancedEventSelector {
            name: Some("calls that change something, but not objects"),
            field_selectors: vec![
                FieldSelector::equals("eventCategory", "Management"),
                FieldSelector::equals("readOnly", "false"),
            ],
        }],
        ..Trail::new(files.bucket.name())
    };
    // CloudTrail tries to write before it takes the bucket.
    let mut depends_on = vec![files.policy.dependency()];
    depends_on.extend(template.ends());
    let attributes = Attributes {
        condition: Some(parameters.own_trail),
        depends_on,
        must: vec!["Records write management events: without them no rule on API calls fires."],
        ..Attributes::deleted("Tells EventBridge of calls on buckets.")
    };
    template.add_with(ids.trail, attributes, trail);
}

/// The bucket for the trail's files.
pub(super) fn files(parameters: &Parameters, key: Handle<Key>, logs: Handle<Bucket>) -> Bucket {
    Bucket {
        logging: Some(LoggingConfiguration {
            destination_bucket_name: logs.name(),
            log_file_prefix: Some("trail/"),
        }),
        ..bucket::private(
            bucket::name(parameters, Purpose::Trail),
            Encryption::SseKms(key.arn()),
            &[FILES],
        )
    }
}

/// The policy of the bucket for the trail's files.
pub(super) fn files_policy(bucket: Handle<Bucket>) -> BucketPolicy {
    let allow = |sid, action, on: Value<AnyArn>, mut tests: Vec<Test>| {
        tests.push(Test::arn_like("aws:SourceArn", [arn().into()]));
        Statement {
            sid: Some(sid),
            principal: Some(Principal::service("cloudtrail.amazonaws.com")),
            conditions: tests,
            ..Statement::allow([action], [on])
        }
    };
    let files: Value<AnyArn> = Sub::new()
        .value(&bucket.arn())
        .text("/AWSLogs/")
        .pseudo(Pseudo::AccountId)
        .text("/*")
        .into();
    let takes_acl = Test::equals("s3:x-amz-acl", "bucket-owner-full-control");
    bucket::policy(
        bucket,
        [
            allow("TrailLooks", "s3:GetBucketAcl", bucket.arn().into(), Vec::new()),
            allow("TrailWrites", "s3:PutObject", files, vec![takes_acl]),
        ],
    )
}
