//! `s3guard destroy`: removes the guard from an account.

use time::OffsetDateTime;

use crate::args::removal::RemovalArgs;
use crate::exit::{self, Exit};
use crate::operations::destroy::destroy;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::ui::output::Output;

/// Remove the guard from an account
///
/// Deletes the stack, in one Region or in several. The audit records are retained: the buckets of the
/// trail, the ledger and the logs, and the KMS key. The code bucket stays for other stacks, and every
/// bucket keeps the settings that the guard changed. The command lists what is deleted and what stays,
/// and asks for the stack's name. Retained buckets can be deleted later by the same command with
/// `--empty-buckets`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    removal: RemovalArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let args = &args.removal;
    let stack = &args.account.stack;
    let protection = if args.disable_protection {
        "; `aws cloudformation describe-stacks` shows whether the stack is still protected"
    } else {
        ""
    };
    let on_interrupt = format!(
        "the deletion continues in AWS; run `s3guard destroy --stack {stack}` again with the same flags to follow it and \
         to do the rest{protection}"
    );
    let run = Run::new(now, args.account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, destroy(args, output, &run))
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard destroy --stack s3guard\n  \
                    s3guard destroy --stack s3guard --region eu-west-1,us-east-1 --yes --output json\n  \
                    s3guard destroy --stack s3guard --empty-buckets --all\n  \
                    s3guard destroy --stack s3guard --force\n  \
                    s3guard destroy --stack s3guard --retain TrailBucket\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + &exit::codes(&exits)
}
