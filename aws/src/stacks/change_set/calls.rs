//! The calls around change sets.

use aws_sdk_cloudformation::types::{
    Capability, DeploymentConfig, DeploymentConfigMode, DeploymentMode, OnStackFailure, Parameter,
    Tag, TemplateStage,
};

use super::described::Described;
use super::{ChangeSet, ChangeSetRequest, ChangeSetState, Manner, OnFailure, Ready};
use crate::AwsError;
use crate::error::Answer as _;
use crate::stacks::{Stacks, object};

impl Stacks {
    /// Asks for a change set. CloudFormation works it out in the background.
    pub async fn create_change_set(
        &self,
        request: &ChangeSetRequest,
    ) -> Result<ChangeSet, AwsError> {
        let stack = request.stack.as_str();
        let parameters = request.parameters.iter().map(|(name, value)| {
            Parameter::builder().parameter_key(name).parameter_value(value).build()
        });
        let tags =
            request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let manner = &request.manner;
        let answer = self
            .client
            .create_change_set()
            .stack_name(stack)
            .change_set_name(&request.name)
            .client_token(&request.name)
            .change_set_type(request.kind.into())
            .template_url(&request.template_url)
            .set_parameters(Some(parameters.collect()))
            .set_tags(Some(tags.collect()))
            .capabilities(Capability::CapabilityIam)
            .set_role_arn(manner.role.clone())
            .set_on_stack_failure(on_stack_failure(manner))
            .set_deployment_config(manner.is_express.then(|| express(manner)))
            .set_deployment_mode(manner.reverts_drift.then_some(DeploymentMode::RevertDrift))
            // An empty list would take away those that the stack has.
            .set_notification_arns((!manner.topics.is_empty()).then(|| manner.topics.clone()))
            // What an earlier installation kept (its trail's bucket) becomes the stack's again.
            .import_existing_resources(manner.imports)
            .send()
            .await
            .named("CreateChangeSet", object(stack))?;
        Ok(ChangeSet {
            id: answer.id().unwrap_or(&request.name).to_owned(),
            stack_id: answer.stack_id().unwrap_or(stack).to_owned(),
        })
    }

    /// Looks how far a change set is; a ready one with all its changes.
    ///
    /// With the values of properties CloudFormation can leave resources out, and only a reason says so; it can also leave
    /// out the reason of a failure. Then it is asked without values, and both answers count.
    ///
    /// Source: <https://github.com/aws/aws-cdk-cli/pull/1785>, <https://github.com/boto/boto3/issues/4178>.
    pub async fn change_set(&self, set: &ChangeSet) -> Result<ChangeSetState, AwsError> {
        let mut described = self.described(set, true).await?;
        let has_reason = described.reason.is_some();
        let is_whole = match described.status.as_deref() {
            Some("CREATE_COMPLETE") => !has_reason,
            Some("FAILED") => has_reason,
            Some(_) | None => true,
        };
        if !is_whole {
            described = described.joined(self.described(set, false).await?);
        }
        Ok(described.state())
    }

    async fn described(&self, set: &ChangeSet, with_values: bool) -> Result<Described, AwsError> {
        let call = self.client.describe_change_set().stack_name(&set.stack_id);
        let call = call.change_set_name(&set.id).include_property_values(with_values);
        let mut pages = call.into_paginator().send();
        let mut described = Described::default();
        let object = object(&set.stack_id);
        while let Some(page) = pages.try_next().await.named("DescribeChangeSet", &object)? {
            described.add(&page);
        }
        Ok(described)
    }

    /// Deletes a change set that is not carried out.
    pub async fn delete_change_set(&self, set: &ChangeSet) -> Result<(), AwsError> {
        let call = self.client.delete_change_set().stack_name(&set.stack_id);
        let answer = call.change_set_name(&set.id).send().await;
        answer.named("DeleteChangeSet", object(&set.stack_id)).map(drop)
    }

    /// Carries a change set out. What becomes of a failure is said here, unless the change set says it.
    pub async fn execute(
        &self,
        set: &ChangeSet,
        ready: &Ready,
        on_failure: OnFailure,
        token: &str,
    ) -> Result<(), AwsError> {
        // The reference gives `true` as the default: said here, so that it does not matter.
        let disable_rollback =
            (!ready.says_on_failure).then_some(matches!(on_failure, OnFailure::Keep));
        self.client
            .execute_change_set()
            .stack_name(&set.stack_id)
            .change_set_name(&set.id)
            .client_request_token(token)
            .set_disable_rollback(disable_rollback)
            .send()
            .await
            .named("ExecuteChangeSet", object(&set.stack_id))
            .map(drop)
    }

    /// The template that a stack was made with, or the one of a change set, as it was sent; `None` if there is none yet.
    pub async fn template(
        &self,
        stack_id: &str,
        set: Option<&ChangeSet>,
    ) -> Result<Option<String>, AwsError> {
        let answer = self
            .client
            .get_template()
            .stack_name(stack_id)
            .set_change_set_name(set.map(|set| set.id.clone()))
            .template_stage(TemplateStage::Original)
            .send()
            .await;
        let answer = answer.named("GetTemplate", object(stack_id));
        match answer {
            Ok(answer) => Ok(answer.template_body),
            Err(error) if error.code() == Some("ValidationError") && set.is_none() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What has to be said when the change set is made: `DELETE` is for new stacks, and shuts out what `ExecuteChangeSet` may
/// say.
///
/// Source: AWS CloudFormation API Reference, `CreateChangeSet`, `OnStackFailure`.
fn on_stack_failure(manner: &Manner) -> Option<OnStackFailure> {
    match manner.on_failure {
        OnFailure::Delete if !manner.is_express => Some(OnStackFailure::Delete),
        OnFailure::Rollback | OnFailure::Keep | OnFailure::Delete => None,
    }
}

/// In express mode rollback is off unless it is said here.
///
/// Source: AWS CloudFormation API Reference, `DeploymentConfig`.
fn express(manner: &Manner) -> DeploymentConfig {
    DeploymentConfig::builder()
        .mode(DeploymentConfigMode::Express)
        .disable_rollback(matches!(manner.on_failure, OnFailure::Keep))
        .build()
}
