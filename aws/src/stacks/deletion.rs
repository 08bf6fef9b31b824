//! Taking a stack away: protection, deletion in each of its ways, what becomes of its resources, and who else uses what it used.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{DeletionMode, ResourceStatus, StackResourceSummary};

use super::{Resource, Stack, Stacks, object, read_resource, read_stack, values};
use crate::AwsError;
use crate::error::Answer as _;

/// How a stack is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// The name of this deletion among the stack's events.
    pub token: String,
    /// The role with whose permissions CloudFormation deletes, in place of the caller's.
    pub role_arn: Option<String>,
    /// What becomes of what cannot be deleted.
    pub way: Way,
}

/// What becomes of what cannot be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// It keeps the stack from being deleted.
    #[default]
    Plain,
    /// It is left in the account; CloudFormation takes this only for a stack that could not be deleted.
    Force,
    /// Resources of these logical ids are left in the account; only for a stack that could not be deleted, too.
    Retain(Vec<String>),
}

/// A resource with how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The resource.
    pub resource: Resource,
    /// Its status as AWS writes it, as `DELETE_FAILED`.
    pub status: String,
    /// CloudFormation's words on the status.
    pub reason: Option<String>,
}

impl Member {
    /// Whether it is not in the account any more. A stack whose deletion has failed lists what is gone, too.
    pub fn is_gone(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    /// Whether it could not be deleted.
    pub fn could_not_go(&self) -> bool {
        self.status == "DELETE_FAILED"
    }

    /// Whether it is a bucket that could not be deleted because something is in it, which AWS says in words alone.
    ///
    /// Written for: "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, …)".
    pub fn is_full_bucket(&self) -> bool {
        self.could_not_go()
            && self.resource.resource_type == "AWS::S3::Bucket"
            && self.reason.as_deref().is_some_and(|reason| reason.contains("is not empty"))
    }
}

impl Stack {
    /// The name, which its id has in it.
    pub fn name(&self) -> &str {
        self.id.split('/').nth(1).unwrap_or(&self.id)
    }
}

impl Stacks {
    /// Deletes a stack, in the background.
    ///
    /// Source: AWS CloudFormation API Reference, `DeleteStack`.
    pub async fn delete_as(&self, stack_id: &str, deletion: &Deletion) -> Result<(), AwsError> {
        let call = self
            .client
            .delete_stack()
            .stack_name(stack_id)
            .client_request_token(&deletion.token)
            .set_role_arn(deletion.role_arn.clone());
        let call = match &deletion.way {
            Way::Plain => call,
            Way::Force => call.deletion_mode(DeletionMode::ForceDeleteStack),
            Way::Retain(ids) => call.set_retain_resources(Some(ids.clone())),
        };
        call.send().await.named("DeleteStack", object(stack_id)).map(drop)
    }

    /// Protects a stack against deletion, or no more.
    pub async fn protect(&self, stack_id: &str, is_protected: bool) -> Result<(), AwsError> {
        let call = self.client.update_termination_protection().stack_name(stack_id);
        let answer = call.enable_termination_protection(is_protected).send().await;
        answer.named("UpdateTerminationProtection", object(stack_id)).map(drop)
    }

    /// Lists a stack's resources that have ever been there, with how they stand.
    pub async fn members(&self, stack_id: &str) -> Result<Vec<Member>, AwsError> {
        let summaries = self.summaries(stack_id).await?;
        let member = |summary: &StackResourceSummary| {
            let status = summary.resource_status().map(ResourceStatus::as_str);
            Some(Member {
                resource: read_resource(summary)?,
                status: status.unwrap_or_default().to_owned(),
                reason: summary.resource_status_reason().map(str::to_owned),
            })
        };
        Ok(summaries.iter().filter_map(member).collect())
    }

    /// Every stack of the Region that is there.
    pub async fn all(&self) -> Result<Vec<Stack>, AwsError> {
        let stacks = self.client.describe_stacks().into_paginator().items().send();
        let stacks = stacks.try_collect().await.named("DescribeStacks", "the Region's stacks")?;
        let mut stacks: Vec<Stack> = stacks.iter().map(read_stack).collect();
        stacks.retain(|stack| !stack.status.is_deleted());
        Ok(stacks)
    }

    /// The parameters of each change set that waits to be carried out.
    pub async fn waiting_parameters(
        &self,
        stack_id: &str,
    ) -> Result<Vec<BTreeMap<String, String>>, AwsError> {
        let call = self.client.list_change_sets().stack_name(stack_id);
        let sets = call.into_paginator().items().send().try_collect().await;
        let sets = sets.named("ListChangeSets", object(stack_id))?;
        let mut waiting = Vec::new();
        for id in sets.iter().filter_map(|set| set.change_set_id()) {
            let answer = self.client.describe_change_set().change_set_name(id).send().await;
            let answer = answer.named("DescribeChangeSet", object(stack_id))?;
            waiting.push(values(answer.parameters()));
        }
        Ok(waiting)
    }
}

#[cfg(test)]
mod tests;
