//! What a stack runs: the package that its functions were made from.

use aws_sdk_cloudtrail::Client as CloudTrail;
use aws_sdk_s3::Client;
use s3guard_posture::{AccountId, BucketName};

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// Reads an object whole: the package, in the bucket for code.
pub async fn package(
    connection: &Connection,
    owner: &AccountId,
    (bucket, key): (&BucketName, &str),
) -> Result<Vec<u8>, AwsError> {
    let object = format!("object `{key}` in bucket `{bucket}`");
    let call = Client::new(&connection.config).get_object().bucket(bucket.as_str()).key(key);
    let answer = call.expected_bucket_owner(owner.as_str()).send().await;
    let body = answer.named("GetObject", &object)?.body.collect().await;
    let bytes = body.map_err(|error| AwsError::other("GetObject", object, error))?;
    Ok(bytes.into_bytes().into())
}

/// Whether a trail of the Region logs.
pub async fn is_logging(connection: &Connection, trail: &str) -> Result<bool, AwsError> {
    let client = CloudTrail::new(&connection.config);
    let status = client.get_trail_status().name(trail).send().await;
    let status = status.named("GetTrailStatus", format!("trail `{trail}`"))?;
    Ok(status.is_logging().unwrap_or_default())
}
