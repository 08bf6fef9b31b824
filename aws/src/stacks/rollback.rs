//! Continuing a failed rollback, rolling a failed operation back, and cancelling an update.

use super::{Stacks, object};
use crate::AwsError;
use crate::error::Answer as _;

/// What to do about resources that could not be rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Try all of them again.
    None,
    /// Leave these as they are, by their logical ids.
    These(Vec<String>),
    /// Leave all of them as they are.
    All,
}

impl Stacks {
    /// Continues the failed rollback of an update, in the background.
    ///
    /// Source: AWS CloudFormation API Reference, `ContinueUpdateRollback`.
    pub async fn continue_rollback(
        &self,
        stack_id: &str,
        skip: &Skip,
        token: &str,
    ) -> Result<(), AwsError> {
        let call =
            self.client.continue_update_rollback().stack_name(stack_id).client_request_token(token);
        let call = match skip {
            Skip::None => call,
            Skip::These(ids) => call.set_resources_to_skip(Some(ids.clone())),
            Skip::All => call.force_rollback(true),
        };
        call.send().await.named("ContinueUpdateRollback", object(stack_id)).map(drop)
    }

    /// Rolls a stack back to its last stable state, in the background; a stack that never had one is deleted.
    ///
    /// Source: AWS CloudFormation API Reference, `RollbackStack`.
    pub async fn roll_back(&self, stack_id: &str, token: &str) -> Result<(), AwsError> {
        let call = self.client.rollback_stack().stack_name(stack_id).client_request_token(token);
        call.send().await.named("RollbackStack", object(stack_id)).map(drop)
    }

    /// Cancels an update, which is then rolled back.
    ///
    /// Source: AWS CloudFormation API Reference, `CancelUpdateStack`.
    pub async fn cancel_update(&self, stack_id: &str, token: &str) -> Result<(), AwsError> {
        let call = self.client.cancel_update_stack().stack_name(stack_id);
        let answer = call.client_request_token(token).send().await;
        answer.named("CancelUpdateStack", object(stack_id)).map(drop)
    }
}

#[cfg(test)]
mod tests;
