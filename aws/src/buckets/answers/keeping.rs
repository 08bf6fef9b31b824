//! How the bucket keeps what it has, and who hears of it.

use aws_sdk_s3::types::{BucketVersioningStatus, MfaDeleteStatus};
use s3guard_posture::Reading;
use s3guard_posture::model::setting::{AccessLogs, Encryption, Notifications, Tags, Versioning};

use super::super::{encryption, notifications};
use super::{Place, Seen, read};
use crate::AwsError;

/// In place of a code for "no such configuration": these are answered with an empty one.
const NEVER_ABSENT: &str = "";

pub(super) async fn encryption(at: Place<'_>) -> Seen<Encryption> {
    let call = at.client.get_bucket_encryption().bucket(at.bucket.as_str());
    let answer = call.expected_bucket_owner(at.owner.as_str()).send().await;
    let absent = "ServerSideEncryptionConfigurationNotFoundError";
    let reading = read("GetBucketEncryption", at.bucket, answer, absent)?;
    Ok(reading.map(|reading| {
        reading.and_then(|answer| {
            answer.server_side_encryption_configuration().and_then(encryption::from_sdk)
        })
    }))
}

pub(super) async fn versioning(at: Place<'_>) -> Seen<Versioning> {
    let call = at.client.get_bucket_versioning().bucket(at.bucket.as_str());
    let answer = call.expected_bucket_owner(at.owner.as_str()).send().await;
    let reading = read("GetBucketVersioning", at.bucket, answer, NEVER_ABSENT)?;
    Ok(reading.map(|reading| {
        reading.and_then(|answer| {
            // Whatever S3 may call it one day: only this one keeps versions, as far as we know.
            let enabled = *answer.status()? == BucketVersioningStatus::Enabled;
            let mfa_delete = answer.mfa_delete() == Some(&MfaDeleteStatus::Enabled);
            Some(Versioning { enabled, mfa_delete })
        })
    }))
}

pub(super) async fn access_logs(at: Place<'_>) -> Seen<AccessLogs> {
    let call = at.client.get_bucket_logging().bucket(at.bucket.as_str());
    let answer = call.expected_bucket_owner(at.owner.as_str()).send().await;
    let reading = read("GetBucketLogging", at.bucket, answer, NEVER_ABSENT)?;
    Ok(reading.map(|reading| {
        reading.and_then(|answer| {
            answer.logging_enabled.map(|logging| AccessLogs {
                target_bucket: logging.target_bucket,
                target_prefix: logging.target_prefix,
            })
        })
    }))
}

pub(super) async fn notifications(at: Place<'_>) -> Seen<Notifications> {
    let call = "GetBucketNotificationConfiguration";
    let answer = notifications::get(at.client, at.owner, at.bucket).await;
    Ok(match read(call, at.bucket, answer, NEVER_ABSENT)? {
        Some(Reading::Known(body)) => {
            let notifications = notifications::parse(body).map_err(|why| {
                let why = format!("the answer is not understood: {why}");
                AwsError::other(call, format!("bucket `{}`", at.bucket), why)
            })?;
            Some(Reading::Known(notifications))
        }
        Some(Reading::Denied) => Some(Reading::Denied),
        Some(Reading::Absent) => Some(Reading::Absent),
        Some(Reading::Unread) => Some(Reading::Unread),
        None => None,
    })
}

pub(super) async fn tags(at: Place<'_>) -> Seen<Tags> {
    let call = at.client.get_bucket_tagging().bucket(at.bucket.as_str());
    let answer = call.expected_bucket_owner(at.owner.as_str()).send().await;
    let reading = read("GetBucketTagging", at.bucket, answer, "NoSuchTagSet")?;
    Ok(reading.map(|reading| {
        reading.and_then(|answer| {
            Some(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())
        })
    }))
}
