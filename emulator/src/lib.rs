//! An AWS account on this machine: what the tests and the demo run against. It is never part of the product.
//!
//! [`Server`] starts `MiniStack` behind our wrapper (`python/account`) in a virtualenv that it makes on first use;
//! [`Account`] is one account of it, with what tests may ask that AWS would not answer; [`Client`] makes signed
//! calls as somebody; [`Function`] runs a `bootstrap` under Lambda's Runtime API without any emulator. `README.md` lists
//! where all of this differs from AWS.

mod account;
mod client;
mod error;
pub mod http;
mod patience;
mod python;
mod runtime;
mod server;
mod sign;
mod xml;

pub use account::{Account, Call, Fault, FaultState, Mail, Run};
pub use client::{CallError, Client, Credentials, Depth, Message, Response};
pub use error::EmulatorError;
pub use patience::{Late, until};
pub use python::{cache, virtualenv};
pub use runtime::{Answer, Function, Invocation, RuntimeError, Usage};
pub use server::{REGION, Server};
