//! The buckets that are retained as evidence, whichever trail is used: the ledger of what the guard has done, and the
//! bucket for access logs.

use s3guard_posture::contract::ledger;
use s3guard_posture::digest::objects;
use s3guard_posture::reconcile::ledger::KEPT_DAYS;

use super::{
    bucket::{self, Purpose},
    parameters::Parameters,
};
use crate::{
    cfn::{
        Attributes, Dependency, Handle, LogicalId, Pseudo, Skip, Statement, Sub, Template, Test,
    },
    resources::{
        kms::Key,
        s3::{Bucket, Encryption, LifecycleRule, LoggingConfiguration},
    },
};

const LEDGER: LogicalId = LogicalId::new("LedgerBucket");
const LEDGER_POLICY: LogicalId = LogicalId::new("LedgerBucketPolicy");
const LOGS: LogicalId = LogicalId::new("LogBucket");
const LOGS_POLICY: LogicalId = LogicalId::new("LogBucketPolicy");

/// Records, which are evidence of more than a year.
const RECORDS: LifecycleRule = LifecycleRule {
    id: "forget",
    prefix: Some(ledger::RECORDS),
    expiration_days: KEPT_DAYS,
    noncurrent_days: KEPT_DAYS,
};
/// A digest is published within a day; a month is enough to investigate a failure.
const GATHERED: LifecycleRule = LifecycleRule {
    id: "forget-objects",
    prefix: Some(objects::WINDOWS_PREFIX),
    expiration_days: 30,
    noncurrent_days: 30,
};
const ACCESS_LOGS: LifecycleRule =
    LifecycleRule { id: "forget", prefix: None, expiration_days: 90, noncurrent_days: 30 };

/// The buckets.
#[derive(Clone, Copy)]
pub(super) struct Evidence {
    pub(super) ledger: Handle<Bucket>,
    pub(super) logs: Handle<Bucket>,
    /// Before this, S3 may not write the logs.
    pub(super) logs_policy: Dependency,
}

/// Adds the buckets and their policies.
pub(super) fn add(template: &mut Template, parameters: &Parameters, key: Handle<Key>) -> Evidence {
    let logs = Bucket {
        name: Some(bucket::name(parameters, Purpose::Logs)),
        encryption: Encryption::SseS3,
        lifecycle: vec![ACCESS_LOGS],
        logging: None,
    };
    let attributes = Attributes {
        skips: vec![Skip {
            rule: "CKV_AWS_18",
            reason: "It is the bucket for access logs: to log access to it would never end.",
        }],
        must: Some("SSE-S3: S3 does not deliver access logs to a bucket with SSE-KMS."),
        ..Attributes::retained("The access logs of buckets.")
    };
    let logs = template.add_with(LOGS, attributes, logs);
    // The guard has every bucket of grade `security` log to it.
    let write = Statement::allow_service(
        "AccessLogs",
        "logging.s3.amazonaws.com",
        ["s3:PutObject"],
        bucket::within(&logs.arn(), "/*"),
        [
            Test::arn_like("aws:SourceArn", [Sub::arn("s3:::*").into()]),
            Test::equals("aws:SourceAccount", Pseudo::AccountId),
        ],
    );
    let attributes =
        Attributes::deleted("Lets S3 write the access logs of this account's buckets.");
    let policy = template.add_with(LOGS_POLICY, attributes, bucket::policy(logs, [write]));
    let logs_policy = policy.dependency();
    let ledger = Bucket {
        name: Some(bucket::name(parameters, Purpose::Ledger)),
        encryption: Encryption::SseKms(key.arn()),
        lifecycle: vec![RECORDS, GATHERED],
        logging: Some(LoggingConfiguration {
            destination_bucket_name: logs.name(),
            log_file_prefix: "ledger/",
        }),
    };
    let attributes = Attributes {
        depends_on: vec![logs_policy],
        ..Attributes::retained(
            "The ledger: what the guard changed in which bucket, and the settings before.",
        )
    };
    let ledger = template.add_with(LEDGER, attributes, ledger);
    // The role of the guard allows it to write.
    let attributes = Attributes::deleted("Denies requests without TLS.");
    template.add_with(LEDGER_POLICY, attributes, bucket::policy(ledger, []));
    Evidence { ledger, logs, logs_policy }
}
