//! Proving the deployed guard on a bucket of its own.

pub(crate) mod attempt;
pub(crate) mod clean;
pub(crate) mod deployed;
pub(crate) mod links;
pub(crate) mod notices;
pub(crate) mod objects;
pub(crate) mod plan;
pub(crate) mod prepare;
pub(crate) mod probe;
pub(crate) mod report;
pub(crate) mod stage;
pub(crate) mod tries;
