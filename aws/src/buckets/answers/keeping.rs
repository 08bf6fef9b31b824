//! How the bucket keeps what it has, and who hears of it.

use aws_sdk_s3::types::{BucketVersioningStatus, MfaDeleteStatus};
use s3guard_posture::Reading;
use s3guard_posture::model::setting::{AccessLogs, Encryption, Notifications, Tags, Versioning};

use super::super::{Place, encryption, notifications};
use super::{Seen, read};
use crate::AwsError;
use crate::error::in_bucket;

pub(super) async fn encryption(at: Place<'_>) -> Seen<Encryption> {
    let absent = ["ServerSideEncryptionConfigurationNotFoundError"];
    ask_bucket!(at, "GetBucketEncryption", get_bucket_encryption, absent, |answer| {
        answer.server_side_encryption_configuration().and_then(encryption::from_sdk)
    })
}

/// Where nothing is set, the answer is empty; so it is for the next two.
pub(super) async fn versioning(at: Place<'_>) -> Seen<Versioning> {
    ask_bucket!(at, "GetBucketVersioning", get_bucket_versioning, [], |answer| {
        // Whatever S3 may call it one day: only this one keeps versions, as far as we know.
        let enabled = *answer.status()? == BucketVersioningStatus::Enabled;
        let mfa_delete = answer.mfa_delete() == Some(&MfaDeleteStatus::Enabled);
        Some(Versioning { enabled, mfa_delete })
    })
}

pub(super) async fn access_logs(at: Place<'_>) -> Seen<AccessLogs> {
    ask_bucket!(at, "GetBucketLogging", get_bucket_logging, [], |answer| {
        answer.logging_enabled.map(|logging| AccessLogs {
            target_bucket: logging.target_bucket,
            target_prefix: logging.target_prefix,
        })
    })
}

pub(super) async fn notifications(at: Place<'_>) -> Seen<Notifications> {
    let call = "GetBucketNotificationConfiguration";
    let answer = notifications::get(at).await;
    let seen = read((call, at.name), answer, &[], |body| Some(notifications::parse(body)))?;
    match seen {
        Some(Reading::Known(Err(why))) => {
            let why = format!("the answer is not understood: {why}");
            Err(AwsError::other(call, in_bucket(at.name, ""), why))
        }
        seen => Ok(seen.map(|seen| seen.and_then(Result::ok))),
    }
}

pub(super) async fn tags(at: Place<'_>) -> Seen<Tags> {
    ask_bucket!(at, "GetBucketTagging", get_bucket_tagging, ["NoSuchTagSet"], |answer| {
        Some(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())
    })
}
