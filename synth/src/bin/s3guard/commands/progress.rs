//! Following a stack until it rests: its events as they come, and the cause when it fails.
//!
//! A look that fails is no failure of the stack: it goes on, and so do we, for a while.

mod watch;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::stacks::{ChangeSet, Event, Stack, Stacks};
use s3guard_aws::{AwsError, Kind};
use tokio::time::{Instant, sleep};

use self::watch::{Past, Progress, Watch};
use crate::failure::{self, Advice as _};
use crate::output::Output;

/// CloudFormation's own limit for what a guard consists of is well below.
const SETTLE_LIMIT: Duration = Duration::from_hours(1);
/// As long without any answer, and nobody knows what happens there.
const SILENCE_LIMIT: Duration = Duration::from_mins(5);
const DELAY_MIN: Duration = Duration::from_millis(500);
const DELAY_MAX: Duration = Duration::from_secs(5);

/// Follows one operation on a stack.
pub(crate) struct Follower<'a> {
    stacks: &'a Stacks,
    output: &'a Output,
    stack_id: String,
    watch: Watch,
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
    /// Remembers the stack and what has happened to it, before the operation is asked for with `token`; without one it
    /// was begun by somebody else.
    pub(crate) async fn new(
        stacks: &'a Stacks,
        output: &'a Output,
        stack_id: &str,
        token: Option<&str>,
    ) -> Self {
        let before = stacks.describe(stack_id).await.ok().flatten();
        let past = stacks.events(stack_id, None).await.ok().map(|events| Past::of(&events));
        let watch = Watch::new(token, before, past);
        Self { stacks, output, stack_id: stack_id.to_owned(), watch }
    }

    /// Shows what happens until the stack rests.
    pub(crate) async fn follow(mut self) -> anyhow::Result<Ended> {
        let begun = Instant::now();
        let mut answered = begun;
        let mut pace = Pace::new();
        loop {
            self.show_events().await;
            match self.stacks.describe(&self.stack_id).await {
                Ok(stack) => {
                    answered = Instant::now();
                    match self.watch.judge(stack.as_ref(), begun.elapsed()) {
                        Progress::Going => {}
                        Progress::Over => return Ok(self.end(stack).await),
                        Progress::NeverBegun => return Err(never_begun()),
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

    async fn end(mut self, stack: Option<Stack>) -> Ended {
        self.show_events().await;
        let is_success = stack.as_ref().is_none_or(|stack| stack.status.is_success());
        let is_explained = is_success || self.watch.events().iter().any(Event::is_cause);
        let unexplained = if is_explained { Vec::new() } else { self.show_validation().await };
        let mut events = self.watch.into_events();
        events.extend(unexplained);
        Ended { stack, events }
    }

    /// What is wrong with a stack before anything of it is made is not among its events.
    async fn show_validation(&self) -> Vec<Event> {
        let set = ChangeSet { id: String::new(), stack_id: self.stack_id.clone() };
        let events = self.stacks.validation_failures(&set).await.unwrap_or_default();
        for event in &events {
            self.output.say(line(event));
        }
        events
    }

    async fn show_events(&mut self) {
        let Ok(events) = self.stacks.events(&self.stack_id, self.watch.last()).await else {
            return;
        };
        for event in self.watch.take(events) {
            self.output.say(line(&event));
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

/// What to do about a failure, as far as its words tell, and how to go on then.
pub(crate) fn failure_hint(ended: &Ended, then: &str) -> String {
    match first_cause(&ended.events).and_then(Event::missing_permission) {
        Some(permission) => format!("give the caller the permission `{permission}`; {then}"),
        None => then.to_owned(),
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

fn never_begun() -> anyhow::Error {
    failure::hinted(
        anyhow!("nothing shows that CloudFormation has begun what it was asked for"),
        "look at the stack in the CloudFormation console; to run the command again does no harm",
    )
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
            token: None,
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
        assert_eq!(
            failure_hint(&ended, "deploy again"),
            "give the caller the permission `sqs:CreateQueue`; deploy again"
        );
    }

    #[test]
    fn an_event_is_one_line_with_its_reason_at_the_end() {
        assert_eq!(
            line(&event("Queue", "CREATE_FAILED", "No")),
            "00:00:00  CREATE_FAILED                AWS::SQS::Queue                  Queue  No"
        );
    }
}
