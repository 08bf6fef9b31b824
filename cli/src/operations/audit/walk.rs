//! The way over all buckets: listed by pages, read many at once, in the order of the list.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, Stream, StreamExt as _};
use s3guard_audit::Finding;
use s3guard_audit::report::BucketCounts;
use s3guard_aws::AwsError;
use s3guard_aws::survey::{ListedBucket, ListedPage, Survey};
use s3guard_posture::BucketId;

use super::{Judge, Seen, Walked, Wanted};

/// How many buckets are read at once for each request that a Region may take: the first round of one has six.
const REQUESTS_OF_A_BUCKET: usize = 3;

/// One step.
enum Step {
    /// A bucket was audited, or deleted meanwhile.
    Bucket(Option<Box<Seen>>),
    /// What is said of a Region.
    Region(Vec<Finding>),
}

type Steps<'a> = Pin<Box<dyn Stream<Item = Result<Step, AwsError>> + 'a>>;

/// The way over the buckets.
pub(super) struct Walk<'a> {
    steps: Steps<'a>,
    walked: Arc<Mutex<Walked>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(survey: &'a Survey, wanted: &'a Wanted, judge: &'a Judge) -> Self {
        let walked = Arc::new(Mutex::new(Walked::default()));
        let pages = stream::unfold(Some(None), move |next: Option<Option<String>>| async move {
            let page = survey.list(next?).await;
            let next = page.as_ref().ok().and_then(|page| page.continuation.clone());
            Some((page, next.map(Some)))
        });
        let listed = Arc::clone(&walked);
        let jobs = pages.flat_map(move |page| stream::iter(jobs(page, wanted, &listed)));
        let window = (wanted.in_flight_max / REQUESTS_OF_A_BUCKET).max(4);
        let steps = jobs.map(move |job| job.run(survey, judge)).buffered(window);
        Self { steps: Box::pin(steps), walked }
    }

    /// What the next bucket breaks.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<Finding>, AwsError>> {
        let step = match self.steps.next().await? {
            Ok(step) => step,
            Err(error) => return Some(Err(error)),
        };
        let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Ok(match step {
            Step::Bucket(Some(seen)) => walked.add(*seen),
            Step::Bucket(None) => {
                walked.counts.gone += 1;
                Vec::new()
            }
            Step::Region(findings) => findings,
        }))
    }

    /// How many buckets are listed and audited.
    pub(super) fn counts(&self) -> BucketCounts {
        self.walked.lock().unwrap_or_else(PoisonError::into_inner).counts
    }

    /// All that was seen.
    pub(super) fn finish(self) -> Walked {
        std::mem::take(&mut *self.walked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is to be done next.
enum Job {
    Bucket(ListedBucket),
    Region(s3guard_posture::Region),
    Fail(AwsError),
}

/// Notes what a page lists, and returns what is to be done about it.
fn jobs(page: Result<ListedPage, AwsError>, wanted: &Wanted, walked: &Mutex<Walked>) -> Vec<Job> {
    let page = match page {
        Ok(page) => page,
        Err(error) => return vec![Job::Fail(error)],
    };
    let mut walked = walked.lock().unwrap_or_else(PoisonError::into_inner);
    let mut jobs = Vec::new();
    // S3 creates no such names any more; they can only be counted.
    walked.counts.listed += page.strange.len();
    walked.names.extend(page.strange);
    for bucket in page.buckets {
        walked.names.insert(bucket.name.to_string());
        if !wanted.wants(bucket.name.as_str(), &bucket.region) {
            continue;
        }
        walked.counts.listed += 1;
        if walked.regions.insert(bucket.region.clone()) {
            jobs.push(Job::Region(bucket.region.clone()));
        }
        jobs.push(Job::Bucket(bucket));
    }
    jobs
}

impl Job {
    async fn run(self, survey: &Survey, judge: &Judge) -> Result<Step, AwsError> {
        match self {
            Self::Bucket(ListedBucket { name, region }) => {
                let id = BucketId { name, account: judge.account.id.clone(), region };
                let seen = judge.audit(survey, id).await?;
                Ok(Step::Bucket(seen.map(Box::new)))
            }
            Self::Region(region) => Ok(Step::Region(judge.of_region(survey, &region).await?)),
            Self::Fail(error) => Err(error),
        }
    }
}
