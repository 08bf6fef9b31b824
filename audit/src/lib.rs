//! What an audit finds: facts of an account in, findings and reports out.
//!
//! What the guard judges too is judged by the guard's engine, `posture::assess`; `rules` gives each judgement its rule and
//! severity, and adds what only an audit looks at. Nothing here reads a clock, the environment, a file or the network.

pub mod compare;
pub mod facts;
pub mod finding;
pub mod names;
pub mod report;
pub mod rule;
pub mod rules;
pub mod severity;

pub use facts::{AccountFacts, BucketFacts, Depth};
pub use finding::{Finding, Status};
pub use rule::Rule;
pub use severity::Severity;
