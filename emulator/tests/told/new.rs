//! A new account on the one server of the process.

use std::sync::OnceLock;

use s3guard_emulator::{Account, EmulatorError, Server};

/// An account with nothing in it.
pub(crate) fn account() -> Account {
    static SERVER: OnceLock<Result<Server, EmulatorError>> = OnceLock::new();
    match SERVER.get_or_init(Server::start) {
        Ok(server) => server.new_account(),
        Err(error) => panic!("{error}; {:?}", error.hint()),
    }
}
