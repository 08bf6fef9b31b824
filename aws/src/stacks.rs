//! CloudFormation stacks: looked at, changed by change sets, followed by their events, deleted.
//!
//! Each function is one call, or one list to its end. When to call again is the caller's to decide.

pub mod change_set;
pub mod deletion;
pub mod drift;
pub mod event;
mod events;
pub mod rollback;
mod status;

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Parameter, StackResourceSummary};

pub use self::change_set::{
    Change, ChangeSet, ChangeSetRequest, ChangeSetState, Manner, OnFailure, Ready,
};
use self::deletion::{Deletion, Way};
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

/// A stack as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The ARN. Unlike the name it also finds a deleted stack.
    pub id: String,
    /// Where it stands.
    pub status: StackStatus,
    /// CloudFormation's words on the status.
    pub reason: Option<String>,
    /// The parameters' values; a `NoEcho` one is masked.
    pub parameters: BTreeMap<String, String>,
    /// The outputs' values.
    pub outputs: BTreeMap<String, String>,
    /// The tags that it was given.
    pub tags: BTreeMap<String, String>,
    /// When it was last changed, in seconds since 1970; `None` if it was not since it was made.
    pub updated: Option<i64>,
    /// Whether it is protected against deletion.
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
}

impl Stacks {
    /// The stacks that this connection leads to.
    pub fn new(connection: &Connection) -> Self {
        Self { client: Client::new(&connection.config) }
    }

    /// Describes a stack by name or id; `None` if there is none.
    pub async fn describe(&self, stack: &str) -> Result<Option<Stack>, AwsError> {
        let answer = self.client.describe_stacks().stack_name(stack).send().await;
        match answer.named("DescribeStacks", object(stack)) {
            Ok(answer) => Ok(answer.stacks().first().map(read_stack)),
            Err(error) if says_no_such_stack(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a stack, in the background.
    pub async fn delete(&self, stack_id: &str, token: &str) -> Result<(), AwsError> {
        let deletion = Deletion { token: token.to_owned(), role_arn: None, way: Way::Plain };
        self.delete_as(stack_id, &deletion).await
    }

    /// Lists a stack's resources that exist.
    pub async fn resources(&self, stack_id: &str) -> Result<Vec<Resource>, AwsError> {
        let summaries = self.summaries(stack_id).await?;
        Ok(summaries.iter().filter_map(read_resource).collect())
    }

    /// What CloudFormation says of each resource of a stack, in all pages.
    async fn summaries(&self, stack_id: &str) -> Result<Vec<StackResourceSummary>, AwsError> {
        let call = self.client.list_stack_resources().stack_name(stack_id);
        let summaries = call.into_paginator().items().send().try_collect().await;
        summaries.named("ListStackResources", object(stack_id))
    }
}

/// A resource that exists has a name in the account.
fn read_resource(summary: &StackResourceSummary) -> Option<Resource> {
    Some(Resource {
        logical_id: summary.logical_resource_id().unwrap_or_default().to_owned(),
        physical_id: summary.physical_resource_id()?.to_owned(),
        resource_type: summary.resource_type().unwrap_or_default().to_owned(),
    })
}

fn read_stack(stack: &aws_sdk_cloudformation::types::Stack) -> Stack {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Stack {
        id: owned(stack.stack_id()),
        status: stack.stack_status().map_or("", |status| status.as_str()).into(),
        reason: stack.stack_status_reason().map(str::to_owned),
        parameters: stack
            .parameters()
            .iter()
            .map(|parameter| (owned(parameter.parameter_key()), owned(parameter.parameter_value())))
            .collect(),
        outputs: stack
            .outputs()
            .iter()
            .map(|output| (owned(output.output_key()), owned(output.output_value())))
            .collect(),
        tags: stack.tags().iter().map(|tag| (owned(tag.key()), owned(tag.value()))).collect(),
        updated: stack.last_updated_time().map(aws_smithy_types::DateTime::secs),
        protected: stack.enable_termination_protection().unwrap_or(false),
    }
}

/// A stack in an error. An id is `arn:…:stack/NAME/UUID`: a person knows the name.
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

/// Whether AWS says that there is no such stack, for which it has no code of its own.
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
