//! Default encryption, between the SDK's types and ours.

use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use s3guard_posture::model::setting::{Algorithm, Encryption, Key, SseC};

/// Reads the one rule of a bucket, if it has one.
pub(crate) fn from_sdk(configuration: &ServerSideEncryptionConfiguration) -> Option<Encryption> {
    let rule = configuration.rules().first()?;
    // A rule may have only blocked types.
    // Source: Amazon S3 API Reference, `PutBucketEncryption`, example 4.
    let default = rule.apply_server_side_encryption_by_default();
    let algorithm = default.map_or(Algorithm::NotSaid, algorithm);
    let sse_c = match rule.blocked_encryption_types().map(BlockedEncryptionTypes::encryption_type) {
        None | Some([]) => SseC::NotSaid,
        Some(types) if types.contains(&EncryptionType::SseC) => SseC::Blocked,
        Some(_) => SseC::Allowed,
    };
    let bucket_key = rule.bucket_key_enabled().unwrap_or(false);
    Some(Encryption { algorithm, bucket_key, sse_c })
}

/// The whole configuration: S3 replaces the old one.
pub(super) fn to_sdk(encryption: &Encryption) -> ServerSideEncryptionConfiguration {
    let key_id = match encryption.algorithm.key() {
        Some(Key::Named(name)) => Some(name.clone()),
        Some(Key::AwsManaged) | None => None,
    };
    let default = encryption.algorithm.name().map(|name| {
        ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(name))
            .set_kms_master_key_id(key_id)
            .build()
            .expect("the algorithm is given")
    });
    // Without a default, what was not set is not set.
    let bucket_key = Some(encryption.bucket_key).filter(|is_on| *is_on || default.is_some());
    let blocked = match encryption.sse_c {
        SseC::Blocked => Some(EncryptionType::SseC),
        SseC::Allowed => Some(EncryptionType::None),
        SseC::NotSaid => None,
    };
    let blocked =
        blocked.map(|blocked| BlockedEncryptionTypes::builder().encryption_type(blocked).build());
    let rule = ServerSideEncryptionRule::builder()
        .set_apply_server_side_encryption_by_default(default)
        .set_bucket_key_enabled(bucket_key)
        .set_blocked_encryption_types(blocked)
        .build();
    ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("there is a rule")
}

fn algorithm(default: &ServerSideEncryptionByDefault) -> Algorithm {
    let key = || match default.kms_master_key_id() {
        None | Some("") => Key::AwsManaged,
        Some(name) => Key::Named(name.to_owned()),
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "AWS adds algorithms; those are left alone")]
    match default.sse_algorithm() {
        ServerSideEncryption::Aes256 => Algorithm::SseS3,
        ServerSideEncryption::AwsKms => Algorithm::Kms(key()),
        ServerSideEncryption::AwsKmsDsse => Algorithm::Dsse(key()),
        other => Algorithm::Other(other.as_str().to_owned()),
    }
}
