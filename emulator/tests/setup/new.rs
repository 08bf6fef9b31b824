//! A new account on the server of this process.

use std::sync::OnceLock;

use s3guard_emulator::{Account, Server};

/// An empty account.
pub(crate) fn account() -> Account {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().expect("a server")).new_account()
}
