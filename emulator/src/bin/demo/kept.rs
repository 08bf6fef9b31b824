//! `cargo demo account`, and what another terminal does in that account.

use std::{env, io};

use anyhow::{Result, ensure};
use s3guard_emulator::kept::{Kept, find};
use s3guard_emulator::{Account, Server};
use serde_json::json;

use crate::output::{print_mail, say};
use crate::{bucket, guard};

/// Shows how to use an emulated account, and keeps it until Enter is pressed.
pub(crate) fn hold() -> Result<()> {
    say("# Starting an emulated AWS account on this machine ...")?;
    let server = Server::start()?;
    let kept = Kept::new(&server)?;
    let account = kept.account();
    say(&format!(
        "# Account {}. In another terminal, in this folder, set these",
        account.number()
    ))?;
    say("# variables, the credentials of its user `owner`:")?;
    for (name, value) in guard::environment(account)? {
        say(&format!("export {name}='{value}'"))?;
    }
    let folder = env::current_exe()?.with_file_name("");
    let folder = folder.display();
    say("# Build `s3guard` and the Lambda, which takes some minutes the first time:")?;
    say("cargo build --locked --package s3guard --package s3guard-lambda")?;
    say(&format!("alias s3guard='{folder}s3guard'"))?;
    say("# Then, for example:")?;
    say(&format!(
        "s3guard deploy --email owner@example.com --operator {} --settle-seconds 1 \
         --bootstrap '{folder}bootstrap'",
        guard::operator(account)
    ))?;
    say("cargo demo confirm     # confirms the email subscriptions, as their owners would")?;
    say("cargo demo careless    # a user creates a bucket and opens it to the public")?;
    say("cargo demo mail        # shows the emails so far, with commands to undo what was done")?;
    say(&format!("s3guard history {}", careless_bucket(account, 1)))?;
    say("s3guard verify")?;
    say("# Press Enter here to delete the account.")?;
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// A user creates a bucket and opens it to the public, which the guard reverts.
pub(crate) fn be_careless(number: Option<&str>) -> Result<()> {
    let account = running(number)?;
    let root = account.client();
    let queues = root.json("sqs", "ListQueues", &json!({}))?.to_string();
    ensure!(
        queues.contains("-GuardQueue-"),
        "account {} has no guard: install it with the `s3guard deploy` command that \
         `cargo demo account` has printed",
        account.number()
    );
    let buckets = root.list_buckets()?;
    let mut count = 1;
    while buckets.contains(&careless_bucket(&account, count)) {
        count += 1;
    }
    let bucket = careless_bucket(&account, count);
    let user = bucket::user(&account, &format!("careless-{count}"))?;
    bucket::create(&account, &user, &bucket)?;
    say("")?;
    bucket::open(&user, &bucket)?;
    say(&format!("\nNext: `s3guard history {bucket}` and `cargo demo mail`"))
}

fn careless_bucket(account: &Account, count: u32) -> String {
    format!("holiday-{}-{count}", account.number())
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
    let confirmed = account.confirm_mails()?;
    if confirmed.is_empty() {
        say(&format!("no subscription in account {} waits for confirmation", account.number()))?;
    }
    confirmed.iter().try_for_each(|subscription| say(&format!("confirmed {subscription}")))
}

fn running(number: Option<&str>) -> Result<Account> {
    find(number, |name| env::var(name).ok())
}
