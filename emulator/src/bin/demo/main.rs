//! `cargo demo`: the main job in an emulated account on this machine, as a person would want to see it.
//!
//! What is shown is what happened: the real command deploys the real stack, the packaged Lambda runs, and every setting and
//! mail is read back from the account. No AWS account is needed, and none is touched.

use std::env;
use std::process::ExitCode;

use s3guard_emulator::Server;

use crate::failure::{Doing as _, Failure};
use crate::page::Page;

mod buckets;
mod failure;
mod guard_command;
mod hold;
mod mailbox;
mod page;

const STACK: &str = "s3guard-demo";
const OWNER: &str = "owner@example.com";

fn main() -> ExitCode {
    let mut page = Page::of_stdout();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let shown = match arguments.as_slice() {
        [] => show(&mut page),
        [word] if word == "account" => hold::hold(&mut page),
        [..] => Err(Failure::new("`cargo demo` takes nothing, or `account`")),
    };
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::FAILURE
        }
    }
}

fn show(page: &mut Page) -> Result<(), Failure> {
    page.title("s3guard in an emulated AWS account")?;
    page.say(
        "Nothing here reaches AWS. The first time, Python packages and programs are made ready.",
    )?;
    let server = Server::start()?;
    let account = server.new_account();
    page.fact("account", account.number())?;
    page.fact("region", account.region())?;
    page.fact("endpoint", &account.endpoint())?;
    let command = guard_command::built(&account)?;

    page.step("The owner installs the guard")?;
    page.say("(`--bootstrap` gives the Lambda that was built with the command; without it, the small released one is built)")?;
    let lambda = command.lambda();
    let inputs = ["--email", OWNER, "--settle-seconds", "1", "--bootstrap", &lambda];
    command.run(page, &[&["deploy", "--stack", STACK][..], &inputs].concat())?;
    buckets::until_swept(&account)?;
    mailbox::confirm(page, &account, OWNER)?;

    page.step("Somebody makes a bucket carelessly")?;
    let bucket = buckets::make_carelessly(page, &account)?;
    mailbox::show_about(page, &account, OWNER, (&bucket, "protected"))?;

    page.step("Later, somebody opens it")?;
    buckets::open(page, &account, &bucket)?;
    let mail = mailbox::show_about(page, &account, OWNER, (&bucket, "reverted a weakening"))?;

    page.step("An object comes, changes and goes")?;
    page.say("(The guard has had S3 tell EventBridge of objects; nobody has to switch it on.")?;
    page.say("Changes are gathered for a minute and told once; the demo lets that pass at once.)")?;
    buckets::use_objects(page, &account, &bucket)?;
    mailbox::show_objects(page, &account, OWNER, &bucket)?;

    page.step("The owner knows better, and undoes what the guard did")?;
    let record = mailbox::record_of(&mail)?;
    command.run(page, &["history", &bucket, "--stack", STACK, "--limit", "1"])?;
    command.run(page, &["undo", record, "--stack", STACK, "--yes"])?;
    buckets::show_that_it_is_left(page, &account, &bucket)?;

    page.step("The owner removes the guard")?;
    command.run(page, &["destroy", "--stack", STACK, "--yes"])?;
    buckets::show_that_it_is_gone(page, &account, STACK)?;
    buckets::show_what_stays(page, &account, &bucket)?;
    drop(server);
    page.say("Done: the emulated account is gone, and all that was in it.").doing("writing the end")
}
