//! What a safe bucket is: observations in, decisions out.
//!
//! The guard, its sweep and our own templates are judged by the same functions:
//!
//! ```text
//! questions(&Observed, &Baseline) -> Vec<Question>     what has to be read before the bucket can be judged
//! assess(&Observed, &Baseline)    -> Vec<Finding>      what is weaker than wanted, what is not remediated and why
//! plan(&[Finding])                -> Plan              the writes that remediate it
//! ```
//!
//! Nothing here reads a clock, the environment, a file or the network. [`Account`] is the one boundary:
//! `s3guard-aws` implements it with the SDK, tests with a bucket in memory.

pub mod config;
pub mod contract;
pub mod digest;
pub mod evaluate;
pub mod events;
pub mod flow;
pub mod model;
pub mod notify;
pub mod reconcile;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;

pub use config::Config;
pub use evaluate::assess::{assess, plan, questions};
pub use model::aspect::{Aspect, Mode};
pub use model::baseline::{Age, Baseline, CallContext, Exempt, Maker};
pub use model::finding::{Action, Finding, Plan, Reason};
pub use model::grade::Grade;
pub use model::names::{AccountId, BucketId, BucketName, KeyArn, Region, StackName};
pub use model::observed::{History, KeyState, Observed, Reading};
pub use model::question::{On, Question};
pub use model::setting::{Setting, SettingKind};
pub use model::tool::Tool;
pub use model::trigger::{Call, Trigger};
pub use model::trusted::Trusted;
pub use notify::notification::Notification;
pub use reconcile::account::Account;
pub use reconcile::carry_out::{Outcome, carry_out};
pub use reconcile::inspect::{Inspection, inspect};
pub use reconcile::memory::MemoryBucket;
pub use reconcile::record::Record;
