//! The whole chain in an emulated account: the real command deploys the real stack with the packaged Lambda, policies are
//! enforced, and users change buckets.
//!
//! Each test has its own account. A test polls for the expected state, with a timeout; what must not happen is
//! asserted when the queues are empty.

mod account_block;
mod adversary;
mod audit;
mod coexistence;
mod configuration;
mod conflict;
mod coverage;
mod deployer;
mod destroyed;
mod digests;
mod events;
mod faults;
mod findings;
mod flood;
mod guarded;
mod installing;
mod ledger;
mod monitoring;
mod operating;
mod others;
mod permissions;
mod stack;
mod undo;
mod verify;
mod watched;

pub(crate) use guarded::{new_account, package};
