//! One file for each subcommand: its `Args` are its manual, its `run` is its story.
//!
//! `account` and `progress` are what the commands that call AWS share.

mod account;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod deploy;
pub(crate) mod destroy;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod events;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod man;
pub(crate) mod notify_test;
pub(crate) mod outputs;
pub(crate) mod package;
mod progress;
pub(crate) mod redrive;
pub(crate) mod replay;
pub(crate) mod rollback;
pub(crate) mod status;
pub(crate) mod synth;
pub(crate) mod undo;
pub(crate) mod verify;
