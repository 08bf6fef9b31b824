//! The stacks that s3guard deploys, put together from constructs.
//!
//! A construct is wiring whose halves cannot be forgotten: a rule that sends to a queue comes with the queue's policy
//! and the queue for what could not be sent; a function with its role, its log group and its source; a trail with its
//! bucket, the bucket's policy and the order they are made in.

mod alarms;
mod bucket;
mod dashboard;
mod evidence;
mod guard;
mod intake;
mod key;
mod observed;
mod parameters;
mod patterns;
#[cfg(test)]
mod tests;
mod topic;
mod trail;
mod worker;

pub use guard::guard;
pub use observed::observed;
pub use patterns::{Deployed, RulePatterns, rule_patterns};

/// The IAM path of everything that may change buckets for us: the rule leaves out what is done from under it.
pub(crate) const IAM_PATH: &str = "/s3guard/";
