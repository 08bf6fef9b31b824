//! Events for tests.

use s3guard_aws::stacks::Event;
use time::OffsetDateTime;

/// An event of a queue.
pub(crate) fn event(id: &str, status: &str, reason: &str) -> Event {
    Event {
        id: id.to_owned(),
        time: OffsetDateTime::UNIX_EPOCH,
        logical_id: id.to_owned(),
        physical_id: String::new(),
        resource_type: "AWS::SQS::Queue".to_owned(),
        status: status.to_owned(),
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
        token: None,
        operation: None,
        is_configured: false,
        hook: None,
    }
}

/// An event of the stack `s`.
pub(crate) fn of_stack(status: &str, reason: &str) -> Event {
    Event { resource_type: "AWS::CloudFormation::Stack".to_owned(), ..event("s", status, reason) }
}
