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
mod notify;
mod observed;
mod parameters;
mod patterns;
mod subscriptions;
#[cfg(test)]
mod tests;
mod topic;
mod trail;
mod worker;

pub use guard::{guard, guard_with};
pub use observed::observed;
pub use patterns::{
    Deployed, PATTERN_LENGTH_MAX, RulePatterns, object_pattern_length_max, rule_patterns,
};

/// The longest template that CloudFormation takes from a bucket: "1 MB", meant in thousands, as its refusals say.
///
/// Source: AWS CloudFormation User Guide, "Understand CloudFormation quotas".
pub const TEMPLATE_BYTES_MAX: usize = 1_000_000;

/// The IAM path of everything that may change buckets for us: the rule leaves out what is done from under it.
pub const IAM_PATH: &str = "/s3guard/";
