//! KMS keys.

use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeySpec, KeyState as State, KeyUsageType};
use s3guard_posture::model::observed::DescribedKey;
use s3guard_posture::{KeyArn, KeyState, Reading};

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// Reads from KMS, in the connection's Region, whether objects can be encrypted with the key.
pub async fn state(connection: &Connection, key: &KeyArn) -> Result<Reading<KeyState>, AwsError> {
    let client = Client::new(&connection.config);
    let answer = client.describe_key().key_id(key.as_str()).send().await;
    let key = answer.judged("DescribeKey", format!("key `{key}`"), &["NotFoundException"])?;
    Ok(key.map_ref(|answer| usable(answer.key_metadata())))
}

/// Reads from KMS, in the connection's Region, which key of the account this is, by ARN, id or alias.
///
/// The name is a bucket's, which S3 does not check: one that KMS does not accept is that of no key.
pub async fn describe(
    connection: &Connection,
    name: &str,
) -> Result<Reading<DescribedKey>, AwsError> {
    let client = Client::new(&connection.config);
    let answer = client.describe_key().key_id(name).send().await;
    let absent = ["NotFoundException", "InvalidArnException", "ValidationException"];
    let key = answer.reading("DescribeKey", format!("key `{name}`"), &absent)?;
    Ok(key.and_then(|answer| {
        let key = answer.key_metadata?;
        let is_aws_managed = key.key_manager() == Some(&KeyManagerType::Aws);
        Some(DescribedKey { arn: key.arn.unwrap_or_default(), is_aws_managed })
    }))
}

/// Whether objects can be encrypted with the key.
///
/// Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys": symmetric keys only.
fn usable(key: Option<&KeyMetadata>) -> KeyState {
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
        return KeyState::Unusable(format!("its usage is `{usage}`, not encryption"));
    }
    if spec != Some(&KeySpec::SymmetricDefault) {
        let spec = spec.map_or("unknown", KeySpec::as_str);
        return KeyState::Unusable(format!("its key spec is `{spec}`, not symmetric"));
    }
    KeyState::Usable
}
