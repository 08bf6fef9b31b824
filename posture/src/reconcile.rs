//! Brings a bucket to its baseline: reads it, writes what is missing, records each write, and undoes one on request.

pub mod account;
pub mod carry_out;
pub mod inspect;
pub mod ledger;
pub mod memory;
pub mod record;
pub mod reported;
pub mod triage;
pub mod undo;
