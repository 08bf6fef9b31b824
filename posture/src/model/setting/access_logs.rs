//! Server access logs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where S3 writes down who reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessLogs {
    /// The bucket that gets the logs, in the same Region and account.
    pub target_bucket: String,
    /// What the keys of the logs begin with.
    pub target_prefix: String,
}

impl fmt::Display for AccessLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to {}/{}", self.target_bucket, self.target_prefix)
    }
}
