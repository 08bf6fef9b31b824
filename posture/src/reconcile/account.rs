//! The boundary to AWS: an account with buckets and a ledger.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;

use time::OffsetDateTime;

use super::record::Record;
use crate::model::refusal::Refusal;
use crate::{Baseline, BucketId, BucketName, Observed, Question, Region, Setting};

/// One page of a list of buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The buckets of the Region.
    pub buckets: Vec<BucketName>,
    /// When each was created, if that is known. S3 changes it when some settings of the bucket are changed.
    pub created: BTreeMap<BucketName, OffsetDateTime>,
    /// Names that are not valid, as S3 returned them.
    pub strange: Vec<String>,
    /// Where the next page starts, if there is one.
    pub continuation: Option<String>,
}

/// The kind of error of a failed call; by default neither, so that it may be retried.
pub trait CallError: fmt::Display {
    /// Whether another party was writing at the same time, so that the flow has to start over.
    fn is_conflict(&self) -> bool {
        false
    }

    /// The refusal, if AWS refuses the call for good, so that a retry is refused, too.
    fn refusal(&self) -> Option<Refusal> {
        None
    }
}

impl CallError for Infallible {}

/// An AWS account, as far as the engine needs one.
pub trait Account: Sync {
    /// The error of a call.
    type Error: fmt::Display + Send;

    /// Reads the answers to `ask` into `observed`, in parallel. `None` if the bucket does not exist.
    fn observe(
        &self,
        ask: &[Question],
        observed: Observed,
        baseline: &Baseline,
    ) -> impl Future<Output = Result<Option<Observed>, Self::Error>> + Send;

    /// Writes one setting. `false` if the bucket does not exist.
    fn apply(
        &self,
        bucket: &BucketId,
        setting: &Setting,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Saves the record of a write in the ledger; it replaces an earlier one with the same id.
    fn keep(&self, record: &Record) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Waits before something is read again; longer with each attempt.
    fn pause(&self, attempt: u32) -> impl Future<Output = ()> + Send;

    /// When a bucket was created, or changed later, if that is known.
    ///
    /// Source: Amazon S3 API Reference, `ListBuckets`, `CreationDate`.
    fn created(
        &self,
        _bucket: &BucketId,
    ) -> impl Future<Output = Result<Option<OffsetDateTime>, Self::Error>> + Send {
        async { Ok(None) }
    }

    /// The account's buckets of every Region; by default none.
    fn regions(
        &self,
    ) -> impl Future<Output = Result<BTreeMap<Region, Vec<BucketName>>, Self::Error>> + Send {
        async { Ok(BTreeMap::new()) }
    }

    /// Lists the Region's buckets, one page at a time; by default none.
    fn list(
        &self,
        _continuation: Option<String>,
    ) -> impl Future<Output = Result<Page, Self::Error>> + Send {
        async { Ok(Page::default()) }
    }
}
