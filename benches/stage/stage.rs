//! What the benchmarks of the functions stand on: an AWS on loopback, the programs that are run, their events, the figures.

pub(crate) mod arguments;
pub(crate) mod events;
pub(crate) mod fake_aws;
pub(crate) mod figures;
pub(crate) mod programs;
pub(crate) mod world;

mod answers;
mod tls;

/// The account.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The Region.
pub(crate) const REGION: &str = "eu-west-1";
/// The bucket that somebody has made.
pub(crate) const BUCKET: &str = "made-carelessly";
/// The ledger's bucket.
pub(crate) const LEDGER: &str = "bench-ledger-111122223333-eu-west-1-an";
/// The bucket for access logs.
pub(crate) const LOG_BUCKET: &str = "bench-logs-111122223333-eu-west-1-an";
/// The customer's key.
pub(crate) const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/ours";
