//! The only crate that talks to AWS. It decides nothing: decisions are in `s3guard-posture`.
//!
//! Errors name the call, its object and AWS's own code ([`AwsError`]); "there is no such configuration" is a reading, not
//! an error, and "access denied" to a reading is one too.

pub mod buckets;
#[cfg(feature = "deploy")]
pub mod code_bucket;
pub mod connection;
pub mod error;
#[cfg(feature = "deploy")]
pub mod identity;
pub mod queues;
#[cfg(feature = "deploy")]
pub mod stacks;
pub mod topics;

pub use buckets::Buckets;
pub use connection::{ConnectError, Connection};
pub use error::{AwsError, Kind};
pub use queues::{Message, Queue};
pub use topics::Topic;
