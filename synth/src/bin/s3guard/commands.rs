//! One file for each subcommand: its `Args` are its manual, its `run` is its story.

pub(crate) mod package;
pub(crate) mod synth;
