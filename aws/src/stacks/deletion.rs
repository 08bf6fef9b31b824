//! Deleting a stack: termination protection, the ways of deletion, and which other stacks and change sets use its code.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::DeletionMode;

use super::{Stack, Stacks, object, read_stack, values};
use crate::AwsError;
use crate::error::Answer as _;

/// How a stack is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// The token of this deletion in the stack's events.
    pub token: String,
    /// The role that CloudFormation uses instead of the caller's permissions.
    pub role_arn: Option<String>,
    /// What to do with resources that cannot be deleted.
    pub way: Way,
}

/// What to do with resources that cannot be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// The deletion fails.
    #[default]
    Plain,
    /// They are retained in the account; CloudFormation allows this only for a stack whose deletion has failed.
    Force,
    /// The resources with these logical ids are retained; also only for a stack whose deletion has failed.
    Retain(Vec<String>),
}

impl Stacks {
    /// Starts to delete a stack.
    pub async fn delete(&self, stack_id: &str, token: &str) -> Result<(), AwsError> {
        self.delete_as(stack_id, &Deletion { token: token.to_owned(), ..Deletion::default() }).await
    }

    /// Starts to delete a stack in one of the ways.
    ///
    /// Source: AWS CloudFormation API Reference, `DeleteStack`.
    pub async fn delete_as(&self, stack_id: &str, deletion: &Deletion) -> Result<(), AwsError> {
        let call = self.client.delete_stack().stack_name(stack_id);
        let call =
            call.client_request_token(&deletion.token).set_role_arn(deletion.role_arn.clone());
        let call = match &deletion.way {
            Way::Plain => call,
            Way::Force => call.deletion_mode(DeletionMode::ForceDeleteStack),
            Way::Retain(ids) => call.set_retain_resources(Some(ids.clone())),
        };
        call.send().await.named("DeleteStack", object(stack_id)).map(drop)
    }

    /// Turns termination protection on or off.
    pub async fn protect(&self, stack_id: &str, is_protected: bool) -> Result<(), AwsError> {
        let call = self.client.update_termination_protection().stack_name(stack_id);
        let answer = call.enable_termination_protection(is_protected).send().await;
        answer.named("UpdateTerminationProtection", object(stack_id)).map(drop)
    }

    /// Every stack of the Region that is not deleted.
    pub async fn all(&self) -> Result<Vec<Stack>, AwsError> {
        let stacks = self.client.describe_stacks().into_paginator().items().send();
        let stacks = stacks.try_collect().await.named("DescribeStacks", "the Region's stacks")?;
        let mut stacks: Vec<Stack> = stacks.iter().map(read_stack).collect();
        stacks.retain(|stack| !stack.status.is_deleted());
        Ok(stacks)
    }

    /// The parameters of each change set that was not executed yet.
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
