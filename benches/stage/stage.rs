//! The setup of the functions' benchmarks: an AWS on loopback, the measured programs, their events, the figures.

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
/// The new bucket.
pub(crate) const BUCKET: &str = "made-carelessly";
/// The ledger's bucket.
pub(crate) const LEDGER: &str = "bench-ledger-111122223333-eu-west-1-an";
/// The bucket for access logs.
pub(crate) const LOG_BUCKET: &str = "bench-logs-111122223333-eu-west-1-an";
/// The customer's key.
pub(crate) const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/ours";
