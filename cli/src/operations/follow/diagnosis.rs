//! Why an operation failed: the first cause in words, what followed from it, and what to do.

use anyhow::anyhow;
use s3guard_aws::Denial;
use s3guard_aws::stacks::Event;
use s3guard_aws::stacks::event::{HandlerCode, Refusal};

use crate::error::hinted;
use crate::operations::follow::{Ended, one_line, reason};

/// How many other causes are named.
const OTHERS_MAX: usize = 3;

/// The first failure that is not the consequence of another one.
pub(crate) fn first_cause(events: &[Event]) -> Option<&Event> {
    events
        .iter()
        .find(|event| event.is_cause())
        .or_else(|| events.iter().find(|event| event.is_failure()))
}

/// An error for a stack that did not become what was asked for, the cause first; with what to do about the cause, as far as
/// its words say it, and how to go on then.
pub(crate) fn failed(what: &str, ended: &Ended, then: &str) -> anyhow::Error {
    let status = ended.stack.as_ref().map_or("gone".to_owned(), |stack| stack.status.to_string());
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

/// The cause in a sentence, and in another one what else failed.
pub(crate) fn explained(cause: &Event, events: &[Event]) -> String {
    let Event { logical_id, resource_type, .. } = cause;
    let kind = if resource_type.is_empty() { String::new() } else { format!(" ({resource_type})") };
    let mut text = one_line(&why(cause, events));
    // What is wrong with the whole stack or template is about no resource.
    if !logical_id.is_empty() {
        text = format!("`{logical_id}`{kind}: {text}");
    }
    if let Some(rest) = rest(cause, events) {
        text = format!("{text}; {rest}");
    }
    text
}

/// Why it failed: a refusal taken apart, a hook's own words, else what AWS says.
fn why(cause: &Event, events: &[Event]) -> String {
    if let Some(refusal) = cause.refusal() {
        return refused(&refusal, cause);
    }
    if let Some(hook) = refusing_hook(cause, events) {
        return format!("the hook `{}` refuses it: {}", hook.name, hook.words());
    }
    words(cause)
}

/// AWS's words on an event, as short as they are: those of the resource's service, and the code.
pub(crate) fn words(event: &Event) -> String {
    let words = event.words().unwrap_or_else(|| reason(event));
    match event.handler_code() {
        Some(code) => format!("{words} ({})", code.as_str()),
        None => words.to_owned(),
    }
}

fn refused(refusal: &Refusal, cause: &Event) -> String {
    let Refusal { who, action, resource, why, encoded } = refusal;
    let Some(action) = action else {
        let length = encoded.as_deref().unwrap_or_default().len();
        return format!(
            "it may not be done; why is in an encoded authorization failure message of {length} characters"
        );
    };
    let who = who.as_deref().unwrap_or("the caller");
    let resource = resource.as_deref().map(|resource| format!(" on `{resource}`"));
    let sentence = format!("`{who}` may not do `{action}`{}", resource.unwrap_or_default());
    if *why == Denial::Unknown {
        // Without a reason AWS's own words are all there is.
        return format!("{sentence} ({})", cause.words().unwrap_or_default());
    }
    format!("{sentence}: {why}")
}

/// The hook that has refused the resource: the event of the failure names it, its own event has its words.
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

/// What failed besides the cause, and how many resources were cancelled because of it.
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
                "`aws sts decode-authorization-message --encoded-message {encoded}` tells which permission is missing"
            ),
            (None, None) => return None,
        });
    }
    if let Some(hook) = refusing_hook(cause, events) {
        return Some(format!(
            "whoever runs the account has set up the hook `{}`: ask there what it wants",
            hook.name
        ));
    }
    cause.handler_code().and_then(|code| by_code(&code)).map(str::to_owned)
}

/// What to do about a code of a resource's handler, where it is more than its words say.
///
/// Source: CloudFormation CLI User Guide, "Resource type handler error codes".
fn by_code(code: &HandlerCode) -> Option<&'static str> {
    match code {
        HandlerCode::AccessDenied => Some(
            "give the caller, or the role that CloudFormation uses, the permission; CloudTrail has the call that was denied",
        ),
        HandlerCode::AlreadyExists => Some(
            "there is one of that name already: choose another prefix with `--bucket-prefix` or another stack's name, \
             or delete it if nobody needs it",
        ),
        HandlerCode::InvalidCredentials => Some("log in again, as with `aws sso login`"),
        HandlerCode::InvalidRequest => Some(
            "the service does not take what the template asks of it: is a parameter wrong, or a feature not there in \
             this Region?",
        ),
        HandlerCode::InvalidTypeConfiguration => {
            Some("look at the type's configuration in the CloudFormation registry of this Region")
        }
        HandlerCode::NonCompliant => {
            Some("a rule of the account refuses it: ask whoever runs the account what it wants")
        }
        HandlerCode::NotFound => Some(
            "something that the resource needs is not there, or was deleted by hand: `aws cloudformation \
             detect-stack-drift` finds what",
        ),
        HandlerCode::NotStabilized => Some(
            "it was made and did not become ready in time: the AWS Health Dashboard says whether the service is slow",
        ),
        HandlerCode::NotUpdatable => Some(
            "that can only be given when the resource is made: deploy what was there before, or a new stack",
        ),
        HandlerCode::ResourceConflict => Some(
            "somebody else is changing it, or something still uses it: wait until that is over",
        ),
        HandlerCode::ServiceLimitExceeded => {
            Some("raise the quota in Service Quotas, or delete what is not used")
        }
        HandlerCode::Throttling => {
            Some("AWS has too many requests from this account: wait a few minutes")
        }
        HandlerCode::NetworkFailure
        | HandlerCode::ServiceInternalError
        | HandlerCode::InternalFailure
        | HandlerCode::HandlerInternalFailure => Some(
            "AWS failed, not what was asked for: try again, and ask AWS's support if it stays so",
        ),
        HandlerCode::UnsupportedTarget => Some("the type of resource is not there in this Region"),
        HandlerCode::GeneralServiceException | HandlerCode::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests;
