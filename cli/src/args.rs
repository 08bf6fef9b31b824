//! What several commands are asked by: flags, and how they are read.

pub(crate) mod account;
pub(crate) mod arn;
pub(crate) mod build;
pub(crate) mod config;
pub(crate) mod deploy_options;
pub(crate) mod guard;
pub(crate) mod region;
pub(crate) mod removal;
pub(crate) mod rollback;
pub(crate) mod verify;
pub(crate) mod wanted;
