//! What the fake AWS has, and what it has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

/// Stands for the bucket's name in [`World::settings`].
pub(crate) const NAME: &str = "{bucket}";

/// An account's buckets, ledger and queue.
#[derive(Debug)]
pub(crate) struct World {
    /// How long each answer takes.
    pub(crate) delay: Duration,
    /// Whether a new bucket is encrypted, as it is since 2023.
    pub(crate) encrypts_new_buckets: bool,
    /// What `ListBuckets` lists, in the order of the names.
    pub(crate) buckets: Vec<String>,
    /// Settings of every bucket, by sub-resource, that are not a new bucket's.
    pub(crate) settings: BTreeMap<String, String>,
    /// What was put, by bucket and sub-resource.
    pub(crate) put: BTreeMap<(String, String), String>,
    /// The keys of the ledger.
    pub(crate) ledger: BTreeSet<String>,
    /// The messages that were sent to the queue.
    pub(crate) messages: Vec<String>,
    /// The calls, in the order of their answers.
    pub(crate) calls: Vec<Call>,
}

/// A call, when it came, and when it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What it asks for.
    pub(crate) what: What,
    /// When it came.
    pub(crate) came: Instant,
    /// When it was answered.
    pub(crate) answered: Instant,
}

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A setting of a bucket.
    Get(String),
    /// A setting of a bucket is put.
    Put(String),
    /// The account's buckets.
    ListBuckets,
    /// Keys of the ledger.
    ListLedger,
    /// An object of the ledger is put.
    PutLedger,
    /// The account's public access block.
    AccountBlock,
    /// KMS describes a key.
    DescribeKey,
    /// SQS takes messages.
    Send,
    /// SNS publishes.
    Publish,
}

impl World {
    /// An account with buckets as AWS makes them today.
    pub(crate) fn new(buckets: Vec<String>) -> Self {
        Self {
            delay: Duration::ZERO,
            encrypts_new_buckets: true,
            buckets,
            settings: BTreeMap::new(),
            put: BTreeMap::new(),
            ledger: BTreeSet::new(),
            messages: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// What was last put as a bucket's setting.
    pub(crate) fn last_put(&self, bucket: &str, setting: &str) -> Option<&str> {
        self.put.get(&(bucket.to_owned(), setting.to_owned())).map(String::as_str)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get(setting) => write!(f, "GET {setting}"),
            Self::Put(setting) => write!(f, "PUT {setting}"),
            Self::ListBuckets => f.write_str("list buckets"),
            Self::ListLedger => f.write_str("list ledger"),
            Self::PutLedger => f.write_str("keep in ledger"),
            Self::AccountBlock => f.write_str("account block"),
            Self::DescribeKey => f.write_str("KMS"),
            Self::Send => f.write_str("SQS"),
            Self::Publish => f.write_str("SNS"),
        }
    }
}
