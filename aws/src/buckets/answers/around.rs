//! Questions that are not about the bucket itself: the wanted key and its stack.

use s3guard_posture::evaluate::assess::STACK_TAG;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{BucketId, KeyArn, KeyState, Reading};

use super::Buckets;
use crate::stacks::Stacks;
use crate::{AwsError, Connection, keys};

/// Reads from KMS, in the key's Region, whether a bucket can be encrypted with the key.
///
/// A key of another account is accepted if it exists and is enabled: organizations have accounts for keys. Whether its
/// policy lets the bucket's writers use it cannot be read.
pub(super) async fn key(
    buckets: &Buckets,
    bucket: &BucketId,
    key: Option<&KeyArn>,
) -> Result<Reading<KeyState>, AwsError> {
    let Some(key) = key else { return Ok(Reading::Absent) };
    if *key.region() != bucket.region {
        let why = format!("it is in `{}`, the bucket in `{}`", key.region(), bucket.region);
        return Ok(Reading::Known(KeyState::Unusable(why)));
    }
    let connection = buckets.connection(key.region());
    keys::state(&connection, key).await
}

/// Reads from CloudFormation whether the bucket's stack is being created or changed.
pub(super) async fn stack(
    buckets: &Buckets,
    tags: &Reading<Tags>,
) -> Result<Reading<bool>, AwsError> {
    let Some(id) = tags.known().and_then(|tags| tags.get(STACK_TAG)) else {
        return Ok(Reading::Absent);
    };
    // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID
    let Some(Ok(region)) = id.split(':').nth(3).map(str::parse) else {
        return Ok(Reading::Absent);
    };
    let connection: Connection = buckets.connection(&region);
    match Stacks::new(&connection).describe(id).await {
        Ok(Some(stack)) if stack.status.is_deleted() => Ok(Reading::Absent),
        Ok(Some(stack)) => Ok(Reading::Known(stack.status.may_still_write())),
        Ok(None) => Ok(Reading::Absent),
        Err(error) if error.is_permanent() => Ok(Reading::Denied),
        Err(error) => Err(error),
    }
}
