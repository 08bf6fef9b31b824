//! The trail: CloudTrail's events reach EventBridge only where a trail records them.

use super::{
    bucket::{self, Purpose},
    evidence::{self, Evidence},
    parameters::Parameters,
    principals::Principals,
};
use crate::{
    cfn::{
        Attributes, Handle, LogicalId, Pseudo, Statement, Sub, Template, Test, Value,
        kind::{AnyArn, Text, TrailArn},
    },
    resources::{
        cloudtrail::Trail,
        kms::Key,
        s3::{Bucket, BucketPolicy, Encryption, LifecycleRule, LoggingConfiguration},
    },
};

const TRAIL: LogicalId = LogicalId::new("Trail");
const BUCKET: LogicalId = LogicalId::new("TrailBucket");
const BUCKET_POLICY: LogicalId = LogicalId::new("TrailBucketPolicy");

const FILES: LifecycleRule =
    LifecycleRule { id: "forget", prefix: None, expiration_days: Some(400), noncurrent_days: 30 };

/// The trail's bucket, which exists only where the stack creates a trail.
#[derive(Clone, Copy)]
pub(super) struct Files {
    pub(super) bucket: Handle<Bucket>,
    policy: Handle<BucketPolicy>,
}

/// The trail's ARN, known before the trail exists: its key and its bucket name it.
pub(super) fn arn(parameters: &Parameters) -> Value<TrailArn> {
    Sub::arn("cloudtrail:")
        .pseudo(Pseudo::Region)
        .text(":")
        .pseudo(Pseudo::AccountId)
        .text(":trail/")
        .value(&name(parameters))
        .into()
}

/// The trail's name. A multi-Region trail has one name in all Regions: those of two stacks must differ, as their prefixes
/// do. CloudTrail refuses names that a stack may have, as with two hyphens in a row; the prefix has a pattern.
///
/// Source: AWS CloudTrail User Guide, "Naming requirements for CloudTrail resources".
fn name(parameters: &Parameters) -> Value<Text> {
    Sub::new().value(&parameters.bucket_prefix.value()).text("-").pseudo(Pseudo::Region).into()
}

/// Adds the bucket for the trail's log files and its policy.
pub(super) fn add_bucket(
    template: &mut Template,
    parameters: &Parameters,
    principals: Principals,
    key: Handle<Key>,
    evidence: Evidence,
) -> Files {
    let condition = Some(parameters.own_trail);
    let bucket = Bucket {
        name: Some(bucket::name(parameters, Purpose::Trail)),
        encryption: Encryption::SseKms(key.arn()),
        lifecycle: vec![FILES],
        logging: Some(LoggingConfiguration {
            destination_bucket_name: evidence.logs.name(),
            log_file_prefix: "trail/",
        }),
        object_lock: Some(evidence::object_lock(parameters)),
    };
    let attributes = Attributes {
        condition,
        // Without it, S3 may not write the access logs.
        depends_on: vec![evidence.logs_policy],
        ..Attributes::retained("The trail's log files.")
    };
    let bucket = template.add_with(BUCKET, attributes, bucket);
    let attributes = Attributes {
        condition,
        must: Some(evidence::POLICY_STAYS),
        ..Attributes::retained("Lets the trail, and no one else, write its log files.")
    };
    let policy =
        template.add_with(BUCKET_POLICY, attributes, files_policy(parameters, bucket, principals));
    Files { bucket, policy }
}

/// Adds the trail, to be created after everything else in the template.
pub(super) fn add_last(
    template: &mut Template,
    parameters: &Parameters,
    key: Handle<Key>,
    files: Files,
) {
    let trail =
        Trail { bucket_name: files.bucket.name(), name: name(parameters), kms_key: key.arn() };
    // CloudTrail tries to write before it accepts the bucket.
    let mut depends_on = vec![files.policy.dependency()];
    depends_on.extend(template.ends());
    let attributes = Attributes {
        condition: Some(parameters.own_trail),
        depends_on,
        must: Some("Records write management events: without them, no rule on API calls matches."),
        ..Attributes::deleted("Delivers API calls on buckets to EventBridge.")
    };
    template.add_with(TRAIL, attributes, trail);
}

/// The policy of the bucket for the trail's log files.
fn files_policy(
    parameters: &Parameters,
    bucket: Handle<Bucket>,
    principals: Principals,
) -> BucketPolicy {
    let allow = |sid, action: &str, on: Value<AnyArn>, test: Option<Test>| {
        let of_trail = Test::arn_like("aws:SourceArn", [arn(parameters).into()]);
        let tests = test.into_iter().chain([of_trail]);
        Statement::allow_service(sid, "cloudtrail.amazonaws.com", [action], on, tests)
    };
    let files = Sub::new().value(&bucket.arn()).text("/AWSLogs/").pseudo(Pseudo::AccountId);
    let takes_acl = Test::equals("s3:x-amz-acl", "bucket-owner-full-control");
    bucket::policy(
        bucket,
        principals,
        [
            allow("TrailReadsAcl", "s3:GetBucketAcl", bucket.arn().into(), None),
            allow("TrailWrites", "s3:PutObject", files.text("/*").into(), Some(takes_acl)),
            bucket::only_services_put(&bucket.arn()),
        ],
    )
}
