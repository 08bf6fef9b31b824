//! Reads the settings of many buckets in many Regions, as fast as S3 allows.
//!
//! Requests have the bucket in the path, so that all buckets of a Region share its connections: with the bucket in the host
//! each bucket would cost a TLS handshake for each request at once. A limiter for each Region follows what S3 takes.
//!
//! Source: Amazon S3 User Guide, "Virtual hosting of buckets".

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_s3::Client;
use futures_util::future::join_all;
use s3guard_posture::model::access_point::{AccessPoint, MultiRegionAccessPoint};
use s3guard_posture::model::setting::{Key, KeyOwner, PublicAccessBlock};
use s3guard_posture::{AccountId, Baseline, KeyArn, KeyState, Observed, Question, Reading, Region};
use tokio::sync::OnceCell;
use tokio::time::sleep;

use crate::bucket::Bucket;
use crate::buckets::{StoreAnswer, ask};
use crate::wait::{growing, random};
use crate::{AwsError, Buckets, Connection, Kind, account_block, keys};

mod access_points;
mod denials;
mod limiter;
mod listing;

use self::denials::Denials;
use self::limiter::Limiter;
pub use self::listing::{ListedBucket, ListedPage};

/// The requests that a Region takes at once, unless it has more than it wants.
pub const IN_FLIGHT_MAX: usize = 128;
/// The attempts of a call.
const ATTEMPTS_MAX: usize = 6;
/// The pauses between them, before jitter.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(20);
/// When S3 is asked again about a bucket of which it said that it does not exist, although it had listed it.
///
/// Source: cloud-custodian/cloud-custodian#6048: such answers are given under load.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// The buckets of an account, read by many requests at once.
pub struct Survey {
    connection: Connection,
    owner: AccountId,
    buckets: Buckets,
    in_flight_max: usize,
    regions: Mutex<BTreeMap<Region, Arc<OfRegion>>>,
    keys: Mutex<BTreeMap<KeyArn, Arc<OnceCell<Reading<KeyState>>>>>,
    denials: Denials,
    calls: AtomicU64,
}

/// What the requests to one Region share.
struct OfRegion {
    client: Client,
    limiter: Limiter,
    access_points: OnceCell<Arc<Reading<Vec<AccessPoint>>>>,
}

/// What was read of a bucket.
#[derive(Debug)]
pub enum BucketRead {
    /// Its settings, and why an answer did not come.
    Bucket(Box<Observed>, BTreeMap<Question, AwsError>),
    /// It was deleted meanwhile.
    Gone,
}

/// How the survey goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// The calls so far.
    pub calls: u64,
    /// How often S3 had too many.
    pub throttles: u64,
}

impl Survey {
    /// The buckets of `owner`, with at most so many requests to a Region at once.
    pub fn new(connection: &Connection, owner: AccountId, in_flight_max: usize) -> Self {
        Self {
            connection: connection.clone(),
            buckets: Buckets::new(connection, owner.clone(), None),
            owner,
            in_flight_max: in_flight_max.clamp(1, IN_FLIGHT_MAX),
            regions: Mutex::default(),
            keys: Mutex::default(),
            denials: Denials::default(),
            calls: AtomicU64::new(0),
        }
    }

    /// How it goes.
    pub fn rate(&self) -> Rate {
        let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let throttles = regions.values().map(|region| region.limiter.throttles()).sum();
        Rate { calls: self.calls.load(Ordering::Relaxed), throttles }
    }

    /// The IAM actions that were refused for every bucket, of which there are many.
    pub fn refused_everywhere(&self) -> Vec<&'static str> {
        self.denials.everywhere()
    }

    /// Reads the account's effective public access block. An error is one that concerns every call.
    pub async fn account_block(&self) -> Result<Reading<PublicAccessBlock>, AwsError> {
        self.count(1);
        let block = account_block::get(&self.connection, &self.owner).await;
        unless_fatal(block, || Reading::Denied)
    }

    /// Reads the access points of a Region, once.
    pub async fn access_points(
        &self,
        region: &Region,
    ) -> Result<Arc<Reading<Vec<AccessPoint>>>, AwsError> {
        let state = self.of_region(region);
        let connection = self.connection.in_region(region);
        let list = async || {
            let (reading, calls) = access_points::list(&connection, &self.owner).await?;
            self.count(calls);
            Ok(Arc::new(reading))
        };
        state.access_points.get_or_try_init(list).await.cloned()
    }

    /// Reads the Multi-Region Access Points of the account; absent in a partition without them.
    pub async fn multi_region(&self) -> Result<Reading<Vec<MultiRegionAccessPoint>>, AwsError> {
        if self.connection.region().partition() != "aws" {
            return Ok(Reading::Absent);
        }
        let (reading, calls) = access_points::multi_region(&self.connection, &self.owner).await?;
        self.count(calls);
        Ok(reading)
    }

    /// Reads the state of a bucket's KMS key, once for each key: it is not read if it is another account's, or no ARN.
    pub async fn key(&self, observed: &Observed) -> Result<Reading<KeyState>, AwsError> {
        let encryption = observed.encryption.known();
        let Some(key @ Key::Named(name)) = encryption.and_then(|one| one.algorithm.key()) else {
            return Ok(Reading::Unread);
        };
        let Ok(arn) = name.parse::<KeyArn>() else { return Ok(Reading::Unread) };
        if key.owner(&self.owner) != KeyOwner::Account {
            return Ok(Reading::Unread);
        }
        let cell = {
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(keys.entry(arn.clone()).or_default())
        };
        let connection = self.connection.in_region(arn.region());
        let state = async || {
            self.count(1);
            unless_fatal(keys::state(&connection, &arn).await, || Reading::Denied)
        };
        cell.get_or_try_init(state).await.cloned()
    }

    /// Reads the answers to questions about a bucket, all at once. An error is one that concerns every bucket.
    pub async fn read(
        &self,
        observed: &Observed,
        questions: &[Question],
        baseline: &Baseline,
    ) -> Result<BucketRead, AwsError> {
        for pause in AGAIN_AFTER {
            match self.read_once(observed, questions, baseline).await? {
                BucketRead::Gone => sleep(pause).await,
                read @ BucketRead::Bucket(..) => return Ok(read),
            }
        }
        let read = self.read_once(observed, questions, baseline).await?;
        if matches!(read, BucketRead::Bucket(..)) {
            return Ok(read);
        }
        self.count(1);
        let is_listed = unless_fatal(self.buckets.owns(&observed.id.name).await, || true)?;
        if !is_listed {
            return Ok(BucketRead::Gone);
        }
        let mut observed = observed.clone();
        let object = format!("bucket `{}`", observed.id.name);
        let error = AwsError::other(
            "GetBucket",
            object,
            "S3 says that the bucket does not exist, although it lists it",
        );
        for question in questions {
            observed.deny(*question);
        }
        let failed = questions.iter().map(|question| (*question, error.clone()));
        Ok(BucketRead::Bucket(Box::new(observed), failed.collect()))
    }

    async fn read_once(
        &self,
        before: &Observed,
        questions: &[Question],
        baseline: &Baseline,
    ) -> Result<BucketRead, AwsError> {
        let region = self.of_region(&before.id.region);
        let at = Bucket { client: region.client.clone(), id: before.id.clone() };
        let answers = questions.iter().map(|question| {
            let ask = Ask { at: &at, question: *question, observed: before, baseline };
            self.answer(&region.limiter, ask)
        });
        let answers = join_all(answers).await;
        let mut observed = before.clone();
        let mut failed = BTreeMap::new();
        for (question, answer) in questions.iter().copied().zip(answers) {
            match answer {
                Ok(Some(store)) => {
                    store(&mut observed);
                    let is_denied = observed.reading(question).is_denied();
                    self.denials.answered(question, is_denied);
                }
                Ok(None) => return Ok(BucketRead::Gone),
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) => {
                    observed.deny(question);
                    failed.insert(question, error);
                }
            }
        }
        Ok(BucketRead::Bucket(Box::new(observed), failed))
    }

    /// The answer to one question, asked again while that may help.
    async fn answer(
        &self,
        limiter: &Limiter,
        one: Ask<'_>,
    ) -> Result<Option<StoreAnswer>, AwsError> {
        let Ask { at, question, observed, baseline } = one;
        self.asked(limiter, async || ask(&self.buckets, at, question, observed, baseline).await)
            .await
    }

    /// The answer to a call, made again while that may help.
    async fn asked<T>(
        &self,
        limiter: &Limiter,
        call: impl AsyncFn() -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let mut pauses = growing(PAUSE_FIRST, 2, PAUSE_MAX).take(ATTEMPTS_MAX - 1);
        loop {
            let permit = limiter.acquire().await;
            self.count(1);
            let error = match call().await {
                Ok(answer) => {
                    permit.succeeded();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if error.is_throttled() || matches!(error.kind, Kind::Timeout | Kind::Unreachable) {
                permit.throttled();
            } else {
                permit.succeeded();
            }
            match pauses.next() {
                Some(pause) if error.is_transient() => sleep(spread(pause)).await,
                Some(_) | None => return Err(error),
            }
        }
    }

    fn of_region(&self, region: &Region) -> Arc<OfRegion> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let state = regions.entry(region.clone()).or_insert_with(|| {
            let config = self.connection.in_region(region).config;
            let config = aws_sdk_s3::config::Builder::from(&config)
                .force_path_style(true)
                // The limiter has to see each refusal.
                .retry_config(RetryConfig::disabled())
                .build();
            Arc::new(OfRegion {
                client: Client::from_conf(config),
                limiter: Limiter::new(self.in_flight_max),
                access_points: OnceCell::new(),
            })
        });
        Arc::clone(state)
    }

    fn count(&self, calls: u64) {
        self.calls.fetch_add(calls, Ordering::Relaxed);
    }
}

/// One question about a bucket.
#[derive(Clone, Copy)]
struct Ask<'a> {
    at: &'a Bucket,
    question: Question,
    observed: &'a Observed,
    baseline: &'a Baseline,
}

/// Whether an error concerns every bucket: the credentials have expired. A Region that is not enabled for the account rejects
/// credentials that others take, so that is no such error.
///
/// Source: AWS Account Management Reference Guide, "Enable or disable AWS Regions in your account".
fn is_fatal(error: &AwsError) -> bool {
    error.is_expired() || error.kind == Kind::Credentials
}

/// The answer, or what stands for one that did not come.
fn unless_fatal<T>(
    answer: Result<T, AwsError>,
    otherwise: impl FnOnce() -> T,
) -> Result<T, AwsError> {
    match answer {
        Err(error) if is_fatal(&error) => Err(error),
        Err(_) => Ok(otherwise()),
        Ok(answer) => Ok(answer),
    }
}

/// A pause with jitter: between half and all of it.
fn spread(pause: Duration) -> Duration {
    let random = u32::try_from(random() % 512).unwrap_or(256);
    pause * (512 + random) / 1024
}

#[cfg(test)]
mod tests;
