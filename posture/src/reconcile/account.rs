//! The one boundary: an account whose buckets can be read and written, and whose ledger takes records.

use std::fmt;

use super::record::Record;
use crate::{Baseline, BucketId, Observed, Question, Setting};

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
}
