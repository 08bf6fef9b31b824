//! Questions that are not about the bucket itself: the wanted key, its stack, and the owners of its replicas.

use std::collections::BTreeSet;

use s3guard_posture::evaluate::assess::STACK_TAG;
use s3guard_posture::model::destination::DestinationOwner;
use s3guard_posture::model::observed::DescribedKey;
use s3guard_posture::model::setting::{Key, KeyOwner, Replication, Tags};
use s3guard_posture::{BucketId, KeyArn, KeyState, Observed, Reading};

use super::Buckets;
use crate::stacks::Stacks;
use crate::{AwsError, Connection, keys};

/// The most destinations of a bucket whose owners are looked up.
const LOOKED_UP_MAX: usize = 20;

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

/// Reads from KMS which key of the account the bucket has; absent if it has none.
pub(super) async fn bucket_key(
    buckets: &Buckets,
    observed: &Observed,
) -> Result<Reading<DescribedKey>, AwsError> {
    let BucketId { account, region, .. } = &observed.id;
    let key = observed.encryption.known().and_then(|encryption| encryption.algorithm.key());
    match key {
        Some(key @ Key::Named(name)) if key.owner(account) == KeyOwner::Account => {
            keys::describe(&buckets.connection(region), name).await
        }
        Some(_) | None => Ok(Reading::Absent),
    }
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

/// Looks up which destinations are buckets of the account, among the account's buckets: a call on the destination would need
/// a permission there, and another Region's endpoint.
pub(super) async fn owners(
    buckets: &Buckets,
    reading: Reading<Replication>,
) -> Result<Reading<Replication>, AwsError> {
    let Reading::Known(replication) = reading else { return Ok(reading) };
    let mut looked_up = 0;
    let mut destinations = BTreeSet::new();
    for mut destination in replication.destinations {
        if let Some(bucket) = destination.looked_up() {
            looked_up += 1;
            let owns =
                if looked_up > LOOKED_UP_MAX { None } else { Some(buckets.owns(&bucket).await) };
            destination.owner = match owns {
                None => DestinationOwner::NotReadable,
                Some(Ok(true)) => DestinationOwner::Own,
                Some(Ok(false)) => DestinationOwner::Another,
                Some(Err(error)) if error.is_denied() => DestinationOwner::NotReadable,
                Some(Err(error)) => return Err(error),
            };
        }
        destinations.insert(destination);
    }
    Ok(Reading::Known(Replication { destinations, without_kms: replication.without_kms }))
}
