//! Where and how the guard is deployed: the command's business alone, so it does not travel in the package.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mistake::quoted;
use crate::text::named::named;
use crate::{Region, StackName};

/// Where and how the guard is deployed; what the command line says comes before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "the table `[deploy]`", rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Deploy"))]
pub struct Deploy {
    /// The name of the stack: `s3guard` unless it is set.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^[A-Za-z][A-Za-z0-9-]{0,127}$")))]
    pub stack: Option<StackName>,
    /// The Regions to guard, each of which gets a stack of that name. Buckets that are made through the global endpoint
    /// are seen only in us-east-1.
    #[cfg_attr(
        test,
        schemars(with = "Vec<String>", inner(regex(pattern = "^[a-z]+(-[a-z]+)+-[0-9]{1,2}$")))
    )]
    pub regions: Vec<Region>,
    /// The trail that tells of changes.
    pub trail: Option<TrailChoice>,
    /// Tags of the stack, which CloudFormation hands on to its resources.
    pub tags: BTreeMap<String, String>,
    /// Whether the stack is protected against deletion.
    pub protect: Option<bool>,
}

/// Which trail tells of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum TrailChoice {
    /// One that is there and logs what the guard needs, else one of the stack's own.
    Auto,
    /// One of the stack's own: what a new stack gets unless it is told otherwise.
    #[default]
    Create,
    /// One that is there already and logs write management events.
    Existing,
}

named! {
    TrailChoice:
    Auto = "auto",
    Create = "create",
    Existing = "existing",
}

/// Whether a stack can have this tag, and s3guard leaves it to the caller; else why not.
///
/// Source: AWS CloudFormation API Reference, `Tag`.
pub fn check_tag(key: &str, value: &str) -> Result<(), String> {
    let lower = key.to_ascii_lowercase();
    if key.is_empty() || key.chars().count() > 128 {
        return Err(format!("the key {} has to have 1 to 128 characters", quoted(key)));
    }
    if value.is_empty() || value.chars().count() > 256 {
        return Err(format!(
            "the value of the tag {} has to have 1 to 256 characters",
            quoted(key)
        ));
    }
    if lower.starts_with("aws:") {
        return Err(format!("{} begins with `aws:`, which is AWS's own", quoted(key)));
    }
    if lower.starts_with("s3guard:") {
        return Err(format!("{} begins with `s3guard:`, which s3guard sets itself", quoted(key)));
    }
    Ok(())
}
