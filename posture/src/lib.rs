//! What a safe bucket is: what was seen in, decisions out.
//!
//! The guard, its sweep and our own templates are judged by the same functions:
//!
//! ```text
//! questions(&Observed, &Baseline) -> Vec<Question>     what has to be read before one can tell
//! assess(&Observed, &Baseline)    -> Vec<Finding>      what is weaker than wanted, what is left and why
//! plan(&[Finding])                -> Plan              the writes that would mend it
//! ```
//!
//! Nothing here reads a clock, the environment, a file or the network. [`Account`] is the one boundary:
//! `s3guard-aws` implements it with the SDK, tests with a bucket in memory.

pub mod account;
pub mod action;
pub mod assess;
pub mod baseline;
pub mod metrics;
pub mod names;
pub mod notice;
pub mod objects;
pub mod observed;
pub mod permissions;
pub mod policy;
pub mod report;
pub mod text;
pub mod watch;

pub use account::{Account, Inspection, Outcome, carry_out, inspect};
pub use action::{Action, Plan, Question};
pub use assess::{Finding, LeftBecause, assess, plan, questions};
pub use baseline::{Baseline, BaselineError, Grade};
pub use names::{AccountId, BucketName, KeyArn, Region};
pub use notice::Notice;
pub use observed::{Algorithm, Encryption, Key, Observed, PublicAccessBlock, Reading, SseC};
