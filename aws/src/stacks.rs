//! CloudFormation stacks: describing, changing by change sets, following events, deleting.
//!
//! Each function is one call, or all pages of one list. The caller decides when to retry.

pub mod change_set;
pub mod deletion;
pub mod drift;
pub mod event;
mod events;
pub mod rollback;
mod status;

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Parameter, ResourceStatus, StackResourceSummary};

pub use self::change_set::{
    Change, ChangeSet, ChangeSetRequest, ChangeSetState, Manner, OnFailure, Ready,
};
pub use self::event::Event;
pub use self::events::Scope;
pub use self::status::{Operation, Phase, StackStatus};
use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The stacks of an account in a Region.
#[derive(Clone, Debug)]
pub struct Stacks {
    client: Client,
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The ARN. Unlike the name, it also identifies a deleted stack.
    pub id: String,
    /// The status.
    pub status: StackStatus,
    /// CloudFormation's reason for the status.
    pub reason: Option<String>,
    /// The parameters' values; a `NoEcho` one is masked.
    pub parameters: BTreeMap<String, String>,
    /// The outputs' values.
    pub outputs: BTreeMap<String, String>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// When it was last updated, in seconds since 1970; `None` if never.
    pub updated: Option<i64>,
    /// Whether termination protection is on.
    pub protected: bool,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in the account.
    pub physical_id: String,
    /// Its type, as `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Its status as AWS writes it, as `DELETE_FAILED`.
    pub status: String,
    /// CloudFormation's reason for the status.
    pub reason: Option<String>,
}

impl Resource {
    /// Whether it was deleted. A stack whose deletion has failed still lists it.
    pub fn is_gone(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    /// Whether it could not be deleted.
    pub fn could_not_go(&self) -> bool {
        self.status == "DELETE_FAILED"
    }

    /// Whether it is a bucket that could not be deleted because it is not empty, which AWS says only in the message.
    ///
    /// Written for: "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, …)".
    pub fn is_full_bucket(&self) -> bool {
        self.could_not_go()
            && self.resource_type == "AWS::S3::Bucket"
            && self.reason.as_deref().is_some_and(|reason| reason.contains("is not empty"))
    }

    /// Whether it could not be rolled back, so that it can be skipped; not if its update was only cancelled.
    pub fn is_stuck(&self) -> bool {
        self.status == "UPDATE_FAILED" && !self.reason.as_deref().is_some_and(event::says_cancelled)
    }
}

impl Stack {
    /// The name, which is part of the id.
    pub fn name(&self) -> &str {
        self.id.split('/').nth(1).unwrap_or(&self.id)
    }
}

impl Stacks {
    /// The stacks of the connection's account and Region.
    pub fn new(connection: &Connection) -> Self {
        Self { client: Client::new(&connection.config) }
    }

    /// Describes a stack by name or id; `None` if it does not exist.
    pub async fn describe(&self, stack: &str) -> Result<Option<Stack>, AwsError> {
        let answer = self.client.describe_stacks().stack_name(stack).send().await;
        match answer.named("DescribeStacks", object(stack)) {
            Ok(answer) => Ok(answer.stacks().first().map(read_stack)),
            Err(error) if says_no_such_stack(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lists a stack's resources that have, or had, a name in the account, or could not be rolled back.
    pub async fn resources(&self, stack_id: &str) -> Result<Vec<Resource>, AwsError> {
        let call = self.client.list_stack_resources().stack_name(stack_id);
        let summaries = call.into_paginator().items().send().try_collect().await;
        let summaries = summaries.named("ListStackResources", object(stack_id))?;
        let mut resources: Vec<_> = summaries.iter().map(read_resource).collect();
        resources.retain(|resource| !resource.physical_id.is_empty() || resource.is_stuck());
        Ok(resources)
    }
}

fn read_resource(summary: &StackResourceSummary) -> Resource {
    let status = summary.resource_status().map(ResourceStatus::as_str);
    Resource {
        logical_id: summary.logical_resource_id().unwrap_or_default().to_owned(),
        physical_id: summary.physical_resource_id().unwrap_or_default().to_owned(),
        resource_type: summary.resource_type().unwrap_or_default().to_owned(),
        status: status.unwrap_or_default().to_owned(),
        reason: summary.resource_status_reason().map(str::to_owned),
    }
}

fn read_stack(stack: &aws_sdk_cloudformation::types::Stack) -> Stack {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let outputs = stack.outputs().iter();
    Stack {
        id: owned(stack.stack_id()),
        status: stack.stack_status().map_or("", |status| status.as_str()).into(),
        reason: stack.stack_status_reason().map(str::to_owned),
        parameters: values(stack.parameters()),
        outputs: outputs.map(|one| (owned(one.output_key()), owned(one.output_value()))).collect(),
        tags: stack.tags().iter().map(|tag| (owned(tag.key()), owned(tag.value()))).collect(),
        updated: stack.last_updated_time().map(aws_smithy_types::DateTime::secs),
        protected: stack.enable_termination_protection().unwrap_or(false),
    }
}

/// A stack as an error names it. An id is `arn:…:stack/NAME/UUID`: a person knows the name.
fn object(stack: &str) -> String {
    format!("stack `{}`", stack.split('/').nth(1).unwrap_or(stack))
}

/// The parameters that have values.
fn values(parameters: &[Parameter]) -> BTreeMap<String, String> {
    let value = |one: &Parameter| {
        Some((one.parameter_key()?.to_owned(), one.parameter_value()?.to_owned()))
    };
    parameters.iter().filter_map(value).collect()
}

/// Whether the stack does not exist, which has no code of its own.
///
/// Written for: `ValidationError`, "Stack with id s3guard does not exist"; by an ARN the id is the ARN.
fn says_no_such_stack(error: &AwsError) -> bool {
    let message = &error.message;
    error.code() == Some("ValidationError")
        && message.starts_with("Stack ")
        && message.ends_with("does not exist")
}

#[cfg(test)]
mod tests;
