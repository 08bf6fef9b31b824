//! The names and the policies of the stack's own buckets.

use s3guard_posture::evaluate::tls::Denied;

use super::{
    parameters::Parameters,
    principals::{Principals, all_but, these},
};
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

/// The settings that the guard puts back if others change them.
const RESTORED: [&str; 5] = [
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
];

/// The bucket's policy: these statements; locks on its objects and its settings; and denials of requests without TLS 1.2 or
/// newer, as the highest grade requires.
pub(super) fn policy(
    bucket: Handle<Bucket>,
    principals: Principals,
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
    let statements = statements.into_iter().chain(locks(&arn, principals)).chain(denied);
    BucketPolicy { bucket: bucket.name(), policy_document: PolicyDocument::new(statements) }
}

/// Objects are only added and read: no principal deletes one, or changes its ACL, its tags or its lock. The lifecycle rules of
/// the bucket do not need permission. The settings are those of the template.
fn locks(arn: &Value<BucketArn>, principals: Principals) -> [Statement; 3] {
    let uses_of_objects = ["s3:AbortMultipartUpload", "s3:Get*", "s3:List*", "s3:PutObject"];
    let objects = Statement {
        actions: all_but(&uses_of_objects),
        ..Statement::deny("ObjectsAreOnlyAdded", "", [within(arn, "/*")], Test::not_by_a_service())
    };
    let restored = these(&RESTORED);
    let guard = Some(principals.guard);
    let others = [&RESTORED[..], &["s3:Get*", "s3:List*"]].concat();
    [
        objects,
        principals.only_deployers("OnlyDeployersAndTheGuard", restored, arn.clone().into(), guard),
        principals.only_deployers("OnlyDeployers", all_but(&others), arn.clone().into(), None),
    ]
}

/// Denies uploads by principals: only AWS services write to the bucket.
pub(super) fn only_services_put(arn: &Value<BucketArn>) -> Statement {
    let test = Test::not_by_a_service();
    Statement::deny("OnlyServicesPut", "s3:PutObject", [within(arn, "/*")], test)
}

/// The objects of a bucket with these keys, in which `*` matches anything.
pub(super) fn within(bucket: &Value<BucketArn>, keys: &str) -> Value<AnyArn> {
    Sub::new().value(bucket).text(keys).into()
}
