//! What every bucket of the stack is: its name, how it is protected, and what its policy denies.

use s3guard_posture::evaluate::tls::Denied;

use super::parameters::Parameters;
use crate::{
    cfn::{
        Handle, PolicyDocument, Pseudo, Statement, Sub, Test, Value,
        kind::{AnyArn, BucketArn},
    },
    resources::s3::{
        AbortIncompleteUpload, Bucket, BucketEncryption, BucketName, BucketPolicy, Encryption,
        LifecycleRule, NoncurrentVersionExpiration, ObjectOwnership, PublicAccessBlock,
        VersioningStatus,
    },
};

const UNFINISHED_UPLOADS_DAYS: u32 = 7;

/// What a bucket of the stack is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// What the guard has done.
    Ledger,
    /// Who read or wrote.
    Logs,
    /// The trail's files.
    Trail,
}

impl Purpose {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Ledger, Self::Logs, Self::Trail];

    const fn word(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Logs => "logs",
            Self::Trail => "trail",
        }
    }
}

/// How long files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keeping {
    /// The rule's name.
    pub(super) name: &'static str,
    /// Only files whose keys begin so; the others stay.
    pub(super) prefix: Option<&'static str>,
    /// So long after they were written.
    pub(super) days: u32,
    /// So long after they were replaced or deleted.
    pub(super) earlier_versions_days: u32,
}

/// The name of a bucket of the stack, in the account's own space of names. It is known whether the bucket is there or not.
pub(super) fn name(parameters: &Parameters, purpose: Purpose) -> Sub {
    Sub::new()
        .value(&parameters.bucket_prefix.value())
        .text("-")
        .text(purpose.word())
        .text("-")
        .pseudo(Pseudo::AccountId)
        .text("-")
        .pseudo(Pseudo::Region)
        .text("-an")
}

/// A bucket that is private and keeps what was in it for a time.
pub(super) fn private(name: Sub, encryption: Encryption, keepings: &[Keeping]) -> Bucket {
    let bucket_key_enabled = encryption != Encryption::SseS3;
    Bucket {
        name: BucketName::AccountRegional(name.into()),
        encryption: Some(BucketEncryption {
            default: encryption,
            bucket_key_enabled,
            blocks_customer_provided_keys: true,
        }),
        public_access_block: Some(PublicAccessBlock::ALL),
        object_ownership: Some(ObjectOwnership::BucketOwnerEnforced),
        versioning: Some(VersioningStatus::Enabled),
        lifecycle: keepings.iter().map(forget).collect(),
        ..Bucket::default()
    }
}

fn forget(keeping: &Keeping) -> LifecycleRule {
    LifecycleRule {
        prefix: keeping.prefix,
        expiration_days: Some(keeping.days),
        noncurrent_version_expiration: Some(NoncurrentVersionExpiration {
            days: keeping.earlier_versions_days,
            versions_kept: None,
        }),
        abort_incomplete_upload: Some(AbortIncompleteUpload { days: UNFINISHED_UPLOADS_DAYS }),
        ..LifecycleRule::new(keeping.name)
    }
}

/// The bucket's policy: these statements, and nothing without TLS 1.2 or newer, as the highest grade wants it.
pub(super) fn policy(
    bucket: Handle<Bucket>,
    statements: impl IntoIterator<Item = Statement>,
) -> BucketPolicy {
    let arn = bucket.arn();
    let deny = |what: Denied, test: Test| Statement {
        // The guard knows its own statements by these names.
        sid: Some(what.sid()),
        conditions: vec![test],
        ..Statement::deny(["s3:*"], [arn.clone().into(), within(&arn, "/*")])
    };
    let denied = [
        deny(Denied::PlainHttp, Test::without_tls()),
        deny(Denied::OldTls, Test::with_tls_before("1.2")),
    ];
    BucketPolicy::new(bucket.name(), PolicyDocument::new(statements.into_iter().chain(denied)))
}

/// The objects of a bucket whose keys are so, in which `*` stands for anything.
pub(super) fn within(bucket: &Value<BucketArn>, keys: &str) -> Value<AnyArn> {
    Sub::new().value(bucket).text(keys).into()
}
