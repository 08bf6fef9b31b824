//! An AWS account on this machine, for the tests and the demo. It is never part of the product.
//!
//! [`Server`] starts `MiniStack` behind our wrapper (`python/account`) in a virtualenv that it creates on
//! first use; [`Account`] is one account of it, with hooks for tests; [`Client`] makes calls as one
//! principal; [`Function`] runs a `bootstrap` under Lambda's Runtime API without any emulator.
//! `README.md` lists the differences from AWS.

mod account;
mod client;
pub mod http;
pub mod kept;
mod python;
mod runtime;
mod server;
mod wait;
mod xml;

pub use account::{Account, Call, Decision, Fault, FaultState, Mail, Run};
pub use client::{CallError, Client, Credentials, Depth};
pub use python::{cache, virtualenv};
pub use runtime::{Answer, Function, Invocation};
pub use server::{REGION, Server};
pub use wait::until;
