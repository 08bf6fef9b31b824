//! The whole chain in an emulated account: the real command deploys the real stack with the packaged Lambda, policies are
//! enforced, and somebody else than the guard does things to buckets.
//!
//! Each test has an account of its own. What is waited for is looked for again and again, with an end; what must not
//! happen is asserted when the account is at rest.

mod account_block;
mod coexistence;
mod configuration;
mod coverage;
mod deployer;
mod destroyed;
mod digests;
mod events;
mod faults;
mod guarded;
mod ledger;
mod looking;
mod others;
mod permissions;
mod stack;
mod tug_of_war;
mod undo;
mod verify;
mod watched;

pub(crate) use guarded::package;
