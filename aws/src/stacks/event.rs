//! A stack's events: what happened to which resource, and whether that was the cause or a consequence.

use aws_sdk_cloudformation::types::{OperationEvent, StackEvent};
use time::OffsetDateTime;

/// Something that happened to a resource of a stack, or to the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The event's own id.
    pub id: String,
    /// When it happened.
    pub time: OffsetDateTime,
    /// The resource's name in the template; for the stack itself, the stack's name.
    pub logical_id: String,
    /// The resource's name in the account, once it has one.
    pub physical_id: String,
    /// The resource's type, as `AWS::S3::Bucket`.
    pub resource_type: String,
    /// The status as AWS writes it, as `CREATE_IN_PROGRESS`.
    pub status: String,
    /// CloudFormation's words on the status.
    pub reason: Option<String>,
    /// The token of the call that it follows from, if that call had one.
    pub token: Option<String>,
}

impl Event {
    /// Whether something failed.
    pub fn is_failure(&self) -> bool {
        self.status.ends_with("_FAILED")
    }

    /// Whether the resource was left in the account when its stack let go of it.
    pub fn is_left_behind(&self) -> bool {
        self.status == "DELETE_SKIPPED"
    }

    /// Whether it is about the stack as a whole.
    pub fn is_about_the_stack(&self) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack"
    }

    /// Whether this is a failure of its own, not one because another resource failed.
    pub fn is_cause(&self) -> bool {
        self.is_failure()
            && !self.is_about_the_stack()
            && !self.reason.as_deref().is_some_and(says_cancelled)
    }

    /// The permission that was missing, if that is why it failed.
    ///
    /// AWS says it in words alone. Written for: "User: arn:… is not authorized to perform: sqs:CreateQueue on
    /// resource: … because no identity-based policy allows the sqs:CreateQueue action".
    pub fn missing_permission(&self) -> Option<&str> {
        let (_, rest) = self.reason.as_deref()?.split_once("is not authorized to perform: ")?;
        rest.split_whitespace().next().filter(|action| action.contains(':'))
    }
}

pub(super) fn read(event: &StackEvent) -> Event {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let seconds = event.timestamp().map_or(0, aws_smithy_types::DateTime::secs);
    Event {
        id: owned(event.event_id()),
        time: OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH),
        logical_id: owned(event.logical_resource_id()),
        physical_id: owned(event.physical_resource_id()),
        resource_type: owned(event.resource_type()),
        status: event.resource_status().map_or("", |status| status.as_str()).to_owned(),
        reason: event.resource_status_reason().map(str::to_owned),
        token: event.client_request_token().map(str::to_owned),
    }
}

/// Reads a failed validation of a resource; `None` for any other event of an operation.
pub(super) fn read_validation(event: &OperationEvent) -> Option<Event> {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let seconds = event.timestamp().map_or(0, aws_smithy_types::DateTime::secs);
    let reason = event.validation_status_reason()?;
    Some(Event {
        id: owned(event.event_id()),
        time: OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH),
        logical_id: owned(event.logical_resource_id()),
        physical_id: owned(event.physical_resource_id()),
        resource_type: owned(event.resource_type()),
        status: "VALIDATION_FAILED".to_owned(),
        reason: Some(match event.validation_path() {
            Some(path) => format!("{reason} (at `{path}`)"),
            None => reason.to_owned(),
        }),
        token: event.client_request_token().map(str::to_owned),
    })
}

/// Whether a resource failed only because another one did, which AWS says in words alone.
///
/// Written for: "Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled".
fn says_cancelled(reason: &str) -> bool {
    reason.starts_with("Resource ") && reason.ends_with(" cancelled")
}
