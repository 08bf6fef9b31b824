//! `cargo demo`: the guard at work in an emulated account on this machine.
//!
//! The real command deploys the real stack, the real Lambda runs, and every setting and email is read
//! from the account. No AWS account is needed, and none is called.

use std::env;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, ensure};
use s3guard_emulator::{Account, Mail, Server, until};
use serde_json::json;

use crate::guard::Guard;
use crate::output::{heading, quote, say, typed};

mod bucket;
mod guard;
mod kept;
mod output;

const STACK: &str = "s3guard-demo";
const OWNER: &str = "owner@example.com";
/// The object that is created, overwritten and deleted.
const KEY: &str = "invoice.pdf";
const USAGE: &str = "\
cargo demo            the guard at work in an emulated account, from start to end
cargo demo account    keeps an emulated account until Enter is pressed
cargo demo careless   there: a user creates a bucket and opens it to the public
cargo demo confirm    there: confirms the email subscriptions
cargo demo mail       there: shows the emails so far

`--account NUMBER` after the last three names the account, if several are kept";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (command, number) = match arguments[..] {
        [ref command @ .., "--account", number] => (command, Some(number)),
        ref command => (command, None),
    };
    let result = match (command, number) {
        ([], None) => show(),
        (["account"], None) => kept::hold(),
        (["careless"], _) => kept::be_careless(number),
        (["mail"], _) => kept::show_mails(number),
        (["confirm"], _) => kept::confirm(number),
        (["help" | "--help" | "-h"], None) => say(USAGE),
        _ => Err(anyhow!("there is no such demo\n\n{USAGE}")),
    };
    if let Err(error) = result {
        // As in `cargo demo mail | head`: what follows is not wanted.
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        let _ = writeln!(io::stderr(), "error: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn show() -> Result<()> {
    heading("s3guard in an emulated AWS account")?;
    say("No call reaches AWS. The first run installs Python packages and builds the\nprograms.")?;
    let server = Server::start()?;
    let account = server.new_account();
    say(&format!("account {}, {}, {}", account.number(), account.region(), account.endpoint()))?;
    let guard = Guard::build(&account)?;

    heading("1. The owner installs the guard")?;
    say("(`--bootstrap` deploys a debug build of the Lambda; the default is a release\nbuild)")?;
    let bootstrap = guard.bootstrap();
    let operator = guard::operator(&account);
    let settings = ["--email", OWNER, "--operator", &operator, "--settle-seconds", "1"];
    let settings = [&settings[..], &["--bootstrap", &bootstrap]].concat();
    guard.run(&[&["deploy", "--stack", STACK][..], &settings].concat())?;
    ensure!(account.confirm_mail(OWNER)? > 0, "no email asked `{OWNER}` to confirm");
    say(&format!("\n{OWNER} follows the link in the confirmation email."))?;
    wait_until_idle(&account)?;

    heading("2. A user creates an unprotected bucket")?;
    let earlier = account.mails()?.len();
    let bucket = format!("holiday-{}", account.number());
    bucket::create(&account, &bucket::user(&account, "careless")?, &bucket)?;
    say("(The settle time is 1 second here. On AWS, CloudTrail adds seconds to minutes.")?;
    say("The emails count from the time in the event, which has no fraction of a second.)")?;
    show_mails(&account, &bucket, earlier)?;

    heading("3. A call opens the bucket to the public")?;
    let root = bucket::by_cli(&account.client());
    let earlier = account.mails()?.len();
    bucket::open(&root, &bucket)?;
    let mails = show_mails(&account, &bucket, earlier)?;

    heading("4. An object is created, overwritten and deleted")?;
    say(
        "(The guard has enabled object events. They are reported once a minute, here\nwithout delay.)",
    )?;
    typed(&format!("aws s3 cp {KEY} s3://{bucket}/{KEY}     # twice"))?;
    root.put_object(&bucket, KEY, b"first version")?;
    root.put_object(&bucket, KEY, b"second version, longer")?;
    typed(&format!("aws s3 rm s3://{bucket}/{KEY}"))?;
    root.delete_object(&bucket, KEY)?;
    show_object_mails(&account)?;

    heading("5. The owner undoes what the guard did")?;
    let record = mails.iter().find_map(|mail| mail.text.split("s3guard undo ").nth(1));
    let record = record.and_then(|rest| rest.split(' ').next());
    let record = record.context("the email has no command to undo the change")?;
    let runs = account.runs()?.len();
    guard.run(&["history", &bucket, "--stack", STACK, "--limit", "1"])?;
    guard.run(&["undo", record, "--stack", STACK, "--yes", "--accept-exposure"])?;
    until("a run of the guard", || Ok((account.runs()?.len() > runs).then_some(())))?;
    wait_until_idle(&account)?;
    let [_, public_access, ..] = bucket::settings(&root, &bucket)?;
    say(&format!(
        "\nThe guard has received the event and keeps the change: public access is\n{public_access}."
    ))?;

    heading("6. The owner removes the guard")?;
    guard.run(&["destroy", "--stack", STACK, "--yes", "--disable-protection"])?;
    say("\nThese buckets are left; the demo empties and deletes them:")?;
    // Their policies deny deletions to every principal.
    let unchecked = account.unchecked();
    for bucket in root.list_buckets()? {
        say(&format!("  {bucket:<50} {:>3} objects", root.list_objects(&bucket)?.len()))?;
        unchecked.empty_bucket(&bucket)?;
        unchecked.delete_bucket(&bucket)?;
    }
    say("\nDone: the emulated account is deleted.")
}

/// Waits until the guard has handled every message in its queue.
fn wait_until_idle(account: &Account) -> Result<()> {
    let client = account.client();
    let queues = client.json("sqs", "ListQueues", &json!({}))?;
    let urls = queues["QueueUrls"].as_array().into_iter().flatten().filter_map(|url| url.as_str());
    let urls: Vec<&str> = urls.filter(|url| url.contains("-GuardQueue-")).collect();
    until("the guard to be idle", || {
        account.end_windows()?;
        for url in &urls {
            if client.depth(url)?.total() > 0 {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
}

/// Shows the emails about a bucket after the first `earlier` ones, once the guard is idle. Its settings may have been
/// remediated by several runs of the guard.
fn show_mails(account: &Account, bucket: &str, earlier: usize) -> Result<Vec<Mail>> {
    wait_until_idle(account)?;
    let mut mails = account.mails()?.split_off(earlier);
    mails.retain(|mail| mail.to == OWNER && mail.text.contains(bucket));
    ensure!(!mails.is_empty(), "no email about `{bucket}`");
    quote(&mails)?;
    Ok(mails)
}

/// Shows the emails about the object, once all three changes are in them.
fn show_object_mails(account: &Account) -> Result<()> {
    let mails = until("emails about the object", || {
        account.end_delays()?;
        let mut mails = account.mails()?;
        mails.retain(|mail| mail.to == OWNER && mail.text.contains(KEY));
        let changes: usize = mails.iter().map(|mail| mail.text.matches(KEY).count()).sum();
        Ok((changes >= 3).then_some(mails))
    })?;
    quote(&mails)
}
