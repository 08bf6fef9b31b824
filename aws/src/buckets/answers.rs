//! One question, one call, one answer.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{AccountId, Baseline, BucketName, Observed, Question, Reading};

use super::{Buckets, Place};
use crate::error::Answer as _;
use crate::error::in_bucket;
use crate::{AccountBlock, AwsError};

/// Asks the bucket for a setting, which S3 answers with the code `absent` where it is not set, and reads a part of the answer.
macro_rules! ask_bucket {
    ($at:expr, $name:literal, $call:ident, $absent:expr, $part:expr) => {
        read(($name, $at.name), on_bucket!($at, $call).send().await, &$absent, $part)
    };
}

mod access;
mod around;
mod keeping;
mod rules;

pub(crate) use access::is_public;

/// The tags of a bucket; none if there is no such bucket.
pub(crate) async fn tags(
    client: &Client,
    owner: &AccountId,
    bucket: &BucketName,
) -> Result<Reading<Tags>, AwsError> {
    let tags = keeping::tags(Place { client, owner, name: bucket }).await?;
    Ok(tags.unwrap_or(Reading::Absent))
}

/// What came of a question, and where it belongs.
pub(super) struct Answer(Box<dyn FnOnce(&mut Observed) + Send>);

/// What came of reading a setting of a bucket; `None` if there is no such bucket.
type Seen<T> = Result<Option<Reading<T>>, AwsError>;

impl Answer {
    /// Takes the reading of a field.
    fn to<T: Send + 'static>(
        field: fn(&mut Observed) -> &mut Reading<T>,
        reading: Reading<T>,
    ) -> Self {
        Self(Box::new(move |observed| *field(observed) = reading))
    }

    pub(super) fn put_into(self, observed: &mut Observed) {
        (self.0)(observed);
    }
}

/// Asks. `None` if there is no such bucket.
pub(super) async fn ask(
    buckets: &Buckets,
    question: Question,
    observed: &Observed,
    baseline: &Baseline,
) -> Result<Option<Answer>, AwsError> {
    let id = &observed.id;
    let client = buckets.client(&id.region);
    let place = Place { client: &client, owner: &buckets.owner, name: &id.name };
    /// Asks the bucket for a setting.
    macro_rules! bucket {
        ($read:path, $field:ident) => {
            $read(place).await?.map(|reading| Answer::to(|observed| &mut observed.$field, reading))
        };
    }
    Ok(match question {
        Question::Encryption => bucket!(keeping::encryption, encryption),
        Question::PublicAccessBlock => bucket!(access::public_access_block, public_access_block),
        Question::Policy => bucket!(access::policy, policy),
        Question::PolicyStatus => bucket!(access::policy_status, policy_is_public),
        Question::Acl => bucket!(access::acl, acl),
        Question::Website => bucket!(access::website, website),
        Question::Ownership => bucket!(access::ownership, ownership),
        Question::Versioning => bucket!(keeping::versioning, versioning),
        Question::AccessLogs => bucket!(keeping::access_logs, access_logs),
        Question::Notifications => bucket!(keeping::notifications, notifications),
        Question::Tags => bucket!(keeping::tags, tags),
        Question::Replication => bucket!(rules::replication, replication),
        Question::Lifecycle => bucket!(rules::lifecycle, lifecycle),
        Question::ObjectLock => bucket!(rules::object_lock, object_lock),
        Question::AccountBlock => {
            let connection = buckets.connection(&id.region);
            let reading = AccountBlock::new(&connection, buckets.owner.clone()).get().await?;
            Some(Answer::to(|observed| &mut observed.account_block, reading))
        }
        Question::Key => {
            let reading = around::key(buckets, id, baseline.key.as_ref()).await?;
            Some(Answer::to(|observed| &mut observed.key, reading))
        }
        Question::Stack => {
            let reading = around::stack(buckets, &observed.tags).await?;
            Some(Answer::to(|observed| &mut observed.stack_in_progress, reading))
        }
        Question::History => {
            let reading = around::history(buckets, &id.name).await?;
            Some(Answer::to(|observed| &mut observed.history, reading))
        }
    })
}

/// Turns an answer into the reading of a part of it; `None` if there is no such bucket.
fn read<T, U, E, R>(
    (call, bucket): (&'static str, &BucketName),
    answer: Result<T, SdkError<E, R>>,
    absent: &[&str],
    part: impl FnOnce(T) -> Option<U>,
) -> Seen<U>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    match answer.reading(call, in_bucket(bucket, ""), absent) {
        Err(error) if error.code() == Some("NoSuchBucket") => Ok(None),
        reading => Ok(Some(reading?.and_then(part))),
    }
}
