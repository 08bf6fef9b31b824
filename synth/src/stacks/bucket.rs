//! The names and the policies of the stack's own buckets.

use s3guard_posture::evaluate::tls::Denied;

use super::parameters::Parameters;
use crate::{
    cfn::{
        Handle, PolicyDocument, Pseudo, Statement, Sub, Test, Value,
        kind::{AnyArn, BucketArn, Text},
    },
    resources::s3::{Bucket, BucketPolicy},
};

/// What a bucket of the stack is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The ledger.
    Ledger,
    /// Access logs.
    Logs,
    /// The trail's log files.
    Trail,
}

impl Purpose {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Ledger, Self::Logs, Self::Trail];
}

/// The name of a bucket of the stack, in the account's own namespace. It is known whether the bucket exists or not.
pub(super) fn name(parameters: &Parameters, purpose: Purpose) -> Value<Text> {
    let purpose = match purpose {
        Purpose::Ledger => "-ledger-",
        Purpose::Logs => "-logs-",
        Purpose::Trail => "-trail-",
    };
    Sub::new()
        .value(&parameters.bucket_prefix.value())
        .text(purpose)
        .pseudo(Pseudo::AccountId)
        .text("-")
        .pseudo(Pseudo::Region)
        .text("-an")
        .into()
}

/// The bucket's policy: these statements, and denials of requests without TLS 1.2 or newer, as the highest grade requires.
pub(super) fn policy(
    bucket: Handle<Bucket>,
    statements: impl IntoIterator<Item = Statement>,
) -> BucketPolicy {
    let arn = bucket.arn();
    // The guard knows its own statements by these names.
    let deny = |what: Denied, test: Test| {
        Statement::deny(what.sid(), "s3:*", [arn.clone().into(), within(&arn, "/*")], test)
    };
    let denied = [
        deny(Denied::PlainHttp, Test::without_tls()),
        deny(Denied::OldTls, Test::with_tls_before("1.2")),
    ];
    BucketPolicy {
        bucket: bucket.name(),
        policy_document: PolicyDocument::new(statements.into_iter().chain(denied)),
    }
}

/// The objects of a bucket with these keys, in which `*` matches anything.
pub(super) fn within(bucket: &Value<BucketArn>, keys: &str) -> Value<AnyArn> {
    Sub::new().value(bucket).text(keys).into()
}
