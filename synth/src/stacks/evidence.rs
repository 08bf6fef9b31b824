//! The buckets that stay as evidence, whichever trail there is: the ledger of what the guard has done, and the bucket for
//! access logs.

use s3guard_posture::digest::objects;
use s3guard_posture::reconcile::ledger::KEPT_DAYS;

use super::{
    bucket::{self, Keeping, Purpose},
    parameters::Parameters,
};
use crate::{
    cfn::{
        Attributes, Dependency, Handle, LogicalId, Principal, Pseudo, Skip, Statement, Sub,
        Template, Test,
    },
    resources::{
        kms::Key,
        s3::{Bucket, BucketPolicy, Encryption, LoggingConfiguration},
    },
};

/// Marks of coverage stay: a bucket whose mark is gone would look like one that no event has told of.
const RECORDS: Keeping = Keeping {
    name: "forget",
    prefix: Some("buckets/"),
    days: KEPT_DAYS,
    earlier_versions_days: KEPT_DAYS,
};
/// What notify has gathered is told within a day; a month is enough to look into what went wrong.
const GATHERED: Keeping = Keeping {
    name: "forget-objects",
    prefix: Some(objects::GATHERED_PREFIX),
    days: 30,
    earlier_versions_days: 30,
};
const ACCESS_LOGS: Keeping =
    Keeping { name: "forget", prefix: None, days: 90, earlier_versions_days: 30 };

/// The ids of the buckets and their policies.
pub(super) struct Ids {
    pub(super) ledger: LogicalId,
    pub(super) ledger_policy: LogicalId,
    pub(super) logs: LogicalId,
    pub(super) logs_policy: LogicalId,
}

/// The buckets.
#[derive(Clone, Copy)]
pub(super) struct Evidence {
    pub(super) ledger: Handle<Bucket>,
    pub(super) logs: Handle<Bucket>,
    /// Before this, S3 may not write the logs.
    pub(super) logs_policy: Dependency,
}

/// Adds the buckets, and who may write to them.
pub(super) fn add(
    template: &mut Template,
    ids: &Ids,
    parameters: &Parameters,
    key: Handle<Key>,
) -> Evidence {
    let attributes = Attributes {
        skips: vec![Skip::checkov(
            "CKV_AWS_18",
            "It is the bucket for access logs: its own would have no end.",
        )],
        must: vec!["SSE-S3: S3's log service writes to no other bucket."],
        ..Attributes::kept("Who read or wrote buckets whose access is logged.")
    };
    let logs = template.add_with(ids.logs, attributes, logs(parameters));
    let why = "Lets S3 write the access logs of this account's buckets.";
    let policy = template.add_with(ids.logs_policy, Attributes::deleted(why), logs_policy(logs));
    let attributes = Attributes {
        depends_on: vec![policy.dependency()],
        ..Attributes::kept("The ledger: what the guard did to which bucket, and what was there.")
    };
    let ledger = template.add_with(ids.ledger, attributes, ledger(parameters, key, logs));
    template.add_with(
        ids.ledger_policy,
        Attributes::deleted("Lets nobody at the ledger without TLS."),
        ledger_policy(ledger),
    );
    Evidence { ledger, logs, logs_policy: policy.dependency() }
}

/// The bucket of the ledger. The guard writes to it by the leave that its role has.
pub(super) fn ledger(parameters: &Parameters, key: Handle<Key>, logs: Handle<Bucket>) -> Bucket {
    Bucket {
        logging: Some(LoggingConfiguration {
            destination_bucket_name: logs.name(),
            log_file_prefix: Some("ledger/"),
        }),
        ..bucket::private(
            bucket::name(parameters, Purpose::Ledger),
            Encryption::SseKms(key.arn()),
            &[RECORDS, GATHERED],
        )
    }
}

/// The policy of the ledger.
pub(super) fn ledger_policy(ledger: Handle<Bucket>) -> BucketPolicy {
    bucket::policy(ledger, [])
}

/// The bucket for access logs.
pub(super) fn logs(parameters: &Parameters) -> Bucket {
    bucket::private(bucket::name(parameters, Purpose::Logs), Encryption::SseS3, &[ACCESS_LOGS])
}

/// The policy of the bucket for access logs. The guard has every bucket of grade `security` log to it.
pub(super) fn logs_policy(logs: Handle<Bucket>) -> BucketPolicy {
    let write = Statement {
        sid: Some("AccessLogs"),
        principal: Some(Principal::service("logging.s3.amazonaws.com")),
        conditions: vec![
            Test::arn_like("aws:SourceArn", [Sub::arn("s3:::*").into()]),
            Test::equals("aws:SourceAccount", Pseudo::AccountId),
        ],
        ..Statement::allow(["s3:PutObject"], [bucket::within(&logs.arn(), "/*")])
    };
    bucket::policy(logs, [write])
}
