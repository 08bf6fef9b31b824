//! `cargo demo account`, and what another terminal does in that account.

use std::{env, io};

use anyhow::Result;
use s3guard_emulator::kept::{Kept, find};
use s3guard_emulator::{Account, Server};

use crate::output::{print_mail, say};

/// Shows how to use an emulated account, and keeps it until Enter is pressed.
pub(crate) fn hold() -> Result<()> {
    say("# Starting an emulated AWS account on this machine ...")?;
    let server = Server::start()?;
    let kept = Kept::new(&server)?;
    say("# In another terminal, in this folder, set these variables:")?;
    for (name, value) in kept.account().env() {
        say(&format!("export {name}='{value}'"))?;
    }
    let folder = env::current_exe()?.with_file_name("");
    let folder = folder.display();
    say("# Build `s3guard` and the Lambda, which takes some minutes the first time:")?;
    say("cargo build --locked --package s3guard --package s3guard-lambda")?;
    say(&format!("alias s3guard='{folder}s3guard'"))?;
    say("# Then, for example:")?;
    say(&format!(
        "s3guard deploy --stack s3guard --email owner@example.com --bootstrap '{folder}bootstrap'"
    ))?;
    say("cargo demo confirm    # confirms the email subscriptions, as their owners would")?;
    say("cargo demo mail       # shows the emails so far")?;
    say("s3guard verify --stack s3guard")?;
    say("# Press Enter here to delete the account.")?;
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// Shows the emails so far, the newest last.
pub(crate) fn show_mails(number: Option<&str>) -> Result<()> {
    let account = running(number)?;
    let mails = account.mails()?;
    if mails.is_empty() {
        say(&format!("no email was sent in account {}", account.number()))?;
    }
    for (index, mail) in mails.iter().enumerate() {
        say(&format!(
            "{}Email {} of {}",
            if index == 0 { "" } else { "\n" },
            index + 1,
            mails.len()
        ))?;
        print_mail(mail)?;
    }
    Ok(())
}

/// Confirms every subscription that waits for it.
pub(crate) fn confirm(number: Option<&str>) -> Result<()> {
    let account = running(number)?;
    let addresses = account.confirm_mails()?;
    if addresses.is_empty() {
        say(&format!("no subscription in account {} waits for confirmation", account.number()))?;
    }
    addresses.iter().try_for_each(|address| say(&format!("confirmed {address}")))
}

fn running(number: Option<&str>) -> Result<Account> {
    find(number, |name| env::var(name).ok())
}
