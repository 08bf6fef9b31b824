//! The one boundary: an account whose buckets can be read and written, and whose ledger takes records.

use std::convert::Infallible;
use std::fmt;

use super::record::Record;
use crate::{Baseline, BucketId, BucketName, Observed, Question, Setting};

/// One page of a list of buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The buckets of the Region.
    pub buckets: Vec<BucketName>,
    /// Names that no bucket should have, as S3 gave them.
    pub strange: Vec<String>,
    /// Where the next page starts, if there is one.
    pub continuation: Option<String>,
}

/// What the flow asks of a call that failed.
pub trait CallError: fmt::Display {
    /// Whether another party was writing at the same time, so that it is right to begin from the start.
    fn is_conflict(&self) -> bool;

    /// Whether the caller may not do that, and may not a minute later either.
    fn is_denied(&self) -> bool;
}

impl CallError for Infallible {
    fn is_conflict(&self) -> bool {
        match *self {}
    }

    fn is_denied(&self) -> bool {
        match *self {}
    }
}

/// An AWS account, as far as the engine needs one.
pub trait Account: Sync {
    /// What can go wrong with a call.
    type Error: fmt::Display + Send;

    /// Reads the answers to `ask` into `observed`, in parallel. `None` if there is no such bucket (any more).
    fn observe(
        &self,
        ask: &[Question],
        observed: Observed,
        baseline: &Baseline,
    ) -> impl Future<Output = Result<Option<Observed>, Self::Error>> + Send;

    /// Writes one setting. `false` if there is no such bucket (any more).
    fn apply(
        &self,
        bucket: &BucketId,
        setting: &Setting,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Keeps a record of a write in the ledger; a later one of the same id takes its place.
    fn keep(&self, record: &Record) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Waits a moment before something is read again; a longer one each time.
    fn pause(&self, attempt: u32) -> impl Future<Output = ()> + Send;

    /// Lists the Region's buckets, a page at a time. An account of which only single buckets are known lists none.
    fn list(
        &self,
        _continuation: Option<String>,
    ) -> impl Future<Output = Result<Page, Self::Error>> + Send {
        async { Ok(Page::default()) }
    }
}
