//! The state of the fake AWS, and the calls that it received.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

/// Placeholder of the bucket's name in [`World::settings`].
pub(crate) const NAME: &str = "{bucket}";

/// An account's buckets, ledger and queue.
#[derive(Debug)]
pub(crate) struct World {
    /// The delay of each response.
    pub(crate) delay: Duration,
    /// Whether a new bucket is encrypted, as it is since 2023.
    pub(crate) encrypts_new_buckets: bool,
    /// The result of `ListBuckets`, in the order of the names.
    pub(crate) buckets: Vec<String>,
    /// Settings of every bucket, by sub-resource, that differ from a new bucket's.
    pub(crate) settings: BTreeMap<String, String>,
    /// The settings that were put, by bucket and sub-resource.
    pub(crate) put: BTreeMap<(String, String), String>,
    /// The keys of the ledger.
    pub(crate) ledger: BTreeSet<String>,
    /// The messages that were sent to the queue.
    pub(crate) messages: Vec<String>,
    /// The calls, in the order of their responses.
    pub(crate) calls: Vec<Call>,
}

/// A call and its times.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its kind.
    pub(crate) what: What,
    /// When it was received.
    pub(crate) came: Instant,
    /// When it was answered.
    pub(crate) answered: Instant,
}

/// The kind of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Reads a setting of a bucket.
    Get(String),
    /// Writes a setting of a bucket.
    Put(String),
    /// Lists the account's buckets.
    ListBuckets,
    /// Lists keys of the ledger.
    ListLedger,
    /// Reads an object of the ledger.
    GetLedger,
    /// Writes an object of the ledger.
    PutLedger,
    /// Reads the account's public access block.
    AccountBlock,
    /// Describes a KMS key.
    DescribeKey,
    /// Sends SQS messages.
    Send,
    /// Publishes to SNS.
    Publish,
}

impl World {
    /// An account with buckets that have the current defaults.
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

    /// The last value of a bucket's setting.
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
            Self::GetLedger => f.write_str("read ledger"),
            Self::PutLedger => f.write_str("keep in ledger"),
            Self::AccountBlock => f.write_str("account block"),
            Self::DescribeKey => f.write_str("KMS"),
            Self::Send => f.write_str("SQS"),
            Self::Publish => f.write_str("SNS"),
        }
    }
}
