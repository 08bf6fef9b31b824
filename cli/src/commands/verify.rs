//! `s3guard verify`: proves the deployed guard on a bucket that is made for it and removed again.
//!
//! `prepare` asks, `plan` says what is tried, `attempt` has `tries`, `objects` and `notices` try it, `links` judges what is
//! not seen, `clean` removes what was made. Nothing but the canary is ever written to.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use anyhow::anyhow;
use time::OffsetDateTime;

use crate::args::verify::VerifyArgs;
use crate::error;
use crate::error::Advice as _;
use crate::exit::{self, Exit};
use crate::operations::interrupt::Interrupts;
use crate::operations::session;
use crate::operations::session::Account;
use crate::operations::verify::attempt::attempt;
use crate::operations::verify::clean::{Leftover, Leftovers, Made};
use crate::operations::verify::prepare::{agree, command, prepare};
use crate::operations::verify::report::Report;
use crate::operations::verify::stage::Interrupted;
use crate::ui::output::Output;

/// Prove the deployed guard on a bucket made for it
///
/// Makes a canary: an empty bucket of a name that only this account can have, tagged `s3guard:canary`.
/// Waits until the guard has brought it to its grade, weakens each setting that the deployed
/// configuration keeps, and waits until each is mended and on record. Then it puts, overwrites and
/// deletes an object and waits until each is gathered and the window's digest is told. What the
/// configuration switches off is skipped, and said. Prints what took how long; of what is not seen in
/// time, which link of the chain is probably broken: trail, rule, queue, guard, write or ledger.
///
/// The canary is removed again with all its versions, also after an error and after Ctrl-C; a second
/// Ctrl-C leaves, and names what is left. What a killed run has left the next one removes, once its time
/// is over. No other bucket is touched. Whoever is subscribed to the guard's notices hears of the canary.
#[derive(Debug, clap::Args)]
#[command(after_long_help = manual())]
pub(crate) struct Args {
    #[command(flatten)]
    verify: VerifyArgs,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let args = &args.verify;
    let interrupts = Interrupts::cleaning_up();
    session::run_with(&interrupts, async {
        if !args.clean_up {
            return verify(args, output, &interrupts, now).await;
        }
        tokio::select! {
            done = clean_up(args, output, now) => done,
            () = interrupts.pressed(1) => Err(interrupted("the same command goes on with it")),
        }
    })
}

async fn verify(
    args: &VerifyArgs,
    output: &Output,
    interrupts: &Interrupts,
    now: OffsetDateTime,
) -> anyhow::Result<Exit> {
    let nothing = || interrupted("nothing was made");
    let canary_id = format!("{:012x}", RandomState::new().hash_one(now.unix_timestamp()) >> 16);
    let prepared = tokio::select! {
        prepared = prepare(args, output, (&canary_id, now)) => prepared?,
        () = interrupts.pressed(1) => return Err(nothing()),
    };
    tokio::select! {
        agreed = agree(args, &prepared, output) => agreed?,
        () = interrupts.pressed(1) => return Err(nothing()),
    }
    prepared.leftovers.remove(&[Leftover::Over], output).await;
    let made = Made::default();
    let mut steps = Vec::new();
    let mut broken = Vec::new();
    let leave = |made: &Made| {
        Err(anyhow!("interrupted before all was removed: {}", made.names().join(", ")))
            .hint(format!("`{}` removes it", command(args, &prepared.account, "verify --clean-up")))
            .exit(Exit::Interrupted)
    };
    let tried = tokio::select! {
        tried = attempt(args, &prepared, &made, (interrupts, output, now, &canary_id), (&mut steps, &mut broken)) => tried,
        () = interrupts.pressed(2) => return leave(&made),
    };
    let is_interrupted = tried.as_ref().is_err_and(anyhow::Error::is::<Interrupted>);
    if is_interrupted {
        output.say("interrupted: cleaning up; Ctrl-C once more leaves at once");
    }
    let left = tokio::select! {
        left = made.remove(args.keep && !is_interrupted) => left,
        () = interrupts.pressed(2) => return leave(&made),
    };
    if !left.is_empty() {
        let again = command(args, &prepared.account, "verify --clean-up");
        output.say(format_args!("still there: {}; `{again}` removes it", left.join(", ")));
    }
    let keeps_all = args.keep && left.len() == 1;
    let report = Report {
        stack: args.account.stack.to_string(),
        region: prepared.id.region.to_string(),
        account: prepared.id.account.to_string(),
        bucket: prepared.id.name.to_string(),
        grade: prepared.grade.clone(),
        is_interrupted,
        steps,
        broken,
        left,
    };
    output.result(&report)?;
    match tried {
        Err(_) if is_interrupted => {
            let is_clean = report.left.is_empty();
            let hint = if is_clean { "what was made is removed" } else { "all else is removed" };
            Err(anyhow!("interrupted")).hint(hint).exit(Exit::Interrupted)
        }
        Err(error) => Err(error),
        Ok(()) if !report.is_well() => Ok(Exit::Failed),
        Ok(()) if !report.left.is_empty() && !keeps_all => Ok(Exit::Failed),
        Ok(()) => Ok(Exit::Done),
    }
}

/// Removes what earlier runs for this stack have left or kept.
async fn clean_up(args: &VerifyArgs, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    let account = Account::open(&args.account).await?;
    let stack = session::guard_stack(&args.account, &account).await?;
    let topic = session::output_of(&stack, &args.account, "TopicArn", "topic")?;
    let whose = (&account.caller.account, args.account.stack.as_str(), topic);
    let found = Leftovers::find(&account.connection, whose, now).await?;
    let ours = [found.names(Leftover::Over), found.names(Leftover::InUse)].concat();
    for unseen in &found.unseen {
        output.warn(unseen);
    }
    for strange in &found.strange {
        output.warn(format_args!("{strange}, so it is left, though it is called like a canary"));
    }
    if ours.is_empty() {
        output.say("nothing is left of earlier runs");
    } else {
        for name in &ours {
            output.say(format_args!("  removes  {name}"));
        }
        if !args.yes {
            session::approve("removing what earlier runs have left", "yes", "`yes`", output)
                .await?;
        }
    }
    let cleaned = found.remove(&[Leftover::Over, Leftover::InUse], output).await;
    output.result(&cleaned)?;
    let is_clean = cleaned.left.is_empty() && found.unseen.is_empty();
    Ok(if is_clean { Exit::Done } else { Exit::Failed })
}

fn interrupted(hint: &str) -> anyhow::Error {
    let error = Err::<(), _>(error::hinted(anyhow!("interrupted"), hint)).exit(Exit::Interrupted);
    error.expect_err("it is one")
}

fn manual() -> String {
    let examples = "Examples:\n  s3guard verify --stack s3guard\n  \
                    s3guard verify --stack s3guard --notices --timeout 30m\n  \
                    s3guard verify --stack s3guard --yes --output json\n  \
                    s3guard verify --stack s3guard --clean-up\n\n";
    let permissions = "The caller needs\n  \
        on buckets `s3guard-canary-*`  s3:CreateBucket, s3:DeleteBucket, s3:PutBucketTagging, s3:PutObject, \
        s3:DeleteObject, s3:DeleteObjectVersion, s3:ListBucketVersions, s3:PutBucketPublicAccessBlock, \
        s3:DeleteBucketPolicy, s3:PutEncryptionConfiguration; s3:PutBucketVersioning, \
        s3:PutBucketOwnershipControls and s3:PutBucketLogging where they are kept; to read \
        what the guard reads, s3:GetBucketPublicAccessBlock, s3:GetBucketPolicy, s3:GetBucketPolicyStatus, \
        s3:GetEncryptionConfiguration, s3:GetBucketOwnershipControls, s3:GetBucketVersioning, s3:GetBucketLogging, \
        s3:GetBucketNotification, s3:GetBucketTagging, s3:GetBucketAcl and s3:GetBucketWebsite\n  \
        on the stack  cloudformation:DescribeStacks, sqs:GetQueueAttributes of its queues, s3:ListBucket and \
        s3:GetObject of its ledger with kms:Decrypt of its key, s3:GetObject of the package, and \
        cloudtrail:GetTrailStatus\n  \
        elsewhere  s3:GetAccountPublicAccessBlock; s3:ListAllMyBuckets and sqs:ListQueues, for what earlier runs have left; kms:DescribeKey where a \
        grade needs a key\n  \
        for `--notices`  sqs:CreateQueue, sqs:TagQueue, sqs:ListQueueTags, sqs:SetQueueAttributes, \
        sqs:ReceiveMessage, sqs:DeleteMessage and sqs:DeleteQueue on `s3guard-canary-*`; sns:Subscribe, \
        sns:Unsubscribe and sns:ListSubscriptionsByTopic\n\n";
    let exits = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Approval, Exit::Interrupted];
    examples.to_owned() + permissions + &exit::codes(&exits)
}
