//! Reconciles a bucket with its baseline: reads it, remediates it, records each write, and undoes one on request.

pub mod account;
pub mod carry_out;
pub mod inspect;
pub mod last_sweep;
pub mod ledger;
pub mod lost;
pub mod memory;
pub mod protections;
pub mod record;
pub mod state;
pub mod subscribed;
pub mod triage;
pub mod undo;
pub mod unguarded;
