//! Where and how the guard is deployed: the command's business alone, so it does not travel in the package.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mistake::{Mistake, PathPart, below, quoted, write_one_of, wrong_value};
use crate::{Region, StackName};

/// CloudFormation takes fifty; one is s3guard's own.
///
/// Source: AWS CloudFormation API Reference, `CreateChangeSet`, `Tags`.
const TAGS_MAX: usize = 49;

/// Where and how the guard is deployed; what the command line says comes before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deploy {
    /// The name of the stack.
    pub stack: Option<StackName>,
    /// The Regions, each of which gets a stack of that name.
    pub regions: Vec<Region>,
    /// The trail that tells of changes.
    pub trail: Option<TrailChoice>,
    /// Tags of the stack, which CloudFormation hands on to its resources.
    pub tags: BTreeMap<String, String>,
    /// Whether the stack is protected against deletion.
    pub protect: Option<bool>,
}

/// Which trail tells of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrailChoice {
    /// One that is there and logs what the guard needs, else one of the stack's own.
    Auto,
    /// One of the stack's own: what a new stack gets unless it is told otherwise.
    #[default]
    Create,
    /// One that is there already and logs write management events.
    Existing,
}

/// The table `[deploy]` as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Deploy"))]
pub struct WrittenDeploy {
    /// The name of the stack: `s3guard` unless it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", regex(pattern = "^[A-Za-z][A-Za-z0-9-]{0,127}$")))]
    pub stack: Option<String>,
    /// The Regions to guard, each of which gets a stack of that name. Buckets that are made through the global endpoint
    /// are seen only in us-east-1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[a-z]+(-[a-z]+)+-[0-9]{1,2}$"))))]
    pub regions: Vec<String>,
    /// The trail that tells of changes: `auto` (one that is there and logs what the guard needs, else one of the stack's
    /// own), `create` or `existing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String", extend("enum" = ["auto", "create", "existing"])))]
    pub trail: Option<String>,
    /// Tags of the stack, which CloudFormation hands on to its resources.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Whether the stack is protected against deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "bool"))]
    pub protect: Option<bool>,
}

impl TrailChoice {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Create, Self::Existing];

    /// The choice as one writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Create => "create",
            Self::Existing => "existing",
        }
    }
}

impl Deploy {
    /// The table as one would write it.
    pub(super) fn written(&self) -> WrittenDeploy {
        WrittenDeploy {
            stack: self.stack.as_ref().map(ToString::to_string),
            regions: self.regions.iter().map(ToString::to_string).collect(),
            trail: self.trail.map(|trail| trail.name().to_owned()),
            tags: self.tags.clone(),
            protect: self.protect,
        }
    }
}

impl WrittenDeploy {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) fn check(
    written: &WrittenDeploy,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Deploy {
    Deploy {
        stack: stack(written.stack.as_deref(), &below(path, "stack"), mistakes),
        regions: regions(&written.regions, &below(path, "regions"), mistakes),
        trail: trail(written.trail.as_deref(), &below(path, "trail"), mistakes),
        tags: tags(&written.tags, &below(path, "tags"), mistakes),
        protect: written.protect,
    }
}

fn stack(text: Option<&str>, path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Option<StackName> {
    text?
        .parse()
        .map_err(|problem: crate::model::stack_name::InvalidStackName| {
            let proposal = "choose a name as `s3guard` or `prod-guard-2`".to_owned();
            mistakes.push(wrong_value(path, problem.to_string(), Some(proposal)));
        })
        .ok()
}

fn regions(written: &[String], path: &[PathPart], mistakes: &mut Vec<Mistake>) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for (index, text) in written.iter().enumerate() {
        let path = below(path, index);
        let Ok(region) = text.parse() else {
            let problem = format!("{} is not a Region's code", quoted(text));
            mistakes.push(wrong_value(&path, problem, Some("write it as `eu-west-1`".to_owned())));
            continue;
        };
        if regions.contains(&region) {
            let problem = format!("`{region}` is named twice");
            mistakes.push(wrong_value(&path, problem, Some("remove one".to_owned())));
            continue;
        }
        regions.push(region);
    }
    regions
}

fn trail(
    text: Option<&str>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> Option<TrailChoice> {
    let text = text?;
    let found = TrailChoice::ALL.into_iter().find(|choice| choice.name() == text);
    if found.is_none() {
        let proposal = write_one_of(text, &TrailChoice::ALL.map(TrailChoice::name));
        let problem = format!("{} is not a choice of trail", quoted(text));
        mistakes.push(wrong_value(path, problem, Some(proposal)));
    }
    found
}

fn tags(
    written: &BTreeMap<String, String>,
    path: &[PathPart],
    mistakes: &mut Vec<Mistake>,
) -> BTreeMap<String, String> {
    if written.len() > TAGS_MAX {
        let problem = format!("there are {} tags, and {TAGS_MAX} are allowed", written.len());
        mistakes.push(wrong_value(path, problem, None));
    }
    for (key, value) in written {
        if let Err(problem) = check_tag(key, value) {
            mistakes.push(wrong_value(&below(path, &**key), problem, None));
        }
    }
    written.clone()
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
