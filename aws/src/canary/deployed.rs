//! What a stack runs: the package that its functions were made from.

use aws_sdk_cloudtrail::Client as CloudTrail;
use aws_sdk_s3::Client;
use s3guard_posture::{AccountId, BucketName};

use crate::{AwsError, Connection};

/// Reads an object whole: the package, in the bucket for code.
///
/// # Errors
///
/// If S3 does not give it.
pub async fn package(
    connection: &Connection,
    owner: &AccountId,
    (bucket, key): (&BucketName, &str),
) -> Result<Vec<u8>, AwsError> {
    let object = || format!("object `{key}` in bucket `{bucket}`");
    let client = Client::new(&connection.config);
    let call = client.get_object().bucket(bucket.as_str()).key(key);
    let answer = call.expected_bucket_owner(owner.as_str()).send().await;
    let answer = answer.map_err(|error| AwsError::new("GetObject", object(), &error))?;
    let bytes = answer.body.collect().await;
    let bytes = bytes.map_err(|error| AwsError::other("GetObject", object(), error))?;
    Ok(bytes.into_bytes().into())
}

/// Whether a trail of the Region logs.
///
/// # Errors
///
/// If `CloudTrail` does not say it.
pub async fn is_logging(connection: &Connection, trail: &str) -> Result<bool, AwsError> {
    let client = CloudTrail::new(&connection.config);
    match client.get_trail_status().name(trail).send().await {
        Ok(status) => Ok(status.is_logging().unwrap_or_default()),
        Err(error) => Err(AwsError::new("GetTrailStatus", format!("trail `{trail}`"), &error)),
    }
}
