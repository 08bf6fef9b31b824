//! Why an operation failed: the root cause, its consequences, and what to do.

use anyhow::anyhow;
use s3guard_aws::stacks::Event;
use s3guard_aws::stacks::event::Refusal;

use crate::error::hinted;
use crate::operations::follow::{Ended, one_line, reason};

/// How many other causes are named.
const OTHERS_MAX: usize = 3;

/// The first failure that is no consequence of another one.
pub(crate) fn first_cause(events: &[Event]) -> Option<&Event> {
    events
        .iter()
        .find(|event| event.is_cause())
        .or_else(|| events.iter().find(|event| event.is_failure()))
}

/// An error for a failed operation: the cause, what to do about it if that is known, and how to continue.
pub(crate) fn failed(what: &str, ended: &Ended, then: &str) -> anyhow::Error {
    let status =
        ended.stack.as_ref().map_or("deleted".to_owned(), |stack| stack.status.to_string());
    let first = first_cause(&ended.events);
    let cause = if let Some(event) = first {
        anyhow!("{}", explained(event, &ended.events))
    } else {
        let reason = ended.stack.as_ref().and_then(|stack| stack.reason.as_deref());
        anyhow!("{}", reason.unwrap_or("CloudFormation gave no reason"))
    };
    let hint = match first.and_then(|event| hint(event, &ended.events)) {
        Some(hint) => format!("{hint}; {then}"),
        None => then.to_owned(),
    };
    hinted(cause.context(format!("{what}; the stack is in `{status}`")), hint)
}

/// The cause in a sentence, and what else failed in another one.
pub(crate) fn explained(cause: &Event, events: &[Event]) -> String {
    let Event { logical_id, resource_type, .. } = cause;
    let kind = if resource_type.is_empty() { String::new() } else { format!(" ({resource_type})") };
    let mut text = one_line(&why(cause, events));
    // A failure of the whole stack or template has no resource.
    if !logical_id.is_empty() {
        text = format!("`{logical_id}`{kind}: {text}");
    }
    if let Some(rest) = rest(cause, events) {
        text = format!("{text}; {rest}");
    }
    text
}

/// Why it failed: a denial in parts, the message of a hook, else the message of AWS.
fn why(cause: &Event, events: &[Event]) -> String {
    if let Some(refusal) = cause.refusal() {
        return refused(&refusal, cause);
    }
    if let Some(hook) = refusing_hook(cause, events) {
        return format!("hook `{}` failed: {}", hook.name, hook.words());
    }
    words(cause)
}

/// The message of the service of the resource, and the error code.
pub(crate) fn words(event: &Event) -> String {
    let words = event.words().unwrap_or_else(|| reason(event));
    match event.handler_code() {
        Some(code) => format!("{words} ({code})"),
        None => words.to_owned(),
    }
}

fn refused(refusal: &Refusal, cause: &Event) -> String {
    let Refusal { who, action, resource, why, encoded } = refusal;
    let Some(action) = action else {
        let length = encoded.as_deref().unwrap_or_default().len();
        return format!(
            "access denied, with an encoded authorization failure message of {length} characters"
        );
    };
    let who = who.as_deref().unwrap_or("the caller");
    let resource = resource.as_deref().map(|resource| format!(" on `{resource}`"));
    let sentence =
        format!("`{who}` is not allowed to call `{action}`{}", resource.unwrap_or_default());
    match why {
        // Without a reason there is only the message of AWS.
        None => format!("{sentence} ({})", cause.words().unwrap_or_default()),
        Some(why) => format!("{sentence}: {why}"),
    }
}

/// The hook that failed: the event of the failure names it, its own event has its message.
fn refusing_hook<'a>(
    cause: &'a Event,
    events: &'a [Event],
) -> Option<&'a s3guard_aws::stacks::event::Hook> {
    let refused = |event: &'a Event| event.hook.as_ref().filter(|hook| hook.refused);
    if !cause.is_of_a_hook() {
        return refused(cause);
    }
    events.iter().filter(|event| event.logical_id == cause.logical_id).find_map(refused)
}

/// What else failed, and how many resources were cancelled.
fn rest(cause: &Event, events: &[Event]) -> Option<String> {
    let mut others: Vec<&str> = Vec::new();
    for event in events.iter().filter(|event| event.is_cause()) {
        let id = event.logical_id.as_str();
        if id != cause.logical_id && !others.contains(&id) {
            others.push(id);
        }
    }
    let cancelled = events.iter().filter(|event| event.is_cancelled()).count();
    let mut parts = Vec::new();
    if !others.is_empty() {
        let more = others.len().saturating_sub(OTHERS_MAX);
        others.truncate(OTHERS_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        parts.push(format!("`{}`{more} failed, too", others.join("`, `")));
    }
    match cancelled {
        0 => {}
        1 => parts.push("1 resource was cancelled because of it".to_owned()),
        count => parts.push(format!("{count} resources were cancelled because of it")),
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What to do about a failure of a known kind.
pub(crate) fn hint(cause: &Event, events: &[Event]) -> Option<String> {
    if let Some(refusal) = cause.refusal() {
        return Some(match (refusal.action, refusal.encoded) {
            (Some(action), _) => format!("give the caller the permission `{action}`"),
            (None, Some(encoded)) => format!(
                "`aws sts decode-authorization-message --encoded-message {encoded}` shows the missing permission"
            ),
            (None, None) => return None,
        });
    }
    if let Some(hook) = refusing_hook(cause, events) {
        return Some(format!(
            "ask the administrators of the account what the hook `{}` requires",
            hook.name
        ));
    }
    if cause.is_mapping_in_use() {
        return Some(
            "an event source mapping cannot be deleted while Lambda creates or updates it: wait a minute"
                .to_owned(),
        );
    }
    cause.handler_code().and_then(by_code).map(str::to_owned)
}

/// What to do about an error code of a resource handler.
///
/// Source: CloudFormation CLI User Guide, "Resource type handler error codes".
fn by_code(code: &str) -> Option<&'static str> {
    match code {
        "AccessDenied" => Some(
            "give the caller, or the role that CloudFormation assumes, the permission; CloudTrail shows the denied call",
        ),
        "AlreadyExists" => Some(
            "a resource with that name exists: choose another prefix with `--bucket-prefix`, another stack name, or delete \
             the resource if it is not needed",
        ),
        "InvalidCredentials" => Some("log in again, as with `aws sso login`"),
        "InvalidRequest" => Some(
            "the service rejects the properties of the template: check the parameters, and whether the feature exists in \
             this Region",
        ),
        "NonCompliant" => Some(
            "a rule of the account rejects it: ask the administrators of the account what it requires",
        ),
        "NotFound" => Some(
            "a resource that it depends on does not exist or was deleted: `s3guard status --drift` shows it",
        ),
        "NotStabilized" => Some(
            "it was created and did not stabilize in time: check the service in the AWS Health Dashboard",
        ),
        "NotUpdatable" => Some(
            "that property can only be set at creation: deploy the previous value, or a new stack",
        ),
        "ResourceConflict" => {
            Some("another caller is changing it, or it is still in use: try again later")
        }
        "ServiceLimitExceeded" => {
            Some("raise the quota in Service Quotas, or delete what is not used")
        }
        "Throttling" => Some("AWS throttles the requests of this account: wait a few minutes"),
        "NetworkFailure"
        | "ServiceInternalError"
        | "InternalFailure"
        | "HandlerInternalFailure" => {
            Some("AWS had an internal error: try again, and contact AWS Support if it persists")
        }
        "InvalidTypeConfiguration" => {
            Some("check the configuration of the resource type in the CloudFormation registry")
        }
        "UnsupportedTarget" => Some("the resource type does not exist in this Region"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
