//! The trail: CloudTrail's events reach EventBridge only where a trail records them.

use super::parameters::Parameters;
use crate::{
    cfn::{
        Attributes, Handle, LogicalId, PolicyDocument, Principal, Pseudo, Skip, Statement, Sub,
        Template, Test, Value,
        kind::{AnyArn, BucketArn, BucketName as BucketNameKind, Text, TrailArn},
    },
    resources::{
        cloudtrail::{AdvancedEventSelector, FieldSelector, Trail},
        kms::Key,
        s3::{
            AbortIncompleteUpload, Bucket, BucketEncryption, BucketName, BucketPolicy, Encryption,
            LifecycleRule, LoggingConfiguration, NoncurrentVersionExpiration, ObjectOwnership,
            PublicAccessBlock, VersioningStatus,
        },
    },
};

const TRAIL_FILES_DAYS: u32 = 400;
const ACCESS_LOGS_DAYS: u32 = 90;
const EARLIER_VERSIONS_DAYS: u32 = 30;
const UNFINISHED_UPLOADS_DAYS: u32 = 7;

/// The ids of the trail's parts.
pub(super) struct Ids {
    pub(super) trail: LogicalId,
    pub(super) bucket: LogicalId,
    pub(super) bucket_policy: LogicalId,
    pub(super) log_bucket: LogicalId,
    pub(super) log_bucket_policy: LogicalId,
}

/// The trail's buckets, there only where the stack makes a trail.
pub(super) struct Buckets {
    pub(super) trail: Handle<Bucket>,
    pub(super) trail_policy: Handle<BucketPolicy>,
    pub(super) log: Handle<Bucket>,
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

/// The name of a bucket of the stack, in the account's own space of names.
pub(super) fn bucket_name(parameters: &Parameters, purpose: &str) -> Sub {
    Sub::new()
        .value(&parameters.bucket_prefix.value())
        .text("-")
        .text(purpose)
        .text("-")
        .pseudo(Pseudo::AccountId)
        .text("-")
        .pseudo(Pseudo::Region)
        .text("-an")
}

/// Adds the trail's buckets, and who may write to them.
pub(super) fn add_buckets(
    template: &mut Template,
    ids: &Ids,
    parameters: &Parameters,
    key: Handle<Key>,
) -> Buckets {
    let (log, log_policy) = add_log_bucket(template, ids, parameters);
    let bucket = trail_bucket(parameters, key, log);
    let attributes = Attributes {
        // Before, S3 may not write what it would log.
        depends_on: vec![log_policy.dependency()],
        ..kept("The trail's files.", parameters, Vec::new())
    };
    let bucket = template.add_with(ids.bucket, attributes, bucket);
    let policy = BucketPolicy::new(bucket.name(), trail_bucket_policy(&bucket.arn()));
    let policy = template.add_with(
        ids.bucket_policy,
        deleted("Lets the trail write its files.", parameters),
        policy,
    );
    Buckets { trail: bucket, trail_policy: policy, log }
}

/// Adds the trail, to be made when everything else in the template is there.
pub(super) fn add_last(
    template: &mut Template,
    ids: &Ids,
    parameters: &Parameters,
    (key, buckets): (Handle<Key>, &Buckets),
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
        ..Trail::new(buckets.trail.name())
    };
    // CloudTrail tries to write before it takes the bucket.
    let mut depends_on = vec![buckets.trail_policy.dependency()];
    depends_on.extend(template.ends());
    let attributes = Attributes {
        depends_on,
        must: vec!["Records write management events: without them no rule on API calls fires."],
        ..deleted("Tells EventBridge of calls on buckets.", parameters)
    };
    template.add_with(ids.trail, attributes, trail);
}

fn add_log_bucket(
    template: &mut Template,
    ids: &Ids,
    parameters: &Parameters,
) -> (Handle<Bucket>, Handle<BucketPolicy>) {
    let skips = vec![Skip::checkov(
        "CKV_AWS_18",
        "It is the bucket for access logs: its own would have no end.",
    )];
    let why = "Who read or wrote the trail's files.";
    let log =
        template.add_with(ids.log_bucket, kept(why, parameters, skips), log_bucket(parameters));
    let policy = BucketPolicy::new(
        log.name(),
        PolicyDocument::new([
            Statement {
                sid: Some("AccessLogs"),
                principal: Some(Principal::service("logging.s3.amazonaws.com")),
                conditions: vec![
                    Test::arn_like("aws:SourceArn", [trail_bucket_arn(parameters)]),
                    Test::equals("aws:SourceAccount", Pseudo::AccountId),
                ],
                ..Statement::allow(["s3:PutObject"], [within(&log.arn(), "/*")])
            },
            tls_only(&log.arn()),
        ]),
    );
    let why = "Lets S3 write the access logs of the trail's bucket.";
    let policy = template.add_with(ids.log_bucket_policy, deleted(why, parameters), policy);
    (log, policy)
}

/// The ARN of the trail's bucket, for the bucket that has to be there before.
fn trail_bucket_arn(parameters: &Parameters) -> Value<AnyArn> {
    let name: Value<BucketNameKind> = bucket_name(parameters, "trail").into();
    Sub::arn("s3:::").value(&name).into()
}

fn trail_bucket(parameters: &Parameters, key: Handle<Key>, log: Handle<Bucket>) -> Bucket {
    Bucket {
        logging: Some(LoggingConfiguration {
            destination_bucket_name: log.name(),
            log_file_prefix: Some("trail/"),
        }),
        ..private_bucket(
            bucket_name(parameters, "trail").into(),
            Encryption::SseKms(key.arn()),
            TRAIL_FILES_DAYS,
        )
    }
}

fn log_bucket(parameters: &Parameters) -> Bucket {
    // S3's log service writes only to buckets with SSE-S3.
    private_bucket(bucket_name(parameters, "logs").into(), Encryption::SseS3, ACCESS_LOGS_DAYS)
}

fn private_bucket(name: Value<Text>, encryption: Encryption, days: u32) -> Bucket {
    let bucket_key_enabled = encryption != Encryption::SseS3;
    Bucket {
        name: BucketName::AccountRegional(name),
        encryption: Some(BucketEncryption {
            default: encryption,
            bucket_key_enabled,
            blocks_customer_provided_keys: true,
        }),
        public_access_block: Some(PublicAccessBlock::ALL),
        object_ownership: Some(ObjectOwnership::BucketOwnerEnforced),
        versioning: Some(VersioningStatus::Enabled),
        lifecycle: vec![LifecycleRule {
            expiration_days: Some(days),
            noncurrent_version_expiration: Some(NoncurrentVersionExpiration {
                days: EARLIER_VERSIONS_DAYS,
                versions_kept: None,
            }),
            abort_incomplete_upload: Some(AbortIncompleteUpload { days: UNFINISHED_UPLOADS_DAYS }),
            ..LifecycleRule::new("forget")
        }],
        ..Bucket::default()
    }
}

fn trail_bucket_policy(bucket: &Value<BucketArn>) -> PolicyDocument {
    let allow = |sid, action, on: Value<AnyArn>, mut tests: Vec<Test>| {
        tests.push(Test::arn_like("aws:SourceArn", [arn().into()]));
        Statement {
            sid: Some(sid),
            principal: Some(Principal::service("cloudtrail.amazonaws.com")),
            conditions: tests,
            ..Statement::allow([action], [on])
        }
    };
    let files: Value<AnyArn> =
        Sub::new().value(bucket).text("/AWSLogs/").pseudo(Pseudo::AccountId).text("/*").into();
    PolicyDocument::new([
        allow("TrailLooks", "s3:GetBucketAcl", bucket.clone().into(), Vec::new()),
        allow(
            "TrailWrites",
            "s3:PutObject",
            files,
            vec![Test::equals("s3:x-amz-acl", "bucket-owner-full-control")],
        ),
        tls_only(bucket),
    ])
}

fn tls_only(bucket: &Value<BucketArn>) -> Statement {
    Statement {
        sid: Some("S3GuardTlsOnly"),
        conditions: vec![Test::without_tls()],
        ..Statement::deny(["s3:*"], [bucket.clone().into(), within(bucket, "/*")])
    }
}

fn within(bucket: &Value<BucketArn>, keys: &str) -> Value<AnyArn> {
    Sub::new().value(bucket).text(keys).into()
}

/// Evidence stays when the stack goes.
fn kept(why: &'static str, parameters: &Parameters, skips: Vec<Skip>) -> Attributes {
    Attributes { condition: Some(parameters.own_trail), skips, ..Attributes::kept(why) }
}

fn deleted(why: &'static str, parameters: &Parameters) -> Attributes {
    Attributes { condition: Some(parameters.own_trail), ..Attributes::deleted(why) }
}

#[cfg(test)]
mod tests {
    use s3guard_posture::{Baseline, assess};

    use super::*;
    use crate::stacks::{key, observed, parameters};

    #[test]
    fn our_own_buckets_are_as_we_want_everybodys() {
        let mut template = Template::new("a test");
        let parameters = parameters::add(&mut template);
        let ids = key::Ids { key: LogicalId::new("Key"), alias: LogicalId::new("Alias") };
        let key = key::add(&mut template, &ids, &arn());
        let log = template.add(LogicalId::new("Log"), log_bucket(&parameters));
        let other_key =
            "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
        let other_key = other_key.parse().unwrap();
        for (bucket, baseline) in [
            (log_bucket(&parameters), Baseline::Speed),
            (trail_bucket(&parameters, key, log), Baseline::Speed),
            (trail_bucket(&parameters, key, log), Baseline::Hybrid(other_key)),
        ] {
            let observed = observed(&bucket, "eu-west-1".parse().unwrap());
            let findings = assess(&observed, &baseline);
            assert!(findings.is_empty(), "{findings:?}");
        }
    }
}
