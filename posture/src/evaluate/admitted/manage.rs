//! Which statements let a principal change the settings of the bucket.

use serde_json::Value;

use super::kind::text;
use crate::model::glob::Glob;
use crate::model::policy::{Statement, listed};

/// The actions that change the settings of a bucket, or delete it.
///
/// Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3", access levels Write
/// and Permissions management on the resource type bucket.
const CHANGES: [&str; 20] = [
    "s3:deletebucket",
    "s3:deletebucketpolicy",
    "s3:deletebucketwebsite",
    "s3:putaccelerateconfiguration",
    "s3:putanalyticsconfiguration",
    "s3:putbucketacl",
    "s3:putbucketcors",
    "s3:putbucketlogging",
    "s3:putbucketnotification",
    "s3:putbucketobjectlockconfiguration",
    "s3:putbucketownershipcontrols",
    "s3:putbucketpolicy",
    "s3:putbucketpublicaccessblock",
    "s3:putbuckettagging",
    "s3:putbucketversioning",
    "s3:putbucketwebsite",
    "s3:putencryptionconfiguration",
    "s3:putinventoryconfiguration",
    "s3:putlifecycleconfiguration",
    "s3:putreplicationconfiguration",
];

/// The first action of a statement that changes settings, as it is spelled.
pub(super) fn changes(statement: Statement<'_>) -> Option<String> {
    if !is_of_bucket(statement) {
        return None;
    }
    let is_of = |name: &str| {
        let glob = Glob::new(name.to_ascii_lowercase());
        CHANGES.iter().any(|action| glob.matches(action))
    };
    match statement.0.get("NotAction") {
        None => {
            let names = statement.each("Action").filter_map(Value::as_str);
            names.into_iter().find(|name| is_of(name)).map(text)
        }
        Some(others) => {
            let others: Vec<Glob> = listed(others)
                .filter_map(Value::as_str)
                .map(|name| Glob::new(name.to_ascii_lowercase()))
                .collect();
            let is_left = |action: &str| !others.iter().any(|other| other.matches(action));
            CHANGES
                .iter()
                .any(|action| is_left(action))
                .then(|| "all but what its NotAction names".to_owned())
        }
    }
}

/// Whether a statement is about the bucket itself, not only about objects in it.
fn is_of_bucket(statement: Statement<'_>) -> bool {
    let is_bucket = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        name == "*" || name.split_once(":::").is_some_and(|(_, name)| !name.contains('/'))
    };
    statement.0.get("NotResource").is_some() || statement.each("Resource").any(is_bucket)
}
