//! A bucket that exists before a stack imports it: its age, which principals may use it, and what is in it.

use std::collections::BTreeSet;

use aws_sdk_s3::types::ServerSideEncryption;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{Algorithm, Encryption, Key, Ownership, Versioning};
use s3guard_posture::{AccountId, BucketName, Reading, Setting};
use time::OffsetDateTime;

use crate::bucket::Bucket;
use crate::buckets::{settings, writes};
use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// How many objects of a prefix are looked at.
const OBJECTS_MAX: i32 = 20;

/// A bucket that exists.
#[derive(Clone, Debug)]
pub struct KeptBucket {
    bucket: Bucket,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// When it was created, if the caller may list buckets.
    pub created: Option<OffsetDateTime>,
    /// Its policy.
    pub policy: Reading<Policy>,
    /// Whether ACLs are disabled.
    pub ownership: Reading<Ownership>,
    /// Whether it keeps versions.
    pub versioning: Reading<Versioning>,
    /// Its default encryption.
    pub encryption: Reading<Encryption>,
    /// What its keys begin with: up to a `/`, or whole keys.
    pub beginnings: BTreeSet<String>,
}

impl KeptBucket {
    /// A bucket of this account, in the connection's Region.
    pub fn new(connection: &Connection, name: BucketName, owner: AccountId) -> Self {
        Self { bucket: Bucket::new(connection, name, owner) }
    }

    /// The bucket's name.
    pub fn name(&self) -> &BucketName {
        &self.bucket.id.name
    }

    /// Reads the bucket; what the caller may not read is [`Reading::Denied`].
    pub async fn read(&self) -> Result<Found, AwsError> {
        let at = &self.bucket;
        // Six calls at once are a large future.
        let reads = async {
            futures_util::join!(
                self.created(),
                settings::policy(at),
                settings::ownership(at),
                settings::versioning(at),
                settings::encryption(at),
                self.beginnings(),
            )
        };
        let (created, policy, ownership, versioning, encryption, beginnings) =
            Box::pin(reads).await;
        Ok(Found {
            created: created.or_else(unless_denied)?,
            policy: policy.or_else(denied)?,
            ownership: ownership.or_else(denied)?,
            versioning: versioning.or_else(denied)?,
            encryption: encryption.or_else(denied)?,
            beginnings: beginnings?,
        })
    }

    /// Its policy and its default encryption; `None` if there is no such bucket, or the caller may not read them.
    pub async fn locks(&self) -> Result<Option<Found>, AwsError> {
        let at = &self.bucket;
        let (policy, encryption) =
            futures_util::join!(settings::policy(at), settings::encryption(at));
        let read = policy
            .and_then(|policy| Ok(Found { policy, encryption: encryption?, ..Found::default() }));
        match read {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_denied() || error.code() == Some("NoSuchBucket") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn created(&self) -> Result<Option<OffsetDateTime>, AwsError> {
        let name = self.name().as_str();
        let call = self.bucket.client.list_buckets().prefix(name).max_buckets(1);
        let answer = call.send().await.named("ListBuckets", self.bucket.object(""))?;
        let found = answer.buckets().iter().find(|bucket| bucket.name() == Some(name));
        let created = found.and_then(|bucket| bucket.creation_date());
        Ok(created.and_then(|time| OffsetDateTime::from_unix_timestamp(time.secs()).ok()))
    }

    async fn beginnings(&self) -> Result<BTreeSet<String>, AwsError> {
        let answer = on_bucket!(self.bucket, list_objects_v2).delimiter("/").send().await;
        let answer = answer.named("ListObjectsV2", self.bucket.object(""))?;
        let prefixes = answer.common_prefixes().iter().filter_map(|prefix| prefix.prefix());
        let keys = answer.contents().iter().filter_map(|object| object.key());
        Ok(prefixes.chain(keys).map(str::to_owned).collect())
    }

    /// Some keys under a prefix whose objects are not encrypted with this KMS key.
    pub async fn not_encrypted_with(
        &self,
        kms_key: Option<&str>,
        prefix: &str,
    ) -> Result<Vec<String>, AwsError> {
        let call = on_bucket!(self.bucket, list_objects_v2).prefix(prefix);
        let answer = call.max_keys(OBJECTS_MAX).send().await;
        let answer = answer.named("ListObjectsV2", self.bucket.object(""))?;
        let mut others = Vec::new();
        for key in answer.contents().iter().filter_map(|object| object.key()) {
            let head = on_bucket!(self.bucket, head_object).key(key).send().await;
            let head = head.named("HeadObject", self.bucket.object(key))?;
            let is_kms = head.server_side_encryption() == Some(&ServerSideEncryption::AwsKms);
            if !is_kms || kms_key.is_none() || head.ssekms_key_id() != kms_key {
                others.push(key.to_owned());
            }
        }
        Ok(others)
    }

    /// Deletes its policy.
    pub async fn delete_policy(&self) -> Result<(), AwsError> {
        writes::apply(&self.bucket, &Setting::Policy(None)).await
    }

    /// Puts a policy back.
    pub async fn put_policy(&self, text: &str) -> Result<(), AwsError> {
        writes::apply(&self.bucket, &Setting::Policy(Some(text.to_owned()))).await
    }
}

impl Found {
    /// The KMS key of the default encryption.
    pub fn kms_key(&self) -> Option<&str> {
        match &self.encryption.known()?.algorithm {
            Algorithm::Kms(Key::Named(key)) => Some(key),
            Algorithm::Kms(Key::AwsManaged)
            | Algorithm::SseS3
            | Algorithm::NotSaid
            | Algorithm::Dsse(_)
            | Algorithm::Other(_) => None,
        }
    }
}

fn denied<T>(error: AwsError) -> Result<Reading<T>, AwsError> {
    if error.is_denied() { Ok(Reading::Denied) } else { Err(error) }
}

fn unless_denied<T>(error: AwsError) -> Result<Option<T>, AwsError> {
    if error.is_denied() { Ok(None) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, error};

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";

    fn kept(fake: &Fake) -> KeptBucket {
        let owner = "111122223333".parse().unwrap();
        KeptBucket::new(&fake.connection(), "ledger".parse().unwrap(), owner)
    }

    #[tokio::test]
    async fn a_bucket_is_read_and_what_may_not_be_read_is_said() {
        let fake = Fake::new(|asked| {
            let body = match &asked.line {
                line if line.contains("?policy") => return error(403, "AccessDenied"),
                line if line.contains("?ownership") => {
                    return error(404, "OwnershipControlsNotFoundError");
                }
                line if line.contains("?versioning") => {
                    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
                }
                line if line.contains("?encryption") => {
                    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                    <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>arn:aws:kms:eu-west-1:111122223333:key/1</KMSMasterKeyID>\
                    </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
                }
                line if line.contains("list-type=2") => {
                    "<ListBucketResult><Contents><Key>top</Key></Contents>\
                     <CommonPrefixes><Prefix>records/</Prefix></CommonPrefixes></ListBucketResult>"
                }
                _ => {
                    "<ListAllMyBucketsResult><Buckets><Bucket><Name>ledger</Name>\
                      <CreationDate>2026-11-24T12:00:00Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"
                }
            };
            (200, body.to_owned())
        });
        let found = kept(&fake).read().await.unwrap();
        assert_eq!(found.created, OffsetDateTime::from_unix_timestamp(1_795_521_600).ok());
        assert_eq!((&found.policy, &found.ownership), (&Reading::Denied, &Reading::Absent));
        assert!(found.versioning.known().is_some_and(|versioning| versioning.enabled));
        assert_eq!(found.kms_key(), Some(KEY));
        assert_eq!(found.beginnings, BTreeSet::from(["records/", "top"].map(str::to_owned)));
    }

    #[tokio::test]
    async fn an_object_without_the_key_is_found() {
        let list =
            "<ListBucketResult><Contents><Key>suppressions/a</Key></Contents></ListBucketResult>";
        for kms_key in [Some(KEY), None] {
            // The answer to the second call names no encryption.
            let fake = Fake::answering([(200, list), (200, "")]);
            let others = kept(&fake).not_encrypted_with(kms_key, "suppressions/").await.unwrap();
            assert_eq!(others, ["suppressions/a"]);
            assert!(fake.asked()[0].line.contains("max-keys=20"), "{}", fake.wire());
        }
    }

    #[tokio::test]
    async fn its_policy_is_deleted_and_put_back() {
        let fake = Fake::answering([(204, ""), (204, "")]);
        kept(&fake).delete_policy().await.unwrap();
        kept(&fake).put_policy("{}").await.unwrap();
        let asked = fake.asked();
        assert!(asked[0].line.starts_with("DELETE") && asked[0].line.contains("?policy"));
        assert!(asked[1].line.starts_with("PUT") && asked[1].body == "{}");
        assert!(asked.iter().all(|one| one.header("x-amz-expected-bucket-owner").is_some()));
    }
}
