//! The buckets that are retained as evidence, whichever trail is used: the ledger of what the guard has done, and the
//! bucket for access logs.

use s3guard_posture::contract::ledger;
use s3guard_posture::reconcile::ledger::KEPT_DAYS;

use super::{
    bucket::{self, Purpose, within},
    parameters::Parameters,
    principals::Principals,
};
use crate::{
    cfn::{
        Attributes, Dependency, Handle, LogicalId, Pseudo, Skip, Statement, Sub, Template, Test,
        Value, Which,
        kind::{AnyArn, BucketArn, KeyArn, Text},
    },
    resources::{
        kms::Key,
        s3::{Bucket, Encryption, LifecycleRule, LoggingConfiguration, ObjectLock},
    },
};

const LEDGER: LogicalId = LogicalId::new("LedgerBucket");
const LEDGER_POLICY: LogicalId = LogicalId::new("LedgerBucketPolicy");
const LOGS: LogicalId = LogicalId::new("LogBucket");
const LOGS_POLICY: LogicalId = LogicalId::new("LogBucketPolicy");

/// What is kept as evidence: a record is needed to undo a change, a suppression lasts at most as long.
const RECORDS: [LifecycleRule; 4] = [
    kept("forget-records", ledger::RECORDS),
    kept("forget-suppressions", ledger::SUPPRESSIONS),
    kept("forget-runs", ledger::RUNS),
    kept("forget-jobs", ledger::JOBS),
];
/// What is current does not expire: a bucket without its document looks like one that no event has reported.
const DOCUMENTS: [LifecycleRule; 2] =
    [current("forget-states", ledger::STATE), current("forget-sweeps", ledger::SWEEPS)];
/// A digest is published within a day; a month is enough to investigate a failure.
const GATHERED: [LifecycleRule; 2] =
    [gathered("forget-objects", ledger::WINDOWS), gathered("forget-digests", ledger::DIGESTS)];
const ACCESS_LOGS: LifecycleRule =
    LifecycleRule { id: "forget", prefix: None, expiration_days: Some(90), noncurrent_days: 30 };

const fn kept(id: &'static str, prefix: &'static str) -> LifecycleRule {
    let expiration_days = Some(KEPT_DAYS);
    LifecycleRule { id, prefix: Some(prefix), expiration_days, noncurrent_days: KEPT_DAYS }
}

const fn gathered(id: &'static str, prefix: &'static str) -> LifecycleRule {
    LifecycleRule { id, prefix: Some(prefix), expiration_days: Some(30), noncurrent_days: 30 }
}

const fn current(id: &'static str, prefix: &'static str) -> LifecycleRule {
    LifecycleRule { id, prefix: Some(prefix), expiration_days: None, noncurrent_days: 30 }
}

/// Why the policy of a retained bucket is retained with it.
pub(super) const POLICY_STAYS: &str = "Retained with its bucket: without the policy, any principal of the account could change what is kept as evidence.";

/// The lock on the versions of a bucket, for as long as the ledger keeps its records.
pub(super) fn object_lock(parameters: &Parameters) -> ObjectLock {
    ObjectLock { only_if: parameters.has_object_lock, retention_days: KEPT_DAYS }
}

/// The buckets.
#[derive(Clone, Copy)]
pub(super) struct Evidence {
    pub(super) ledger: Handle<Bucket>,
    pub(super) logs: Handle<Bucket>,
    /// Before this, S3 may not write the logs.
    pub(super) logs_policy: Dependency,
}

/// Adds the buckets and their policies.
pub(super) fn add(
    template: &mut Template,
    parameters: &Parameters,
    principals: Principals,
    key: Handle<Key>,
) -> Evidence {
    let (logs, logs_policy) = add_logs(template, parameters, principals);
    let lifecycle = [&RECORDS[..], &DOCUMENTS[..], &GATHERED[..]].concat();
    let ledger = Bucket {
        name: Some(bucket::name(parameters, Purpose::Ledger)),
        encryption: Encryption::SseKms(key.arn()),
        lifecycle,
        logging: Some(LoggingConfiguration {
            destination_bucket_name: logs.name(),
            log_file_prefix: "ledger/",
        }),
        object_lock: Some(object_lock(parameters)),
    };
    let attributes = Attributes {
        depends_on: vec![logs_policy],
        ..Attributes::retained(
            "The ledger: what the guard changed in which bucket, and the settings before.",
        )
    };
    let ledger = template.add_with(LEDGER, attributes, ledger);
    let attributes = Attributes {
        must: Some(POLICY_STAYS),
        ..Attributes::retained(
            "Each prefix has one writer, and nothing is deleted; settings are locked to deployers.",
        )
    };
    let writers = writers(&ledger.arn(), principals, &key.arn());
    template.add_with(LEDGER_POLICY, attributes, bucket::policy(ledger, principals, writers));
    Evidence { ledger, logs, logs_policy }
}

fn add_logs(
    template: &mut Template,
    parameters: &Parameters,
    principals: Principals,
) -> (Handle<Bucket>, Dependency) {
    let logs = Bucket {
        name: Some(bucket::name(parameters, Purpose::Logs)),
        encryption: Encryption::SseS3,
        lifecycle: vec![ACCESS_LOGS],
        logging: None,
        // S3 does not deliver access logs to a bucket with a default retention.
        object_lock: None,
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
        within(&logs.arn(), "/*"),
        [
            Test::arn_like("aws:SourceArn", [Sub::arn("s3:::*").into()]),
            Test::equals("aws:SourceAccount", Pseudo::AccountId),
        ],
    );
    let attributes = Attributes {
        must: Some(POLICY_STAYS),
        ..Attributes::retained(
            "Lets S3, and no one else, write the access logs of this account's buckets.",
        )
    };
    let statements = [write, bucket::only_services_put(&logs.arn())];
    let policy =
        template.add_with(LOGS_POLICY, attributes, bucket::policy(logs, principals, statements));
    (logs, policy.dependency())
}

/// Each prefix has one writer, no other key has any, and what is written is encrypted with the stack's key.
fn writers(
    arn: &Value<BucketArn>,
    principals: Principals,
    key: &Value<KeyArn>,
) -> impl Iterator<Item = Statement> + use<> {
    let under = |prefixes: &[&str]| -> Vec<Value<AnyArn>> {
        prefixes.iter().map(|prefix| within(arn, &format!("/{prefix}*"))).collect()
    };
    let put = |sid, resources, tests: Vec<Test>| {
        Statement::deny_where(sid, ["s3:PutObject"], resources, tests)
    };
    let all = [&ledger::OF_GUARD[..], &ledger::OF_NOTIFY, &ledger::OF_OPERATORS].concat();
    let of_guard = vec![Principals::others_than([principals.guard.arn().into()])];
    let of_notify = vec![Principals::others_than([principals.notify.arn().into()])];
    let of_operators = put("OnlyOperatorsPut", under(&ledger::OF_OPERATORS), Vec::new());
    // A request without these headers is encrypted as the bucket says. A negated test also holds where there is no header.
    let other =
        |header, value: Value<Text>| vec![Test::has(header), Test::not_equals(header, value)];
    let algorithm = other("s3:x-amz-server-side-encryption", "aws:kms".into());
    let other_key = other("s3:x-amz-server-side-encryption-aws-kms-key-id", key.clone().into());
    let everything = || under(&[""]);
    let nothing_else = Statement {
        resources: Which::AllBut(under(&all)),
        ..put("NoOtherKeys", Vec::new(), Vec::new())
    };
    [
        put("OnlyTheGuardPuts", under(&ledger::OF_GUARD), of_guard),
        put("OnlyNotifyPuts", under(&ledger::OF_NOTIFY), of_notify),
    ]
    .into_iter()
    .chain(principals.all_but_operators(of_operators))
    .chain([
        nothing_else,
        put("OnlyWithKms", everything(), algorithm),
        put("OnlyWithTheStacksKey", everything(), other_key),
    ])
}
