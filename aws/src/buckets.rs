//! Reads and writes the settings of buckets, and lists buckets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::DateTime;
use futures_util::future::join_all;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::reconcile::account::Page;
use s3guard_posture::{
    Account, AccountId, Baseline, BucketId, BucketName, Observed, Question, Reading, Record,
    Region, Setting,
};
use time::OffsetDateTime;

use crate::bucket::Bucket;
use crate::error::{Answer as _, seen};
use crate::{AwsError, Connection, Ledger, account_block};

mod answers;
mod encryption;
mod notifications;
mod objects;
pub(crate) mod writes;

pub(crate) use self::answers::settings;
#[cfg(feature = "deploy")]
pub(crate) use self::answers::{StoreAnswer, ask};

/// How many pages of a thousand buckets are read to count those of each Region.
const PAGES_MAX: usize = 100;

/// The buckets of an account, as seen from one Region.
#[derive(Clone, Debug)]
pub struct Buckets {
    connection: Connection,
    client: Client,
    owner: AccountId,
    ledger: Option<Ledger>,
}

impl Buckets {
    /// The buckets of `owner`. Every call names the owner that it expects, so that it cannot change another account's bucket.
    ///
    /// Without a ledger no record is written.
    pub fn new(connection: &Connection, owner: AccountId, ledger: Option<Ledger>) -> Self {
        let client = Client::new(&connection.config);
        Self { connection: connection.clone(), client, owner, ledger }
    }

    /// A connection to a Region.
    fn connection(&self, region: &Region) -> Connection {
        if region == self.connection.region() {
            self.connection.clone()
        } else {
            self.connection.in_region(region)
        }
    }

    /// The bucket, with a client of its Region: S3 answers only there.
    fn at(&self, name: &BucketName, region: &Region) -> Bucket {
        let client = if region == self.connection.region() {
            self.client.clone()
        } else {
            Client::new(&self.connection(region).config)
        };
        let (name, account, region) = (name.clone(), self.owner.clone(), region.clone());
        Bucket { client, id: BucketId { name, account, region } }
    }

    /// The tags of a bucket in the connection's Region; absent if the bucket does not exist.
    pub async fn tags(&self, bucket: &BucketName) -> Result<Reading<Tags>, AwsError> {
        let tags = settings::tags(&self.at(bucket, self.connection.region())).await;
        Ok(seen(tags)?.unwrap_or(Reading::Absent))
    }

    /// The policy of a bucket in the connection's Region; absent if the bucket does not exist.
    pub async fn policy(&self, bucket: &BucketName) -> Result<Reading<Policy>, AwsError> {
        let policy = settings::policy(&self.at(bucket, self.connection.region())).await;
        Ok(seen(policy)?.unwrap_or(Reading::Absent))
    }

    /// Whether the account owns a bucket of this name, in any Region.
    pub(crate) async fn owns(&self, bucket: &BucketName) -> Result<bool, AwsError> {
        // The list is sorted, so the name itself comes before those that it is a prefix of.
        let call = self.client.list_buckets().prefix(bucket.as_str()).max_buckets(1000);
        let answer = call.send().await.named("ListBuckets", format!("account `{}`", self.owner))?;
        Ok(answer.buckets().iter().any(|one| one.name() == Some(bucket.as_str())))
    }

    /// The names of all buckets of the connection's Region.
    pub async fn names(&self) -> Result<BTreeSet<BucketName>, AwsError> {
        let mut names = BTreeSet::new();
        let mut page = self.list(None).await?;
        loop {
            names.extend(page.buckets);
            let Some(next) = page.continuation else { return Ok(names) };
            page = self.list(Some(next)).await?;
        }
    }

    /// The buckets of the connection's Region whose names are wanted, with their tags.
    pub async fn tagged(
        &self,
        is_wanted: impl Fn(&BucketName) -> bool,
    ) -> Result<Vec<(BucketName, Reading<Tags>)>, AwsError> {
        let mut tagged = Vec::new();
        for name in self.names().await?.into_iter().filter(is_wanted) {
            let tags = self.tags(&name).await?;
            tagged.push((name, tags));
        }
        Ok(tagged)
    }
}

impl Account for Buckets {
    type Error = AwsError;

    async fn observe(
        &self,
        ask: &[Question],
        mut observed: Observed,
        baseline: &Baseline,
    ) -> Result<Option<Observed>, AwsError> {
        let at = self.at(&observed.id.name, &observed.id.region);
        if ask.contains(&Question::Encryption) {
            // The bucket may have another key now.
            observed.bucket_key = Reading::Unread;
        }
        let asked =
            ask.iter().map(|question| answers::ask(self, &at, *question, &observed, baseline));
        for answer in join_all(asked).await {
            match answer? {
                Some(answer) => answer(&mut observed),
                None => return Ok(None),
            }
        }
        Ok(Some(observed))
    }

    async fn apply(&self, bucket: &BucketId, setting: &Setting) -> Result<bool, AwsError> {
        if let Setting::AccountPublicAccessBlock(block) = setting {
            account_block::put(&self.connection, &self.owner, *block).await?;
            return Ok(true);
        }
        match writes::apply(&self.at(&bucket.name, &bucket.region), setting).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_gone() => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn keep(&self, record: &Record) -> Result<(), AwsError> {
        match &self.ledger {
            Some(ledger) => ledger.keep(record).await,
            None => Ok(()),
        }
    }

    async fn pause(&self, attempt: u32) {
        // S3's settings are usually consistent at once, and otherwise within seconds: 0.3 s, 0.9 s, 2.7 s.
        let pause = Duration::from_millis(100) * 3_u32.saturating_pow(attempt.min(5));
        tokio::time::sleep(pause).await;
    }

    async fn created(&self, bucket: &BucketId) -> Result<Option<OffsetDateTime>, AwsError> {
        let name = bucket.name.as_str();
        let call = self.client.list_buckets().prefix(name).bucket_region(bucket.region.as_str());
        let answer = call.send().await.named("ListBuckets", format!("bucket `{name}`"))?;
        let same = answer.buckets().iter().find(|bucket| bucket.name() == Some(name));
        Ok(same.and_then(aws_sdk_s3::types::Bucket::creation_date).and_then(as_time))
    }

    async fn regions(&self) -> Result<BTreeMap<Region, Vec<BucketName>>, AwsError> {
        let mut regions: BTreeMap<Region, Vec<BucketName>> = BTreeMap::new();
        let mut continuation = None;
        for _ in 0..PAGES_MAX {
            // With a parameter S3 says the Region of each bucket.
            // Source: Amazon S3 API Reference, `Bucket`, `BucketRegion`.
            let call = self.client.list_buckets().max_buckets(1000);
            let answer = call.set_continuation_token(continuation).send().await;
            let answer = answer.named("ListBuckets", format!("account `{}`", self.owner))?;
            for bucket in answer.buckets() {
                let name = bucket.name().and_then(|name| name.parse().ok());
                let region = bucket.bucket_region().and_then(|region| region.parse().ok());
                let (Some(name), Some(region)) = (name, region) else { continue };
                regions.entry(region).or_default().push(name);
            }
            continuation = answer.continuation_token().map(str::to_owned);
            if continuation.is_none() {
                break;
            }
        }
        Ok(regions)
    }

    /// Lists a thousand buckets at a time.
    async fn list(&self, continuation: Option<String>) -> Result<Page, AwsError> {
        let region = self.connection.region();
        let call = self
            .client
            .list_buckets()
            .max_buckets(1000)
            .bucket_region(region.as_str())
            .set_continuation_token(continuation);
        let answer = call.send().await.named("ListBuckets", format!("account `{}`", self.owner))?;
        // An endpoint that ignores the parameter lists the buckets of every Region.
        let is_here = |bucket: &&aws_sdk_s3::types::Bucket| {
            bucket.bucket_region().is_none_or(|there| there == region.as_str())
        };
        let mut page = Page {
            buckets: Vec::new(),
            created: BTreeMap::new(),
            strange: Vec::new(),
            continuation: answer.continuation_token().map(str::to_owned),
        };
        for bucket in answer.buckets().iter().filter(is_here) {
            let Some(name) = bucket.name() else { continue };
            let Ok(name) = name.parse::<BucketName>() else {
                page.strange.push(name.to_owned());
                continue;
            };
            let created = bucket.creation_date().and_then(as_time);
            page.created.extend(created.map(|created| (name.clone(), created)));
            page.buckets.push(name);
        }
        Ok(page)
    }
}

fn as_time(time: &DateTime) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(time.secs()).ok()
}

#[cfg(test)]
mod tests;
