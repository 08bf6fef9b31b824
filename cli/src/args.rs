//! What several commands are asked by: flags, and how they are read.

pub(crate) mod account;
pub(crate) mod config;
pub(crate) mod deploy_options;
pub(crate) mod guard;
pub(crate) mod verify;
pub(crate) mod wanted;
