//! The calls around change sets.

use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, DeploymentConfig, DeploymentConfigMode, DeploymentMode,
    ExecutionStatus, OnStackFailure, Parameter, Tag, TemplateStage,
};

use super::{
    ChangeSet, ChangeSetRequest, ChangeSetState, Manner, OnFailure, Ready, Template, Value,
    read_change,
};
use crate::AwsError;
use crate::stacks::{Stacks, failed};

impl Stacks {
    /// Asks for a change set. CloudFormation works it out in the background.
    pub async fn create_change_set(
        &self,
        request: &ChangeSetRequest,
    ) -> Result<ChangeSet, AwsError> {
        let stack = request.stack.as_str();
        let parameters = request.parameters.iter().map(|(name, value)| {
            let parameter = Parameter::builder().parameter_key(name);
            match value {
                Value::New(value) => parameter.parameter_value(value).build(),
                Value::Previous => parameter.use_previous_value(true).build(),
            }
        });
        let tags =
            request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let (body, url) = match request.template.clone() {
            Template::Body(body) => (Some(body), None),
            Template::Url(url) => (None, Some(url)),
        };
        let manner = &request.manner;
        let answer = self
            .client
            .create_change_set()
            .stack_name(stack)
            .change_set_name(&request.name)
            .client_token(&request.name)
            .change_set_type(request.kind.into())
            .set_template_body(body)
            .set_template_url(url)
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
            .map_err(|error| failed("CreateChangeSet", stack, &error))?;
        Ok(ChangeSet {
            id: answer.id().unwrap_or(&request.name).to_owned(),
            stack_id: answer.stack_id().unwrap_or(stack).to_owned(),
        })
    }

    /// Looks how far a change set is; a ready one with all its changes.
    pub async fn change_set(&self, set: &ChangeSet) -> Result<ChangeSetState, AwsError> {
        let mut ready = Ready::default();
        let mut page = None;
        loop {
            let answer = self
                .client
                .describe_change_set()
                .stack_name(&set.stack_id)
                .change_set_name(&set.id)
                .include_property_values(true)
                .set_next_token(page)
                .send()
                .await
                .map_err(|error| failed("DescribeChangeSet", &set.stack_id, &error))?;
            ready.changes.extend(answer.changes().iter().filter_map(read_change));
            ready.says_on_failure |=
                answer.on_stack_failure().is_some() || answer.deployment_config().is_some();
            for parameter in answer.parameters() {
                if let (Some(name), Some(value)) =
                    (parameter.parameter_key(), parameter.parameter_value())
                {
                    ready.parameters.insert(name.to_owned(), value.to_owned());
                }
            }
            page = answer.next_token().map(str::to_owned);
            if page.is_none() {
                let status = answer.status().map(ChangeSetStatus::as_str);
                let execution = answer.execution_status().map(ExecutionStatus::as_str);
                return Ok(ChangeSetState::read(status, answer.status_reason(), execution, ready));
            }
        }
    }

    /// Deletes a change set that nobody will carry out.
    pub async fn delete_change_set(&self, set: &ChangeSet) -> Result<(), AwsError> {
        self.client
            .delete_change_set()
            .stack_name(&set.stack_id)
            .change_set_name(&set.id)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| failed("DeleteChangeSet", &set.stack_id, &error))
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
            .map(|_| ())
            .map_err(|error| failed("ExecuteChangeSet", &set.stack_id, &error))
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
        match answer {
            Ok(answer) => Ok(answer.template_body().map(str::to_owned)),
            Err(error) if error.code() == Some("ValidationError") && set.is_none() => Ok(None),
            Err(error) => Err(failed("GetTemplate", stack_id, &error)),
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
