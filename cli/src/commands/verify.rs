//! `s3guard verify`: proves the deployed guard on a test bucket.

use time::OffsetDateTime;

use crate::args::verify::Options;
use crate::exit::Exit;
use crate::operations::verify;
use crate::ui::output::Output;

/// Prove the deployed guard on a test bucket
///
/// Creates a canary: an empty bucket with a name reserved for this account, tagged `s3guard:canary`.
/// Waits until the guard has brought it to its grade, weakens each setting that the deployed
/// configuration enforces, and waits until each is remediated and on record. Then it puts, overwrites
/// and deletes an object and waits until each change is recorded and the digest of the window is
/// published. What the configuration switches off is listed as skipped. Prints how long each step took
/// and, for a step that is late, which link of the chain is probably broken: trail, rule, queue, guard,
/// write or ledger.
///
/// The guard makes no exception for a canary, because an attacker could give a bucket its name. Where the grade has more
/// than two protections to switch off, as `hybrid` and `security` have, the run raises the critical alarm that names
/// the caller, also by SMS: it is part of the proof. Tell those who receive it, or pass `--no-alarm`. The grade `speed`
/// raises none, unless the caller switches off another protection, or runs `verify` again, within ten minutes.
///
/// The canary is removed with all its versions, also after an error and after Ctrl-C; a second Ctrl-C
/// exits at once and lists what was not removed. The next run removes what a killed run has left, once
/// its time is over. No other bucket is changed. Subscribers of the guard are notified about the canary.
///
/// The caller needs, on buckets `s3guard-canary-*`: s3:CreateBucket, s3:DeleteBucket, s3:PutBucketTagging, s3:PutObject,
/// s3:DeleteObject, s3:DeleteObjectVersion, s3:ListBucketVersions, s3:PutBucketPublicAccessBlock,
/// s3:DeleteBucketPolicy, s3:PutEncryptionConfiguration, s3:PutBucketVersioning, s3:PutBucketOwnershipControls,
/// s3:PutBucketLogging; to read what the guard reads: s3:GetBucketPublicAccessBlock, s3:GetBucketPolicy,
/// s3:GetBucketPolicyStatus, s3:GetEncryptionConfiguration, s3:GetBucketOwnershipControls, s3:GetBucketVersioning,
/// s3:GetBucketLogging, s3:GetBucketNotification, s3:GetBucketTagging, s3:GetBucketAcl, s3:GetBucketWebsite,
/// s3:GetLifecycleConfiguration, s3:GetReplicationConfiguration and s3:GetBucketObjectLockConfiguration. On the stack:
/// cloudformation:DescribeStacks, sqs:GetQueueAttributes, cloudtrail:GetTrailStatus, s3:GetObject of the package, and
/// s3:ListBucket, s3:GetObject and kms:Decrypt for the ledger. Besides: s3:GetAccountPublicAccessBlock,
/// s3:ListAllMyBuckets, sqs:ListQueues, and kms:DescribeKey where a grade needs a key. For `--notifications`, on queues
/// `s3guard-canary-*`: sqs:CreateQueue, sqs:TagQueue, sqs:ListQueueTags, sqs:SetQueueAttributes, sqs:ReceiveMessage,
/// sqs:DeleteMessage and sqs:DeleteQueue; on the topic of documents sns:Subscribe, sns:Unsubscribe and sns:ListSubscriptionsByTopic.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    options: Options,

    /// Only remove what earlier runs for this stack have left or kept
    #[arg(long, conflicts_with_all = ["keep", "no_alarm", "notifications", "timeout"])]
    clean_up: bool,
}

pub(crate) fn run(args: &Args, output: &Output, now: OffsetDateTime) -> anyhow::Result<Exit> {
    verify::run(&args.options, args.clean_up, output, now)
}
