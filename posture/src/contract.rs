//! Names that the template, the functions and the command share.

pub mod alarms;
mod channel;
pub mod metrics;

pub use channel::Channel;

/// The longest settle time, in seconds: a message is delayed by it.
///
/// Source: Amazon SQS API Reference, `SendMessage`, `DelaySeconds`.
pub const SETTLE_SECONDS_MAX: u32 = 900;

/// Prefixes of the keys of the ledger bucket, by who writes them.
///
/// The bucket's policy and the permissions of the roles are made from these.
pub mod ledger {
    /// One object for each change of a bucket. Written by the guard.
    pub const RECORDS: &str = "records/";
    /// One document for each bucket: its last settings, its open findings, and counts of writes. Written by the guard.
    pub const STATE: &str = "state/";
    /// Sweeps: the first one, the last one, and what was announced by them. Written by the guard.
    pub const SWEEPS: &str = "sweeps/";
    /// Object events until they are published. Written by notify.
    pub const WINDOWS: &str = "windows/";
    /// Notifications about buckets until they are published together, and what a principal has switched off lately. Written
    /// by the guard.
    pub const DIGESTS: &str = "digests/";
    /// Suppressions of a remediation, with their reason and their author. Written by operators.
    pub const SUPPRESSIONS: &str = "suppressions/";
    /// Remediations of existing buckets. Written by operators.
    pub const RUNS: &str = "runs/";
    /// Jobs on existing objects. Written by operators.
    pub const JOBS: &str = "jobs/";

    /// What the guard writes.
    pub const OF_GUARD: [&str; 4] = [RECORDS, STATE, SWEEPS, DIGESTS];
    /// What notify writes.
    pub const OF_NOTIFY: [&str; 1] = [WINDOWS];
    /// What operators write.
    pub const OF_OPERATORS: [&str; 3] = [SUPPRESSIONS, RUNS, JOBS];
}

/// Parameters of the stack.
pub mod parameter {
    /// The bucket with the code.
    pub const CODE_BUCKET: &str = "CodeBucket";
    /// The key of the code in it.
    pub const CODE_KEY: &str = "CodeKey";
    /// The version of the code in the bucket, which is what was reviewed.
    pub const CODE_VERSION: &str = "CodeVersion";
    /// Principals that may assume the operator role, separated by commas; empty for no such role.
    pub const OPERATOR_ARNS: &str = "OperatorArns";
    /// Principals that deploy the stack, and alone may change the locks of its buckets and queues, separated by commas.
    pub const DEPLOYER_ARNS: &str = "DeployerArns";
    /// Keys of earlier stacks, separated by commas: what they encrypt in the ledger counts as well.
    pub const EARLIER_KEY_ARNS: &str = "EarlierKeyArns";
    /// The permissions boundary of the stack's roles; empty for none.
    pub const PERMISSIONS_BOUNDARY: &str = "PermissionsBoundary";
    /// Whether versions in the ledger and in the trail's bucket are locked against deletion.
    pub const OBJECT_LOCK: &str = "ObjectLock";
    /// The architecture of the functions.
    pub const ARCHITECTURE: &str = "Architecture";
    /// The email address for notifications.
    pub const EMAIL: &str = "Email";
    /// The default grade.
    pub const GRADE: &str = "Grade";
    /// The customer managed key for buckets of the Region.
    pub const BUCKET_KEY_ARN: &str = "BucketKeyArn";
    /// Whether the stack creates a trail.
    pub const TRAIL_MODE: &str = "TrailMode";
    /// How long a new bucket is left alone, in seconds.
    pub const SETTLE_SECONDS: &str = "SettleSeconds";
    /// How often the sweep runs.
    pub const SWEEP_RATE: &str = "SweepRate";
    /// The prefix of the names of the stack's buckets.
    pub const BUCKET_PREFIX: &str = "BucketPrefix";
    /// Whether the guard function has concurrent executions of its own.
    pub const RESERVED_CONCURRENCY: &str = "ReservedConcurrency";
    /// The Regions that have a guard of this name, separated by commas; empty if only this Region has one.
    pub const GUARDED_REGIONS: &str = "GuardedRegions";
}

/// Outputs of the stack.
pub mod output {
    /// The topic of alarms. Those of notifications are named by [`Channel::output`](super::Channel::output).
    pub const ALERT_TOPIC_ARN: &str = "AlertTopicArn";
    /// The guard's queue.
    pub const GUARD_QUEUE_URL: &str = "GuardQueueUrl";
    /// The guard's queue, by its ARN.
    pub const GUARD_QUEUE_ARN: &str = "GuardQueueArn";
    /// The queue of object events.
    pub const OBJECT_QUEUE_URL: &str = "ObjectQueueUrl";
    /// The dead-letter queue of the guard.
    pub const GUARD_DLQ_URL: &str = "GuardDlqUrl";
    /// The dead-letter queue of object events.
    pub const OBJECT_DLQ_URL: &str = "ObjectDlqUrl";
    /// The dead-letter queue of notifications.
    pub const NOTIFICATION_DLQ_URL: &str = "NotificationDlqUrl";
    /// The function `guard`.
    pub const GUARD_FUNCTION_NAME: &str = "GuardFunctionName";
    /// The function `notify`.
    pub const NOTIFY_FUNCTION_NAME: &str = "NotifyFunctionName";
    /// The role of the function `guard`.
    pub const GUARD_ROLE_ARN: &str = "GuardRoleArn";
    /// The role of the function `notify`.
    pub const NOTIFY_ROLE_ARN: &str = "NotifyRoleArn";
    /// The role of operators, if there is one.
    pub const OPERATOR_ROLE_ARN: &str = "OperatorRoleArn";
    /// The stack's key.
    pub const KEY_ARN: &str = "KeyArn";
    /// The dashboard.
    pub const DASHBOARD_NAME: &str = "DashboardName";
    /// The ledger bucket.
    pub const LEDGER_BUCKET_NAME: &str = "LedgerBucketName";
    /// The bucket of access logs.
    pub const LOG_BUCKET_NAME: &str = "LogBucketName";
    /// The most that is done about any aspect, if the configuration limits it.
    pub const MODE: &str = "Mode";
    /// The bucket of the trail, if the stack creates one.
    pub const TRAIL_BUCKET_NAME: &str = "TrailBucketName";
}

/// Environment variables of the functions.
pub mod variable {
    /// The account.
    pub const ACCOUNT: &str = "S3GUARD_ACCOUNT";
    /// The stack's name.
    pub const STACK: &str = "S3GUARD_STACK";
    /// The function's own queue.
    pub const QUEUE: &str = "S3GUARD_QUEUE";
    /// The default grade.
    pub const GRADE: &str = "S3GUARD_GRADE";
    /// The customer managed key; empty without one.
    pub const KEY: &str = "S3GUARD_KEY";
    /// How long a new bucket is left alone, in seconds.
    pub const SETTLE_SECONDS: &str = "S3GUARD_SETTLE_SECONDS";
    /// The ledger bucket.
    pub const LEDGER: &str = "S3GUARD_LEDGER";
    /// The key that encrypts the ledger: an object that is not encrypted with it does not count.
    pub const LEDGER_KEY: &str = "S3GUARD_LEDGER_KEY";
    /// The keys of earlier stacks, separated by commas: what they encrypt in the ledger counts as well.
    pub const EARLIER_LEDGER_KEYS: &str = "S3GUARD_EARLIER_LEDGER_KEYS";
    /// The bucket of access logs.
    pub const LOG_BUCKET: &str = "S3GUARD_LOG_BUCKET";
    /// The stack's own buckets, separated by commas.
    pub const OWN_BUCKETS: &str = "S3GUARD_OWN_BUCKETS";
    /// The role of the function.
    pub const ROLE: &str = "S3GUARD_ROLE";
    /// Principals that deploy the stack, separated by commas; empty if they are not known.
    pub const DEPLOYERS: &str = "S3GUARD_DEPLOYERS";
    /// The Regions that have a guard, separated by commas; empty if only this one has.
    pub const GUARDED_REGIONS: &str = "S3GUARD_GUARDED_REGIONS";
}
