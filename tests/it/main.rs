//! Whole-program tests, in one binary: the command, the template gates, the whole chain.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;
mod cli;
mod contract;
mod deployer;
mod gates;
mod guardrails;
mod json;
mod readme;
mod schemas;
mod tools;
mod workflows;
