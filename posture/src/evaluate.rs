//! Compares what was observed with the baseline: questions, findings and the plan, and the permissions that these need.

pub mod admitted;
pub mod assess;
pub mod coverage;
mod demands;
pub mod downgrade;
pub mod permissions;
pub mod refused;
pub mod shown;
pub mod tls;
