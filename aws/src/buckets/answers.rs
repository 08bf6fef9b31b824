//! One question, one call, one answer.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{Grant, Permission};
use s3guard_posture::{
    AccountId, BucketName, Encryption, Observed, PublicAccessBlock, Question, Reading, policy,
};

use super::encryption;
use crate::AwsError;

/// The group of everybody.
const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
/// The group of everybody who has any AWS account.
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
/// The group as which S3 writes server access logs.
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// In place of a code for "no such configuration": every bucket has an ACL.
const NEVER_ABSENT: &str = "";

/// What came of a question.
pub(super) enum Answer {
    Encryption(Reading<Encryption>),
    PublicAccessBlock(Reading<PublicAccessBlock>),
    PolicyStatus(Reading<bool>),
    Policy(Reading<bool>),
    Acl { is_public: Reading<bool>, admits_log_delivery: Reading<bool> },
    Website(Reading<()>),
}

impl Answer {
    pub(super) fn put_into(self, observed: &mut Observed) {
        match self {
            Self::Encryption(reading) => observed.encryption = reading,
            Self::PublicAccessBlock(reading) => observed.public_access_block = reading,
            Self::PolicyStatus(reading) => observed.policy_is_public = reading,
            Self::Policy(reading) => observed.policy_admits_outsiders = reading,
            Self::Acl { is_public, admits_log_delivery } => {
                observed.acl_is_public = is_public;
                observed.acl_admits_log_delivery = admits_log_delivery;
            }
            Self::Website(reading) => observed.website = reading,
        }
    }
}

/// Asks. `None` if there is no such bucket.
pub(super) async fn ask(
    client: &Client,
    owner: &AccountId,
    bucket: &BucketName,
    question: Question,
) -> Result<Option<Answer>, AwsError> {
    let (name, account) = (bucket.as_str(), owner.as_str());
    match question {
        Question::Encryption => {
            let call = client.get_bucket_encryption().bucket(name).expected_bucket_owner(account);
            let absent = "ServerSideEncryptionConfigurationNotFoundError";
            let reading = read("GetBucketEncryption", bucket, call.send().await, absent)?;
            Ok(reading.map(|reading| {
                Answer::Encryption(reading.and_then(|answer| {
                    answer.server_side_encryption_configuration().and_then(encryption::from_sdk)
                }))
            }))
        }
        Question::PublicAccessBlock => {
            let call = client.get_public_access_block().bucket(name).expected_bucket_owner(account);
            let absent = "NoSuchPublicAccessBlockConfiguration";
            let reading = read("GetPublicAccessBlock", bucket, call.send().await, absent)?;
            Ok(reading.map(|reading| {
                Answer::PublicAccessBlock(reading.and_then(|answer| {
                    answer.public_access_block_configuration().map(|block| PublicAccessBlock {
                        block_public_acls: block.block_public_acls().unwrap_or(false),
                        ignore_public_acls: block.ignore_public_acls().unwrap_or(false),
                        block_public_policy: block.block_public_policy().unwrap_or(false),
                        restrict_public_buckets: block.restrict_public_buckets().unwrap_or(false),
                    })
                }))
            }))
        }
        Question::PolicyStatus => {
            let call =
                client.get_bucket_policy_status().bucket(name).expected_bucket_owner(account);
            let reading =
                read("GetBucketPolicyStatus", bucket, call.send().await, "NoSuchBucketPolicy")?;
            Ok(reading.map(|reading| {
                Answer::PolicyStatus(reading.and_then(|answer| answer.policy_status()?.is_public()))
            }))
        }
        Question::Policy => {
            let call = client.get_bucket_policy().bucket(name).expected_bucket_owner(account);
            let reading = read("GetBucketPolicy", bucket, call.send().await, "NoSuchBucketPolicy")?;
            Ok(reading.map(|reading| {
                Answer::Policy(reading.and_then(|answer| {
                    answer.policy().map(|text| {
                        // What is not JSON is not understood, and counts as letting others in.
                        let policy = serde_json::from_str(text).unwrap_or_default();
                        policy::admits_outsiders(&policy, owner)
                    })
                }))
            }))
        }
        Question::Acl => {
            let call = client.get_bucket_acl().bucket(name).expected_bucket_owner(account);
            let reading = read("GetBucketAcl", bucket, call.send().await, NEVER_ABSENT)?;
            Ok(reading.map(|reading| {
                let grants = reading.and_then(|answer| answer.grants);
                let is_public = |grants: &Vec<Grant>| {
                    grants
                        .iter()
                        .any(|grant| matches!(group(grant), Some(ALL_USERS | AUTHENTICATED_USERS)))
                };
                let is_delivery = |grants: &Vec<Grant>| {
                    grants.iter().any(|grant| {
                        group(grant) == Some(LOG_DELIVERY)
                            && matches!(
                                grant.permission(),
                                Some(Permission::Write | Permission::FullControl)
                            )
                    })
                };
                Answer::Acl {
                    is_public: grants.as_ref().and_then(|grants| Some(is_public(grants))),
                    admits_log_delivery: grants
                        .as_ref()
                        .and_then(|grants| Some(is_delivery(grants))),
                }
            }))
        }
        Question::Website => {
            let call = client.get_bucket_website().bucket(name).expected_bucket_owner(account);
            let absent = "NoSuchWebsiteConfiguration";
            let reading = read("GetBucketWebsite", bucket, call.send().await, absent)?;
            Ok(reading.map(|reading| Answer::Website(reading.and_then(|_| Some(())))))
        }
    }
}

/// Turns an answer into a reading; `None` if there is no such bucket.
fn read<T, E, R>(
    call: &'static str,
    bucket: &BucketName,
    answer: Result<T, SdkError<E, R>>,
    absent: &str,
) -> Result<Option<Reading<T>>, AwsError>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    let error = match answer {
        Ok(answer) => return Ok(Some(Reading::Known(answer))),
        Err(error) => error,
    };
    if error.code() == Some("NoSuchBucket") {
        return Ok(None);
    }
    if error.code() == Some(absent) {
        return Ok(Some(Reading::Absent));
    }
    let error = AwsError::new(call, format!("bucket `{bucket}`"), &error);
    if error.is_denied() { Ok(Some(Reading::Denied)) } else { Err(error) }
}

/// The group that a grant is for, if it is for one.
fn group(grant: &Grant) -> Option<&str> {
    grant.grantee()?.uri()
}
