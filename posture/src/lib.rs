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
pub mod alarm;
pub mod aspect;
pub mod assess;
pub mod baseline;
pub mod config;
pub mod coverage;
pub mod event;
pub mod finding;
pub mod gather;
pub mod glob;
pub mod grade;
pub mod ledger;
pub mod memory;
pub mod metrics;
pub mod names;
pub mod notice;
pub mod object_event;
pub mod objects;
pub mod observed;
pub mod permanent;
pub mod permissions;
pub mod policy;
pub mod principal;
pub mod question;
pub mod record;
pub mod report;
pub mod setting;
pub mod stack_name;
pub mod text;
pub mod told;
pub mod tool;
pub mod trail;
pub mod triage;
pub mod trigger;
pub mod undo;
pub mod watch;
mod wire;

pub use account::{Account, Inspection, Outcome, carry_out, inspect};
pub use action::{Action, Plan};
pub use aspect::{Aspect, Mode};
pub use assess::{assess, plan, questions};
pub use baseline::{Baseline, Exempt, Maker, Moment};
pub use config::Config;
pub use finding::{Finding, LeftBecause, WaitBecause};
pub use grade::Grade;
pub use memory::MemoryBucket;
pub use names::{AccountId, BucketId, BucketName, KeyArn, Region};
pub use notice::Notice;
pub use observed::{History, KeyState, Observed, Reading};
pub use question::{On, Question};
pub use record::Record;
pub use setting::{Setting, SettingKind};
pub use stack_name::StackName;
pub use tool::Tool;
pub use trigger::{Call, Trigger};
