//! Where and how the guard is deployed. Only the command needs it, so it is not part of the package.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mistake::quoted;
use crate::text::named::named;
use crate::{Region, StackName};

/// Where and how the guard is deployed. Flags of the command take precedence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "the table `[deploy]`", rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Deploy"))]
pub struct Deploy {
    /// The name of the stack: `s3guard` by default.
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^[A-Za-z][A-Za-z0-9-]{0,127}$")))]
    pub stack: Option<StackName>,
    /// The Regions to guard; each gets a stack of that name. Buckets created through the global endpoint are visible only in
    /// us-east-1.
    #[cfg_attr(
        test,
        schemars(with = "Vec<String>", inner(regex(pattern = "^[a-z]+(-[a-z]+)+-[0-9]{1,2}$")))
    )]
    pub regions: Vec<Region>,
    /// The trail that reports changes.
    pub trail: Option<TrailChoice>,
    /// Tags of the stack, which CloudFormation propagates to its resources.
    pub tags: BTreeMap<String, String>,
    /// Whether the stack is protected against deletion; a new stack is, unless this says no.
    pub protect: Option<bool>,
}

/// Which trail reports changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum TrailChoice {
    /// An existing trail that logs what the guard needs, else a trail of the stack.
    Auto,
    /// A trail of the stack: the default for a new stack.
    #[default]
    Create,
    /// An existing trail that logs write management events.
    Existing,
}

named! {
    TrailChoice:
    Auto = "auto",
    Create = "create",
    Existing = "existing",
}

/// Checks that a stack can have this tag and that it is not reserved.
///
/// Source: AWS CloudFormation API Reference, `Tag`.
pub fn check_tag(key: &str, value: &str) -> Result<(), String> {
    let lower = key.to_ascii_lowercase();
    if key.is_empty() || key.chars().count() > 128 {
        return Err(format!("the key {} must have 1 to 128 characters", quoted(key)));
    }
    if value.is_empty() || value.chars().count() > 256 {
        return Err(format!("the value of the tag {} must have 1 to 256 characters", quoted(key)));
    }
    if lower.starts_with("aws:") {
        return Err(format!("{} begins with `aws:`, which is reserved for AWS", quoted(key)));
    }
    if lower.starts_with("s3guard:") {
        return Err(format!(
            "{} begins with `s3guard:`, which is reserved for s3guard",
            quoted(key)
        ));
    }
    Ok(())
}
