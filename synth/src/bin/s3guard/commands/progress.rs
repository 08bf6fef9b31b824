//! Following a stack until it rests: its events as they come, and the cause when it fails.
//!
//! A look that fails is no failure of the stack: it goes on, and so do we, for a while.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::stacks::{ChangeSet, Event, Stack, StackStatus, Stacks};
use s3guard_aws::{AwsError, Kind};
use tokio::time::{Instant, sleep};

use crate::failure::Advice as _;
use crate::output::Output;

/// CloudFormation's own limit for what a guard consists of is well below.
const SETTLE_LIMIT: Duration = Duration::from_hours(1);
/// As long without any answer, and nobody knows what happens there.
const SILENCE_LIMIT: Duration = Duration::from_mins(5);
/// An operation that shows no sign of having begun after this long is one that was over at once.
const BEGIN_LIMIT: Duration = Duration::from_secs(20);
const DELAY_MIN: Duration = Duration::from_millis(500);
const DELAY_MAX: Duration = Duration::from_secs(5);

/// Follows one operation on a stack.
pub(crate) struct Follower<'a> {
    stacks: &'a Stacks,
    output: &'a Output,
    stack_id: String,
    last: Option<String>,
    events: Vec<Event>,
}

/// How an operation ended.
pub(crate) struct Ended {
    /// The stack; `None` if it is gone.
    pub(crate) stack: Option<Stack>,
    /// What happened, in order.
    pub(crate) events: Vec<Event>,
}

/// The growing pause between two looks, spread so that many commands do not look at once.
pub(crate) struct Pace(Duration);

impl Pace {
    pub(crate) fn new() -> Self {
        Self(DELAY_MIN)
    }

    pub(crate) async fn pause(&mut self) {
        // Somewhere between three and five quarters, without a dependency on a generator.
        let spread = RandomState::new().hash_one(()) % 512;
        sleep(self.0 * (768 + u32::try_from(spread).unwrap_or(256)) / 1024).await;
        self.0 = (self.0 * 5 / 4).min(DELAY_MAX);
    }
}

impl<'a> Follower<'a> {
    /// Remembers what has happened already, before the operation is begun.
    pub(crate) async fn new(stacks: &'a Stacks, output: &'a Output, stack_id: String) -> Self {
        // If they cannot be read, old events are shown again, which harms nobody.
        let past = stacks.events(&stack_id, None).await.unwrap_or_default();
        let last = past.last().map(|event| event.id.clone());
        Self { stacks, output, stack_id, last, events: Vec::new() }
    }

    /// Shows what happens until the stack rests.
    pub(crate) async fn follow(mut self) -> anyhow::Result<Ended> {
        let begun = Instant::now();
        let mut answered = begun;
        let mut busy = false;
        let mut pace = Pace::new();
        loop {
            self.show_events().await;
            match self.stacks.describe(&self.stack_id).await {
                Ok(stack) => {
                    answered = Instant::now();
                    let status = stack.as_ref().map(|stack| &stack.status);
                    busy |= status.is_some_and(|status| !status.is_settled());
                    busy |= self.events.iter().any(Event::is_about_the_stack);
                    // Just after the call a stack may still be in the status from before it.
                    let has_begun = busy || begun.elapsed() > BEGIN_LIMIT;
                    if is_over(status) && (has_begun || status.is_none()) {
                        let is_success = status.is_none_or(StackStatus::is_success);
                        self.show_events().await;
                        if !is_success && !self.events.iter().any(Event::is_cause) {
                            self.show_validation().await;
                        }
                        return Ok(Ended { stack, events: self.events });
                    }
                }
                Err(error) if answered.elapsed() > SILENCE_LIMIT => return Err(lost(error)),
                Err(_) => {}
            }
            if begun.elapsed() > SETTLE_LIMIT {
                return Err(anyhow!("the stack does not come to rest")).hint(
                    "it goes on without the command; look at its events in the CloudFormation console",
                );
            }
            pace.pause().await;
        }
    }

    /// What is wrong with a stack before anything of it is made is not among its events.
    async fn show_validation(&mut self) {
        let set = ChangeSet { id: String::new(), stack_id: self.stack_id.clone() };
        for event in self.stacks.validation_failures(&set).await.unwrap_or_default() {
            self.output.say(line(&event));
            self.events.push(event);
        }
    }

    async fn show_events(&mut self) {
        let Ok(events) = self.stacks.events(&self.stack_id, self.last.as_deref()).await else {
            return;
        };
        for event in events {
            self.output.say(line(&event));
            self.last = Some(event.id.clone());
            self.events.push(event);
        }
    }
}

/// The first failure that is not the consequence of another one.
pub(crate) fn first_cause(events: &[Event]) -> Option<&Event> {
    events
        .iter()
        .find(|event| event.is_cause())
        .or_else(|| events.iter().find(|event| event.is_failure()))
}

/// An error for a stack that did not become what was asked for, the cause first.
pub(crate) fn failure(what: &str, ended: &Ended) -> anyhow::Error {
    let status = ended.stack.as_ref().map_or("gone".to_owned(), |stack| stack.status.to_string());
    let cause = if let Some(event) = first_cause(&ended.events) {
        anyhow!("`{}` ({}): {}", event.logical_id, event.resource_type, reason(event))
    } else {
        let reason = ended.stack.as_ref().and_then(|stack| stack.reason.as_deref());
        anyhow!("{}", reason.unwrap_or("CloudFormation gave no reason"))
    };
    cause.context(format!("{what}; the stack is in `{status}`"))
}

/// What to do about a failure, as far as its words tell.
pub(crate) fn failure_hint(ended: &Ended, otherwise: &str) -> String {
    match first_cause(&ended.events).and_then(Event::missing_permission) {
        Some(permission) => {
            format!("give the caller the permission `{permission}`, then try again")
        }
        None => otherwise.to_owned(),
    }
}

/// Whether a call would have another answer in a moment.
pub(crate) fn passes(error: &AwsError) -> bool {
    match &error.kind {
        Kind::Unreachable | Kind::Timeout => true,
        Kind::Service(code) => {
            code.starts_with("Throttl")
                || matches!(
                    code.as_str(),
                    "RequestLimitExceeded" | "InternalFailure" | "ServiceUnavailable"
                )
        }
        Kind::Credentials | Kind::Other => false,
    }
}

fn is_over(status: Option<&StackStatus>) -> bool {
    status.is_none_or(|status| status.is_settled() && *status != StackStatus::ReviewInProgress)
}

fn lost(error: AwsError) -> anyhow::Error {
    let minutes = SILENCE_LIMIT.as_secs() / 60;
    anyhow::Error::new(error).context(format!(
        "nothing was heard from CloudFormation for {minutes} minutes; the stack goes on without the command"
    ))
}

/// CloudFormation's words on an event.
pub(crate) fn reason(event: &Event) -> &str {
    event.reason.as_deref().unwrap_or("no reason was given")
}

/// An event in a line.
pub(crate) fn line(event: &Event) -> String {
    let (hour, minute, second) = event.time.to_hms();
    let mut line = format!(
        "{hour:02}:{minute:02}:{second:02}  {:<28} {:<32} {}",
        event.status, event.resource_type, event.logical_id
    );
    if let Some(reason) = event.reason.as_deref().filter(|reason| !reason.is_empty()) {
        line.push_str("  ");
        line.push_str(reason);
    }
    line
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn event(id: &str, status: &str, reason: &str) -> Event {
        Event {
            id: id.to_owned(),
            time: OffsetDateTime::UNIX_EPOCH,
            logical_id: id.to_owned(),
            physical_id: String::new(),
            resource_type: "AWS::SQS::Queue".to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
        }
    }

    #[test]
    fn the_first_cause_is_said_and_not_what_followed_from_it() {
        let events = vec![
            event("A", "CREATE_IN_PROGRESS", ""),
            event("B", "CREATE_FAILED", "Resource creation cancelled"),
            event(
                "C",
                "CREATE_FAILED",
                "User: arn:aws:iam::1:user/u is not authorized to perform: sqs:CreateQueue on resource: *",
            ),
            event("D", "CREATE_FAILED", "Queue already exists"),
        ];
        let ended = Ended { stack: None, events };
        let error = failure("stack `s` was not created", &ended);
        assert_eq!(error.to_string(), "stack `s` was not created; the stack is in `gone`");
        assert!(error.root_cause().to_string().starts_with("`C` (AWS::SQS::Queue): User"));
        assert!(failure_hint(&ended, "").contains("the permission `sqs:CreateQueue`"));
    }

    #[test]
    fn a_stack_under_review_has_not_begun() {
        assert!(!is_over(Some(&StackStatus::ReviewInProgress)));
        assert!(!is_over(Some(&StackStatus::CreateInProgress)));
        assert!(is_over(Some(&StackStatus::RollbackComplete)));
        assert!(is_over(Some(&StackStatus::Unknown("NEW".to_owned()))));
        assert!(is_over(None));
    }

    #[test]
    fn an_event_is_one_line_with_its_reason_at_the_end() {
        assert_eq!(
            line(&event("Queue", "CREATE_FAILED", "No")),
            "00:00:00  CREATE_FAILED                AWS::SQS::Queue                  Queue  No"
        );
    }
}
