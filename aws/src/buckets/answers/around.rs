//! What surrounds the bucket: the wanted key, its stack, the ledger.

use aws_sdk_kms::error::ProvideErrorMetadata as _;
use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState as State, KeyUsageType};
use s3guard_posture::assess::STACK_TAG;
use s3guard_posture::setting::Tags;
use s3guard_posture::{BucketId, BucketName, History, KeyArn, KeyState, Reading};

use super::Buckets;
use crate::stacks::{StackStatus, Stacks};
use crate::{AwsError, Connection};

/// Asks KMS, in the key's Region, whether a bucket can be encrypted with the key.
///
/// A key of another account is as good as one of ours, if it is there and enabled: organizations keep theirs in an
/// account for that. Whether its policy lets the bucket's writers use it cannot be asked.
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
    let client = aws_sdk_kms::Client::new(&connection.config);
    let error = match client.describe_key().key_id(key.as_str()).send().await {
        Ok(answer) => return Ok(Reading::Known(state(answer.key_metadata()))),
        Err(error) => error,
    };
    if error.code() == Some("NotFoundException") {
        return Ok(Reading::Absent);
    }
    let error = AwsError::new("DescribeKey", format!("key `{key}`"), &error);
    if error.is_denied() { Ok(Reading::Denied) } else { Err(error) }
}

/// Whether objects can be encrypted with the key.
///
/// Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys": symmetric keys only.
fn state(key: Option<&KeyMetadata>) -> KeyState {
    let Some(key) = key else {
        return KeyState::Unusable("KMS does not describe it".to_owned());
    };
    let (state, usage, spec) = (key.key_state(), key.key_usage(), key.key_spec());
    if state != Some(&State::Enabled) {
        let state = state.map_or("unknown", State::as_str);
        return KeyState::Unusable(format!("its state is `{state}`"));
    }
    if usage != Some(&KeyUsageType::EncryptDecrypt) {
        let usage = usage.map_or("unknown", KeyUsageType::as_str);
        return KeyState::Unusable(format!("it is not for encryption, but for `{usage}`"));
    }
    if spec != Some(&KeySpec::SymmetricDefault) {
        let spec = spec.map_or("unknown", KeySpec::as_str);
        return KeyState::Unusable(format!("it is not symmetric, but `{spec}`"));
    }
    KeyState::Usable
}

/// Asks CloudFormation whether the bucket's stack is being made or changed.
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
        Ok(Some(stack)) if stack.status == StackStatus::DeleteComplete => Ok(Reading::Absent),
        Ok(Some(stack)) => Ok(Reading::Known(stack.status.may_still_write())),
        Ok(None) => Ok(Reading::Absent),
        Err(error) if error.is_denied() => Ok(Reading::Denied),
        Err(error) => Err(error),
    }
}

/// Reads from the ledger what the guard has done lately. Without a ledger there is nothing to know.
pub(super) async fn history(
    buckets: &Buckets,
    bucket: &BucketName,
) -> Result<Reading<History>, AwsError> {
    match &buckets.ledger {
        Some(ledger) => ledger.history(bucket, (buckets.now)()).await,
        None => Ok(Reading::Absent),
    }
}
