//! Each question is one call and has one answer.

use s3guard_posture::{Baseline, Observed, Question, Reading};

use super::Buckets;
use crate::bucket::Bucket;
use crate::error::seen;
use crate::{AwsError, account_block};

mod around;
pub(crate) mod settings;

/// Stores the answer to a question in its field.
pub(crate) type StoreAnswer = Box<dyn FnOnce(&mut Observed) + Send>;

/// Asks a question; `None` if the bucket does not exist.
pub(crate) async fn ask(
    buckets: &Buckets,
    at: &Bucket,
    question: Question,
    observed: &Observed,
    baseline: &Baseline,
) -> Result<Option<StoreAnswer>, AwsError> {
    /// The answer that stores a reading in a field.
    macro_rules! answer {
        ($field:ident, $reading:expr) => {{
            let reading = $reading;
            Box::new(move |observed: &mut Observed| observed.$field = reading) as StoreAnswer
        }};
    }
    /// Reads a setting of the bucket.
    macro_rules! bucket {
        ($read:ident, $field:ident) => {
            bucket(question, settings::$read(at).await, |observed, reading| {
                observed.$field = reading;
            })?
        };
    }
    Ok(match question {
        Question::Encryption => bucket!(encryption, encryption),
        Question::PublicAccessBlock => bucket!(public_access_block, public_access_block),
        Question::Policy => bucket!(policy, policy),
        Question::PolicyStatus => bucket!(policy_status, policy_is_public),
        Question::Acl => bucket!(acl, acl),
        Question::Website => bucket!(website, website),
        Question::Ownership => bucket!(ownership, ownership),
        Question::Versioning => bucket!(versioning, versioning),
        Question::AccessLogs => bucket!(access_logs, access_logs),
        Question::Notifications => bucket!(notifications, notifications),
        Question::Tags => bucket!(tags, tags),
        Question::Replication => match seen(settings::replication(at).await)? {
            Some(reading) => {
                let reading = around::owners(buckets, reading).await?;
                Some(answer!(replication, reading))
            }
            None => None,
        },
        Question::Lifecycle => bucket!(lifecycle, lifecycle),
        Question::ObjectLock => bucket!(object_lock, object_lock),
        Question::AccountBlock => {
            let connection = buckets.connection(&at.id.region);
            let reading = account_block::get(&connection, &at.id.account).await?;
            Some(answer!(account_block, reading))
        }
        Question::Key => {
            let reading = around::key(buckets, &at.id, baseline.key.as_ref()).await?;
            Some(answer!(key, reading))
        }
        Question::BucketKey => {
            let reading = around::bucket_key(buckets, observed).await?;
            Some(answer!(bucket_key, reading))
        }
        Question::Stack => {
            let reading = around::stack(buckets, &observed.tags).await?;
            Some(answer!(stack_in_progress, reading))
        }
        // The ledger answers it, in the guard's flow.
        Question::History => Some(answer!(history, Reading::Absent)),
    })
}

/// Stores the reading of a bucket's setting, and why AWS refused it.
fn bucket<T: Send + 'static>(
    question: Question,
    answer: Result<Reading<T>, AwsError>,
    store: impl FnOnce(&mut Observed, Reading<T>) + Send + 'static,
) -> Result<Option<StoreAnswer>, AwsError> {
    let refusal = answer.as_ref().err().and_then(AwsError::refusal);
    let stored = |reading| {
        Box::new(move |observed: &mut Observed| {
            store(observed, reading);
            observed.refused.extend(refusal.map(|refusal| (question, refusal)));
        }) as StoreAnswer
    };
    Ok(seen(answer)?.map(stored))
}
