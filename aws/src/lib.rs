//! The only crate that calls AWS. It makes no decisions: those are in `s3guard-posture`.
//!
//! Errors name the call, its object and AWS's code ([`AwsError`]). "No such configuration" is a reading, not an error; so is
//! "access denied" where something is read.

/// A call on a [`bucket::Bucket`], which names the owner that it expects, so that it cannot change another account's bucket.
macro_rules! on_bucket {
    ($bucket:expr, $call:ident) => {
        ($bucket.client.$call())
            .bucket($bucket.id.name.as_str())
            .expected_bucket_owner($bucket.id.account.as_str())
    };
}

pub mod account_block;
#[cfg(feature = "deploy")]
pub mod alarms;
mod bucket;
pub mod buckets;
#[cfg(feature = "deploy")]
pub mod canary;
#[cfg(feature = "deploy")]
pub mod code_bucket;
pub mod connection;
#[cfg(feature = "deploy")]
pub mod emptying;
pub mod error;
#[cfg(test)]
#[path = "tests/fake.rs"]
mod fake;
#[cfg(feature = "deploy")]
pub mod function_state;
#[cfg(feature = "deploy")]
pub mod identity;
#[cfg(feature = "deploy")]
pub mod kept_bucket;
pub mod keys;
pub mod ledger;
#[cfg(feature = "deploy")]
pub mod limits;
#[cfg(all(test, feature = "deploy"))]
#[path = "tests/live.rs"]
mod live;
#[cfg(feature = "deploy")]
pub mod logs;
#[cfg(feature = "deploy")]
mod new_bucket;
#[cfg(feature = "deploy")]
pub mod operator;
#[cfg(feature = "deploy")]
pub mod pause;
#[cfg(feature = "deploy")]
pub mod permissions;
pub mod queues;
#[cfg(feature = "deploy")]
pub mod rules;
pub mod stacks;
pub mod subscriptions;
#[cfg(feature = "deploy")]
pub mod survey;
pub mod topics;
#[cfg(feature = "deploy")]
pub mod trails;
pub mod wait;

pub use buckets::Buckets;
pub use connection::{ConnectError, Connection};
pub use error::{AwsError, Kind, NoCredentials};
pub use ledger::Ledger;
pub use queues::Queue;
pub use topics::Topics;
