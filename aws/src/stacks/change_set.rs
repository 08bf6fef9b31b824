//! Change sets: what would be done to a stack, before it is done.

mod calls;
mod described;

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{
    Change as SdkChange, ChangeAction, ChangeSetType, Replacement, ResourceChange,
    ResourceChangeDetail,
};
use s3guard_posture::StackName;
use serde::Serialize;

/// What is wanted of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetRequest {
    /// The stack.
    pub stack: StackName,
    /// The change set's own name; asking twice under one name is asking once.
    pub name: String,
    /// Whether the stack is there already.
    pub kind: ChangeSetKind,
    /// The URL of the template in S3, which CloudFormation reads with the caller's permissions.
    pub template_url: String,
    /// The parameters.
    pub parameters: BTreeMap<String, String>,
    /// Tags of the stack, which CloudFormation hands on to its resources.
    pub tags: BTreeMap<String, String>,
    /// How it is to be carried out.
    pub manner: Manner,
}

/// How a change is carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// The role that CloudFormation takes; without one, the one that the stack has, or the caller's own permissions.
    pub role: Option<String>,
    /// What becomes of a change that fails.
    pub on_failure: OnFailure,
    /// Whether CloudFormation is done as soon as everything is configured, without waiting for it to be ready.
    pub is_express: bool,
    /// Whether changes made outside of CloudFormation are reverted.
    pub reverts_drift: bool,
    /// Whether resources that are there, with names of their own, become the stack's.
    pub imports: bool,
    /// Topics for the stack's events; empty keeps those that the stack has.
    pub topics: Vec<String>,
}

impl Manner {
    /// Whether the change set says itself what becomes of a change that fails: then nothing else may.
    pub fn says_on_failure(&self) -> bool {
        self.is_express || self.on_failure == OnFailure::Delete
    }
}

/// What becomes of a change that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It is undone.
    #[default]
    Rollback,
    /// A new stack is deleted.
    Delete,
    /// What was done stays as it is.
    Keep,
}

/// Whether a change set makes a stack or changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSetKind {
    /// The stack is new.
    Create,
    /// The stack exists.
    Update,
}

/// A change set that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// The ARN of the change set.
    pub id: String,
    /// The ARN of its stack.
    pub stack_id: String,
}

/// How far a change set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeSetState {
    /// CloudFormation is working it out.
    Pending,
    /// It can be carried out.
    Ready(Ready),
    /// There is nothing to change.
    Empty,
    /// It cannot be carried out, for this reason.
    Failed(String),
}

/// A change set that can be carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// What it would do.
    pub changes: Vec<Change>,
    /// Whether it says itself what becomes of a change that fails: then nothing else may.
    pub says_on_failure: bool,
    /// Whether it says itself that what was done before a failure stays.
    pub keeps_failures: bool,
    /// The parameters that the stack will have.
    pub parameters: BTreeMap<String, String>,
    /// Why CloudFormation did not describe some resources with the values of their properties.
    pub without_values: Option<String>,
}

/// What is done to one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// What is done.
    pub action: ResourceAction,
    /// The resource's name in the template.
    pub logical_id: String,
    /// Its type, as `AWS::S3::Bucket`.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The resource's name in the account, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// What happens to the old resource by the template's own policies: `Delete`, `Retain`, `Snapshot`,
    /// `ReplaceAndRetain`, …
    #[serde(skip)]
    pub policy: Option<String>,
    /// What of it changes, as far as CloudFormation says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyChange>,
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Action"))]
pub enum ResourceAction {
    /// It is created.
    Added,
    /// It exists and becomes the stack's.
    Imported,
    /// It is changed in place.
    Changed,
    /// It is changed; whether it is replaced is decided while the change is carried out.
    #[serde(rename = "may-be-replaced")]
    MayBeReplaced,
    /// A new resource takes its place.
    Replaced,
    /// It is removed from the stack.
    Removed,
    /// Only CloudFormation's record of it changes.
    Synced,
}

/// A property that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PropertyChange {
    /// The way to it, as `Code.S3Key`; `Tags`, `Metadata` and such stand for themselves.
    pub path: String,
    /// The value before, as text or JSON, if CloudFormation knows it.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
}

impl ResourceAction {
    /// Source: AWS CloudFormation API Reference, `ResourceChange`, `Action`. A kind that is new there is a change.
    fn of(change: &ResourceChange) -> Self {
        let action = change.action().map(ChangeAction::as_str);
        match (action, change.replacement().map(Replacement::as_str)) {
            (Some("Add"), _) => Self::Added,
            (Some("Import"), _) => Self::Imported,
            (Some("Remove"), _) => Self::Removed,
            (Some("SyncWithActual"), _) => Self::Synced,
            (_, Some("True")) => Self::Replaced,
            (Some("Dynamic"), _) => Self::MayBeReplaced,
            (_, Some("False") | None) => Self::Changed,
            (_, Some(_)) => Self::MayBeReplaced,
        }
    }
}

impl From<ChangeSetKind> for ChangeSetType {
    fn from(kind: ChangeSetKind) -> Self {
        match kind {
            ChangeSetKind::Create => Self::Create,
            ChangeSetKind::Update => Self::Update,
        }
    }
}

impl ChangeSetState {
    /// Reads status and reason as CloudFormation gives them, and whether it can still be carried out.
    pub(super) fn read(
        status: Option<&str>,
        reason: Option<&str>,
        execution: Option<&str>,
        ready: Ready,
    ) -> Self {
        let reason = reason.unwrap_or("no reason was given");
        match (status, execution) {
            (Some("CREATE_PENDING" | "CREATE_IN_PROGRESS") | None, _) => Self::Pending,
            (Some("CREATE_COMPLETE"), Some("AVAILABLE") | None) => Self::Ready(ready),
            (Some("CREATE_COMPLETE"), Some(execution)) => Self::Failed(match execution {
                "OBSOLETE" => "the stack has changed since it was made".to_owned(),
                "EXECUTE_IN_PROGRESS" => "it is being carried out already".to_owned(),
                "EXECUTE_COMPLETE" | "EXECUTE_FAILED" => "it was carried out already".to_owned(),
                other => format!("it cannot be carried out, CloudFormation says `{other}`"),
            }),
            (Some("FAILED"), _) if says_no_changes(reason) => Self::Empty,
            (Some("FAILED"), _) => Self::Failed(reason.to_owned()),
            // It is being deleted, or its status is unknown: it cannot be carried out.
            (Some(other), _) => Self::Failed(format!("it is in status `{other}`: {reason}")),
        }
    }
}

pub(super) fn read_change(change: &SdkChange) -> Option<Change> {
    let change = change.resource_change()?;
    let mut properties: Vec<PropertyChange> = Vec::new();
    for detail in change.details() {
        let Some(property) = read_property(detail) else { continue };
        // CloudFormation lists a property once for each cause of its change, and not each time with values.
        match properties.iter_mut().find(|known| known.path == property.path) {
            Some(known) => {
                known.before = known.before.take().or(property.before);
                known.after = known.after.take().or(property.after);
            }
            None => properties.push(property),
        }
    }
    Some(Change {
        action: ResourceAction::of(change),
        logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
        resource_type: change.resource_type().unwrap_or_default().to_owned(),
        physical_id: change.physical_resource_id().map(str::to_owned),
        policy: change.policy_action().map(|action| action.as_str().to_owned()),
        properties,
    })
}

/// Source: AWS CloudFormation API Reference, `ResourceTargetDefinition`: `Path` is a JSON pointer below the resource.
fn read_property(detail: &ResourceChangeDetail) -> Option<PropertyChange> {
    let target = detail.target()?;
    let path = match (target.path(), target.name(), target.attribute()) {
        (Some(path), _, _) if !path.is_empty() => {
            let path = path.trim_start_matches('/');
            path.strip_prefix("Properties/").unwrap_or(path).replace('/', ".")
        }
        (_, Some(name), _) if !name.is_empty() => name.to_owned(),
        (_, _, attribute) => attribute?.as_str().to_owned(),
    };
    let value = |text: Option<&str>| text.map(str::to_owned);
    Some(PropertyChange {
        path,
        before: value(target.before_value()),
        after: value(target.after_value()),
    })
}

/// Whether a failed change set has failed only because nothing would change, which AWS says in words alone.
///
/// Written for: "The submitted information didn't contain changes. Submit different information to create a
/// change set." and "No updates are to be performed."
fn says_no_changes(reason: &str) -> bool {
    reason.starts_with("The submitted information didn't contain changes")
        || reason.starts_with("No updates are to be performed")
}

#[cfg(test)]
mod tests;
