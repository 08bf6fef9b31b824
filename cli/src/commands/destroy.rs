//! `s3guard destroy`: the guard taken out of an account, and what stays there named.

use time::OffsetDateTime;

use crate::args::removal::RemovalArgs;
use crate::exit::Exit;
use crate::operations::destroy::destroy;
use crate::operations::interrupt::Run;
use crate::operations::session;
use crate::ui::output::Output;

/// Take the guard out of an account
///
/// Deletes the stack, in one Region or in several. What is needed to read the past stays: the trail's,
/// the ledger's and the log's bucket and the KMS key. The bucket for code stays for other stacks, and
/// every bucket keeps the settings that the guard gave it. All that goes and all that stays is named
/// before anything is done, and the stack's name has to be typed. What a deletion has left can be taken
/// away later by the same command with `--empty-buckets`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    removal: RemovalArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let args = &args.removal;
    let stack = &args.account.stack;
    let protection = if args.disable_protection {
        "; whether the stack is still protected, `aws cloudformation describe-stacks` tells"
    } else {
        ""
    };
    let on_interrupt = format!(
        "a deletion that was begun goes on; `s3guard destroy --stack {stack}` again, with the same flags, tells how far \
         it is and does what is left{protection}"
    );
    let run = Run::new(now, args.account.profile.as_deref(), on_interrupt);
    session::run_with(&run.interrupts, destroy(args, output, &run))
}
