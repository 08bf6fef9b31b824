//! `cargo demo account`: an emulated account to try the command in, until its stdin ends.

use std::io;

use s3guard_emulator::Server;

use crate::failure::{Doing as _, Failure};
use crate::page::Page;

/// Says how to use the account, and keeps it until Enter is pressed.
pub(crate) fn hold(page: &mut Page) -> Result<(), Failure> {
    page.say("# An emulated AWS account on this machine. In another terminal:")?;
    let server = Server::start()?;
    let account = server.new_account();
    for (name, value) in account.env() {
        page.say(&format!("export {name}='{value}'"))?;
    }
    page.say(
        "# then, as an example: s3guard deploy --email owner@example.com --cargo-profile dev",
    )?;
    page.say("# Press Enter here to end it; all that is in it goes.")?;
    io::stdin().read_line(&mut String::new()).doing("waiting for Enter")?;
    drop(server);
    Ok(())
}
