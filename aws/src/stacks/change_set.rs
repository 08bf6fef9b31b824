//! Change sets: what would be done to a stack, before it is done.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{
    Change as SdkChange, ChangeSetType, Replacement as SdkReplacement,
};

use s3guard_posture::StackName;

/// What is wanted of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetRequest {
    /// The stack.
    pub stack: StackName,
    /// The change set's own name; asking twice under one name is asking once.
    pub name: String,
    /// Whether the stack is there already.
    pub kind: Kind,
    /// The template.
    pub template: Template,
    /// The parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Tags of the stack, which CloudFormation hands on to its resources.
    pub tags: BTreeMap<String, String>,
}

/// How CloudFormation gets a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// In the call.
    Body(String),
    /// From S3, at this URL, with the caller's permissions.
    Url(String),
}

/// Whether a change set makes a stack or changes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The stack is new.
    Create,
    /// The stack exists.
    Update,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// This one.
    New(String),
    /// The one that the stack has.
    Previous,
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
    Ready(Vec<Change>),
    /// There is nothing to change.
    Empty,
    /// It cannot be carried out, for this reason.
    Failed(String),
}

/// What is done to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `Add`, `Modify`, `Remove`, `Import`, `Dynamic`, …
    pub action: String,
    /// The resource's name in the template.
    pub logical_id: String,
    /// Its type, as `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Whether the resource is replaced by a new one.
    pub replacement: Replacement,
}

/// Whether a resource is replaced by a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// It stays.
    No,
    /// That is decided while the change is carried out.
    Perhaps,
    /// It is replaced.
    Yes,
}

impl From<Kind> for ChangeSetType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Create => Self::Create,
            Kind::Update => Self::Update,
        }
    }
}

impl ChangeSetState {
    /// Reads status and reason as CloudFormation gives them.
    pub(super) fn read(status: Option<&str>, reason: Option<&str>, changes: Vec<Change>) -> Self {
        let reason = reason.unwrap_or("no reason was given");
        match status {
            Some("CREATE_PENDING" | "CREATE_IN_PROGRESS") | None => Self::Pending,
            Some("CREATE_COMPLETE") => Self::Ready(changes),
            Some("FAILED") if says_no_changes(reason) => Self::Empty,
            Some("FAILED") => Self::Failed(reason.to_owned()),
            // Somebody deletes it, or it is something new: not ours to carry out.
            Some(other) => Self::Failed(format!("it is in status `{other}`: {reason}")),
        }
    }
}

pub(super) fn read_change(change: &SdkChange) -> Option<Change> {
    let change = change.resource_change()?;
    Some(Change {
        action: change.action().map_or("?", |action| action.as_str()).to_owned(),
        logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
        resource_type: change.resource_type().unwrap_or_default().to_owned(),
        replacement: match change.replacement().map(SdkReplacement::as_str) {
            Some("True") => Replacement::Yes,
            Some("False") | None => Replacement::No,
            Some(_) => Replacement::Perhaps,
        },
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
