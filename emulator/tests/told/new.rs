//! A new account on the one server of the process.

use std::sync::OnceLock;

use s3guard_emulator::{Account, Server};

/// An account with nothing in it.
pub(crate) fn account() -> Account {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().expect("a server")).new_account()
}
