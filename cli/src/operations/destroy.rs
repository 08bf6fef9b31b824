//! Taking the guard out of an account.

pub(crate) mod plan;
pub(crate) mod pruning;
pub(crate) mod removal;
pub(crate) mod report;
pub(crate) mod step;
