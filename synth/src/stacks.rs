//! The stack that s3guard deploys, composed of constructs.
//!
//! A construct has all the parts that belong together: a rule that sends to a queue, the queue's policy and the
//! dead-letter queue; a function, its role, its log group and its source; a trail, its bucket, the bucket's policy and the
//! order in which they are created.

mod alarms;
mod bucket;
mod dashboard;
mod evidence;
mod function;
mod guard;
mod intake;
mod key;
mod notify;
mod operators;
mod parameters;
mod patterns;
mod principals;
mod subscriptions;
mod tampering;
#[cfg(test)]
mod tests;
mod topic;
mod trail;

pub use guard::{CONCURRENCY_MAX, GUARD_CONCURRENCY_MAX, guard, guard_with};
pub use patterns::{
    Deployed, PATTERN_LENGTH_MAX, RulePatterns, object_pattern_length_max, rule_patterns,
};

/// The longest template that CloudFormation takes from a bucket: "1 MB", meant in thousands, as its refusals say.
///
/// Source: AWS CloudFormation User Guide, "Understand CloudFormation quotas".
pub const TEMPLATE_BYTES_MAX: usize = 1_000_000;

/// The IAM path of our roles and policies.
pub const IAM_PATH: &str = "/s3guard/";
