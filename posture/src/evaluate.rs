//! Compares what was observed with the baseline: questions, findings and the plan, and the permissions that these need.

pub mod assess;
pub mod coverage;
pub mod downgrade;
pub mod permissions;
pub mod tls;
