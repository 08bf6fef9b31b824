//! What a call has done that no setting of the bucket shows: it is reported by the event alone.

use crate::model::protection::Protections;
use crate::{AccountId, Aspect, BucketName};

/// What the parameters of a call say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The protections that it sets.
    pub sets: Protections,
    /// Whether it grants access to others than the owner by an ACL.
    pub grants_others: bool,
    /// What else it has done.
    pub deed: Option<Deed>,
}

/// What a call has done beside the settings of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It has opened or changed a way to objects beside the bucket's policy.
    Opened {
        /// The aspect.
        aspect: Aspect,
        /// What it is, in words.
        what: String,
    },
    /// It sends names, metadata or statistics of objects to a bucket.
    Exported {
        /// What is sent, in words.
        what: &'static str,
        /// The destination.
        bucket: BucketName,
        /// The account of the destination, if the call names it.
        account: Option<AccountId>,
    },
    /// It has begun or ended a delivery of logs by `CloudWatch Logs`.
    Delivery {
        /// What it is, in words.
        what: &'static str,
        /// Whether it has ended.
        is_end: bool,
    },
    /// It has changed a KMS key.
    Key {
        /// The key's ARN.
        arn: String,
        /// What was done, in words.
        what: &'static str,
    },
    /// It has deleted the bucket.
    Deleted,
}
