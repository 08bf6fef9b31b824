//! The events of a stack: what happened to which resource, and whether it was a cause or a consequence.

mod refusal;

use aws_sdk_cloudformation::types::{
    DetailedStatus, HookFailureMode, HookStatus, OperationEvent, StackEvent,
};
use serde::Serialize;
use time::OffsetDateTime;

pub use self::refusal::Refusal;

/// Something that happened to a resource of a stack, or to the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// The event's own id.
    pub id: String,
    /// When it happened.
    #[serde(skip)]
    pub time: OffsetDateTime,
    /// The resource's name in the template; for the stack itself, the stack's name.
    pub logical_id: String,
    /// The resource's name in the account, once it has one.
    pub physical_id: String,
    /// The resource's type, as `AWS::S3::Bucket`.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The status as AWS writes it, as `CREATE_IN_PROGRESS`.
    pub status: String,
    /// CloudFormation's words on the status.
    pub reason: Option<String>,
    /// The token of the call that it follows from, if that call had one.
    #[serde(skip)]
    pub token: Option<String>,
    /// The operation on the stack that it belongs to, where AWS says it.
    pub operation: Option<String>,
    /// Whether the resource has its configuration, and is only waited for until it is ready.
    pub is_configured: bool,
    /// The hook that has looked at the resource, if it is about one.
    pub hook: Option<Hook>,
}

/// What a hook of the account or the organization said to a resource.
///
/// Source: AWS CloudFormation API Reference, `StackEvent`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hook {
    /// Its type, as `AWS::ControlTower::Hook`.
    pub name: String,
    /// Whether it refused: it failed, and does more than warn.
    pub refused: bool,
    /// Its own words.
    pub reason: Option<String>,
}

impl Event {
    /// Whether something failed.
    pub fn is_failure(&self) -> bool {
        self.status.ends_with("_FAILED")
    }

    /// Whether the operation on the resource has ended, successfully or not.
    pub fn is_end(&self) -> bool {
        !self.status.ends_with("_IN_PROGRESS")
    }

    /// Whether the resource was retained in the account when it was removed from the stack.
    pub fn is_left_behind(&self) -> bool {
        self.status == "DELETE_SKIPPED"
    }

    /// Whether it is about the stack as a whole.
    pub fn is_about_the_stack(&self) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack"
    }

    /// Whether the resource failed only because another one did.
    pub fn is_cancelled(&self) -> bool {
        self.is_failure() && self.reason.as_deref().is_some_and(says_cancelled)
    }

    /// Whether this is a failure of its own, not one because another resource failed.
    pub fn is_cause(&self) -> bool {
        self.is_failure() && !self.is_about_the_stack() && !self.is_cancelled()
    }

    /// The reason for the status, without CloudFormation's wrapping of a message of the resource's service.
    pub fn words(&self) -> Option<&str> {
        self.reason.as_deref().map(words)
    }

    /// The refusal, if AWS denied it.
    pub fn refusal(&self) -> Option<Refusal> {
        Refusal::read(self.reason.as_deref()?)
    }

    /// The code of the resource's handler, as `AlreadyExists`, if there is one: only CloudFormation's message has it.
    ///
    /// Source: AWS CloudFormation API Reference, `RecordHandlerProgress`. Written for: `Resource handler returned message: "…"
    /// (RequestToken: …, HandlerErrorCode: AlreadyExists)`.
    pub fn handler_code(&self) -> Option<&str> {
        let (_, rest) = self.reason.as_deref()?.rsplit_once("HandlerErrorCode: ")?;
        rest.split(|c: char| !c.is_ascii_alphanumeric()).next()
    }

    /// Whether CloudFormation has refused to replace a resource because rollback is disabled.
    ///
    /// Written for: "Replacement type updates not supported on stack with disable-rollback."
    pub fn refuses_replacement(&self) -> bool {
        let words = "Replacement type updates not supported";
        self.is_failure() && self.words().is_some_and(|reason| reason.starts_with(words))
    }

    /// Whether an event source mapping could not be deleted because Lambda is creating or updating it.
    ///
    /// Written for: "Cannot delete the event source mapping because it is in use. (Service: Lambda, Status Code: 400)".
    pub fn is_mapping_in_use(&self) -> bool {
        let words = "Cannot delete the event source mapping because it is in use";
        self.is_failure() && self.words().is_some_and(|reason| reason.starts_with(words))
    }

    /// Whether the failure may be gone when the operation is repeated, without another change.
    pub fn is_passing(&self) -> bool {
        const CODES: [&str; 7] = [
            "HandlerInternalFailure",
            "InternalFailure",
            "NetworkFailure",
            "NotStabilized",
            "ResourceConflict",
            "ServiceInternalError",
            "Throttling",
        ];
        let code = self.handler_code();
        self.is_mapping_in_use()
            || (self.is_failure() && code.is_some_and(|code| CODES.contains(&code)))
    }

    /// Whether it failed because of a hook, which has an event of its own.
    ///
    /// Written for the sample of the CloudFormation Hooks User Guide: `The following hook(s) failed:
    /// [MyCompany::Testing::MyTestHook]`.
    pub fn is_of_a_hook(&self) -> bool {
        self.reason.as_deref().is_some_and(|reason| reason.contains("The following hook(s) failed"))
    }
}

pub(super) fn read(event: &StackEvent) -> Event {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Event {
        id: owned(event.event_id()),
        time: time(event.timestamp()),
        logical_id: owned(event.logical_resource_id()),
        physical_id: owned(event.physical_resource_id()),
        resource_type: owned(event.resource_type()),
        status: event.resource_status().map_or("", |status| status.as_str()).to_owned(),
        reason: event.resource_status_reason().map(str::to_owned),
        token: event.client_request_token().map(str::to_owned),
        operation: event.operation_id().map(str::to_owned),
        is_configured: event.detailed_status() == Some(&DetailedStatus::ConfigurationComplete),
        hook: hook(
            event.hook_type(),
            event.hook_status(),
            event.hook_failure_mode(),
            event.hook_status_reason(),
        ),
    }
}

/// Reads a failure of an operation: of a validation, of a hook, or of a resource; `None` for any other event.
///
/// Source: AWS CloudFormation API Reference, `OperationEvent`.
pub(super) fn read_failure(event: &OperationEvent) -> Option<Event> {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let hook = hook(
        event.hook_type(),
        event.hook_status(),
        event.hook_failure_mode(),
        event.hook_status_reason(),
    );
    let (status, reason) = if let Some(reason) = event.validation_status_reason() {
        let warns = event.validation_failure_mode() == Some(&HookFailureMode::Warn);
        let status = if warns { "VALIDATION_WARNING" } else { "VALIDATION_FAILED" };
        let reason = match event.validation_path() {
            Some(path) => format!("{reason} (at `{path}`)"),
            None => reason.to_owned(),
        };
        (status, Some(reason))
    } else if let Some(hook) = &hook {
        let status = if hook.refused { "HOOK_FAILED" } else { "HOOK_WARNING" };
        (status, Some(format!("the hook `{}` says: {}", hook.name, hook.words())))
    } else {
        let status = event.resource_status()?.as_str();
        (
            status.ends_with("_FAILED").then_some(status)?,
            event.resource_status_reason().map(str::to_owned),
        )
    };
    Some(Event {
        id: owned(event.event_id()),
        time: time(event.timestamp().or_else(|| event.start_time())),
        logical_id: owned(event.logical_resource_id()),
        physical_id: owned(event.physical_resource_id()),
        resource_type: owned(event.resource_type()),
        status: status.to_owned(),
        reason,
        token: event.client_request_token().map(str::to_owned),
        operation: event.operation_id().map(str::to_owned),
        is_configured: false,
        hook,
    })
}

impl Hook {
    /// Its reason, or that there is none.
    pub fn words(&self) -> &str {
        self.reason.as_deref().unwrap_or("no reason was given")
    }
}

fn hook(
    name: Option<&str>,
    status: Option<&HookStatus>,
    mode: Option<&HookFailureMode>,
    reason: Option<&str>,
) -> Option<Hook> {
    let failed = matches!(status, Some(HookStatus::HookCompleteFailed | HookStatus::HookFailed));
    let refused = failed && mode != Some(&HookFailureMode::Warn);
    Some(Hook { name: name?.to_owned(), refused, reason: reason.map(str::to_owned) })
}

fn time(timestamp: Option<&aws_smithy_types::DateTime>) -> OffsetDateTime {
    let nanoseconds = timestamp.map_or(0, aws_smithy_types::DateTime::as_nanos);
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Whether a resource failed only because another one did, which AWS says only in the message.
///
/// Written for: "Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled".
pub(super) fn says_cancelled(reason: &str) -> bool {
    reason.starts_with("Resource ") && reason.ends_with(" cancelled")
}

/// The message of the resource's service, without CloudFormation's wrapping.
///
/// Written for: `Resource handler returned message: "…" (RequestToken: …, HandlerErrorCode: AlreadyExists)`.
fn words(reason: &str) -> &str {
    let Some(rest) = reason.strip_prefix("Resource handler returned message: \"") else {
        return reason;
    };
    rest.rsplit_once("\" (RequestToken: ").map_or(reason, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::ResourceStatus;

    use super::*;

    #[test]
    fn the_services_words_and_its_code_stand_between_cloudformations() {
        let reason = "Resource handler returned message: \"\"q\" is taken (Service: Sqs)\" (RequestToken: 91702d2a, \
                      HandlerErrorCode: AlreadyExists)";
        let event = |reason: &str| {
            let event = StackEvent::builder().stack_id("s").event_id("1").stack_name("s");
            let event = event.timestamp(aws_smithy_types::DateTime::from_secs(1));
            read(&event.resource_status_reason(reason).build())
        };
        let taken = event(reason);
        assert_eq!(taken.words(), Some("\"q\" is taken (Service: Sqs)"));
        assert_eq!(taken.handler_code(), Some("AlreadyExists"));
        let plain = event("No export named x found");
        assert_eq!((plain.words(), plain.handler_code()), (plain.reason.as_deref(), None));
    }
    #[test]
    fn a_mapping_in_use_is_known_with_and_without_cloudformations_words() {
        let event = |status: ResourceStatus, reason: &str| {
            let event = StackEvent::builder().stack_id("s").event_id("1").stack_name("s");
            let event = event.timestamp(aws_smithy_types::DateTime::from_secs(1));
            read(&event.resource_status(status).resource_status_reason(reason).build())
        };
        let words = "Cannot delete the event source mapping because it is in use. (Service: Lambda, Status Code: 400)";
        let wrapped = format!(
            "Resource handler returned message: \"{words}\" (RequestToken: 1, HandlerErrorCode: InvalidRequest)"
        );
        for reason in [words, &wrapped] {
            let failed = event(ResourceStatus::DeleteFailed, reason);
            assert!(failed.is_mapping_in_use() && failed.is_passing(), "{reason}");
            assert!(!event(ResourceStatus::DeleteInProgress, reason).is_mapping_in_use());
        }
        let coded = |code: &str| {
            let reason = format!(
                "Resource handler returned message: \"no\" (RequestToken: 1, HandlerErrorCode: {code})"
            );
            event(ResourceStatus::DeleteFailed, &reason)
        };
        assert!(coded("ResourceConflict").is_passing() && coded("Throttling").is_passing());
        assert!(!coded("AccessDenied").is_passing() && !coded("NotFound").is_passing());
        let refused = "Replacement type updates not supported on stack with disable-rollback.";
        assert!(event(ResourceStatus::UpdateFailed, refused).refuses_replacement());
        assert!(!coded("NotUpdatable").refuses_replacement());
    }
}
