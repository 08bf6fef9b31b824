//! Each setting is written by one call. S3 replaces the whole setting; a setting that is absent is deleted.

use aws_sdk_s3::types::{
    BucketLoggingStatus, BucketVersioningStatus, LoggingEnabled, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
    VersioningConfiguration,
};
use s3guard_posture::Setting;
use s3guard_posture::model::setting::{AccessLogs, Ownership, PublicAccessBlock};

use super::{encryption, notifications};
use crate::AwsError;
use crate::bucket::Bucket;
use crate::error::Answer as _;

/// Writes a setting.
pub(crate) async fn apply(at: &Bucket, setting: &Setting) -> Result<(), AwsError> {
    let object = at.object("");
    /// Sends a call on the bucket.
    macro_rules! send {
        ($name:literal, $call:ident $(, $with:ident($value:expr))*) => {{
            let call = on_bucket!(at, $call)$(.$with($value))*;
            call.send().await.named($name, object).map(drop)
        }};
    }
    match setting {
        Setting::Policy(Some(text)) => send!("PutBucketPolicy", put_bucket_policy, policy(text)),
        Setting::Policy(None) => send!("DeleteBucketPolicy", delete_bucket_policy),
        Setting::PublicAccessBlock(Some(block)) => send!(
            "PutPublicAccessBlock",
            put_public_access_block,
            public_access_block_configuration(blocks(*block))
        ),
        Setting::PublicAccessBlock(None) => {
            send!("DeletePublicAccessBlock", delete_public_access_block)
        }
        Setting::Encryption(Some(encryption)) => send!(
            "PutBucketEncryption",
            put_bucket_encryption,
            server_side_encryption_configuration(encryption::to_sdk(encryption))
        ),
        Setting::Encryption(None) => send!("DeleteBucketEncryption", delete_bucket_encryption),
        Setting::Ownership(Some(ownership)) => send!(
            "PutBucketOwnershipControls",
            put_bucket_ownership_controls,
            ownership_controls(controls(*ownership))
        ),
        Setting::Ownership(None) => {
            send!("DeleteBucketOwnershipControls", delete_bucket_ownership_controls)
        }
        Setting::Versioning(versioning) => send!(
            "PutBucketVersioning",
            put_bucket_versioning,
            versioning_configuration(status(
                versioning.is_some_and(|versioning| versioning.enabled)
            ))
        ),
        Setting::AccessLogs(logs) => send!(
            "PutBucketLogging",
            put_bucket_logging,
            bucket_logging_status(logging(logs.as_ref()))
        ),
        Setting::Notifications(notifications) => notifications::put(at, notifications).await,
        Setting::AccountPublicAccessBlock(_) => {
            let why = "it is not a setting of a bucket";
            Err(AwsError::other("PutPublicAccessBlock", object, why))
        }
    }
}

fn blocks(block: PublicAccessBlock) -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .ignore_public_acls(block.ignore_public_acls)
        .block_public_policy(block.block_public_policy)
        .restrict_public_buckets(block.restrict_public_buckets)
        .build()
}

fn controls(ownership: Ownership) -> OwnershipControls {
    let ownership = match ownership {
        Ownership::BucketOwnerEnforced => ObjectOwnership::BucketOwnerEnforced,
        Ownership::BucketOwnerPreferred => ObjectOwnership::BucketOwnerPreferred,
        Ownership::ObjectWriter => ObjectOwnership::ObjectWriter,
    };
    let rule = OwnershipControlsRule::builder().object_ownership(ownership).build();
    let rule = rule.expect("the ownership is given");
    OwnershipControls::builder().rules(rule).build().expect("there is a rule")
}

/// MFA delete is not written: S3 leaves it unchanged, and only the root user can change it.
fn status(enabled: bool) -> VersioningConfiguration {
    let status =
        if enabled { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
    VersioningConfiguration::builder().status(status).build()
}

/// An empty status turns logging off: there is no call to delete it.
fn logging(logs: Option<&AccessLogs>) -> BucketLoggingStatus {
    let enabled = logs.map(|logs| {
        LoggingEnabled::builder()
            .target_bucket(&logs.target_bucket)
            .target_prefix(&logs.target_prefix)
            .build()
            .expect("bucket and prefix are given")
    });
    BucketLoggingStatus::builder().set_logging_enabled(enabled).build()
}
