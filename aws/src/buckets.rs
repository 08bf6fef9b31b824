//! Buckets: reads and writes their settings, lists them.

use std::time::Duration;

use aws_sdk_s3::Client;
use futures_util::future::join_all;
use s3guard_posture::reconcile::account::Page;
use s3guard_posture::{
    Account, AccountId, Baseline, BucketId, BucketName, Observed, Question, Record, Region, Setting,
};
use time::OffsetDateTime;

use crate::account_block::AccountBlock;
use crate::error::Answer as _;
use crate::{AwsError, Connection, Ledger};

mod answers;
pub(crate) mod encryption;
mod notifications;
pub(crate) mod public_access;
pub(crate) mod writes;

pub(crate) use answers::{is_public, tags};

/// The buckets of one account, seen from one Region.
#[derive(Clone, Debug)]
pub struct Buckets {
    connection: Connection,
    client: Client,
    owner: AccountId,
    ledger: Option<Ledger>,
    now: fn() -> OffsetDateTime,
}

/// A bucket, and what it is called by.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) client: &'a Client,
    pub(crate) owner: &'a AccountId,
    pub(crate) name: &'a BucketName,
}

impl Buckets {
    /// The buckets of `owner`. Every call says whose bucket it expects, so that no other account's is touched.
    ///
    /// The ledger is in the connection's Region. Without one there is no history, and no record is kept.
    pub fn new(
        connection: &Connection,
        owner: AccountId,
        ledger: Option<BucketName>,
        now: fn() -> OffsetDateTime,
    ) -> Self {
        let ledger = ledger.map(|bucket| Ledger::new(connection, bucket, owner.clone()));
        let client = Client::new(&connection.config);
        Self { connection: connection.clone(), client, owner, ledger, now }
    }

    /// The way to a Region.
    fn connection(&self, region: &Region) -> Connection {
        if region == self.connection.region() {
            self.connection.clone()
        } else {
            self.connection.in_region(region)
        }
    }

    /// The client for a bucket of this Region: S3 answers only there.
    fn client(&self, region: &Region) -> Client {
        if region == self.connection.region() {
            self.client.clone()
        } else {
            Client::new(&self.connection(region).config)
        }
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
        let asked = ask.iter().map(|question| answers::ask(self, *question, &observed, baseline));
        for answer in join_all(asked).await {
            match answer? {
                Some(answer) => answer.put_into(&mut observed),
                None => return Ok(None),
            }
        }
        Ok(Some(observed))
    }

    async fn apply(&self, bucket: &BucketId, setting: &Setting) -> Result<bool, AwsError> {
        if let Setting::AccountPublicAccessBlock(block) = setting {
            let account = AccountBlock::new(&self.connection, self.owner.clone());
            match block {
                Some(block) => account.put(*block).await?,
                None => account.delete().await?,
            }
            return Ok(true);
        }
        let client = self.client(&bucket.region);
        let at = Place { client: &client, owner: &self.owner, name: &bucket.name };
        match writes::apply(at, setting).await {
            Ok(()) => Ok(true),
            Err(error) if error.code() == Some("NoSuchBucket") => Ok(false),
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
        // S3's settings are mostly consistent at once, and then after seconds: 0.3 s, 0.9 s, 2.7 s.
        let pause = Duration::from_millis(100) * 3_u32.saturating_pow(attempt.min(5));
        tokio::time::sleep(pause).await;
    }

    /// A thousand at a time.
    async fn list(&self, continuation: Option<String>) -> Result<Page, AwsError> {
        let region = self.connection.region();
        let call = self
            .client
            .list_buckets()
            .max_buckets(1000)
            .bucket_region(region.as_str())
            .set_continuation_token(continuation);
        let answer = call.send().await.named("ListBuckets", format!("account `{}`", self.owner))?;
        // An endpoint that does not know the parameter lists every Region's.
        let is_here = |bucket: &&aws_sdk_s3::types::Bucket| {
            bucket.bucket_region().is_none_or(|there| there == region.as_str())
        };
        let mut page = Page {
            buckets: Vec::new(),
            strange: Vec::new(),
            continuation: answer.continuation_token().map(str::to_owned),
        };
        for name in answer.buckets().iter().filter(is_here).filter_map(|bucket| bucket.name()) {
            match name.parse() {
                Ok(name) => page.buckets.push(name),
                Err(_) => page.strange.push(name.to_owned()),
            }
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests;
