//! Follows an operation on a stack until it ends: its events, and the cause of a failure.
//!
//! A call that fails is no failure of the operation: it is repeated for a while.

mod diagnosis;
mod list;
#[cfg(test)]
pub(crate) mod sample;
mod view;
mod watch;

use std::time::Duration;

use anyhow::anyhow;
use s3guard_aws::stacks::{Event, Operation, Phase, Scope, Stack, Stacks};
use s3guard_aws::wait::{self, Pace};
use s3guard_aws::{AwsError, Kind};
use tokio::time::{Instant, sleep};

use crate::error::{self as failures, Advice as _};
pub(crate) use crate::operations::follow::diagnosis::{explained, failed, first_cause, hint};
pub(crate) use crate::operations::follow::view::ShownEvent;
use crate::operations::follow::view::View;
use crate::operations::follow::watch::{Past, Progress, Watch};
use crate::operations::interrupt::{Followed, Interrupts};
use crate::ui::output::Output;

/// The resources of a guard take much less.
const SETTLE_LIMIT: Duration = Duration::from_hours(1);
/// How long calls may fail.
const SILENCE_LIMIT: Duration = Duration::from_mins(5);
/// How often the list is redrawn: its times are in seconds.
const TICK: Duration = Duration::from_secs(1);
/// How often in a row credentials may be missing: to refresh those of a role may fail once.
const CREDENTIALS_MISSED_MAX: usize = 2;

/// Follows one operation on a stack.
pub(crate) struct Follower<'a> {
    stacks: &'a Stacks,
    output: &'a Output,
    interrupts: &'a Interrupts,
    stack_id: String,
    watch: Watch,
    /// How many resources are changed, if that is known.
    total: Option<usize>,
}

/// How an operation ended.
pub(crate) struct Ended {
    /// The stack; `None` if it was deleted.
    pub(crate) stack: Option<Stack>,
    /// The events, in order.
    pub(crate) events: Vec<Event>,
}

impl<'a> Follower<'a> {
    /// Remembers the stack and its events before the operation is requested with `token`; without one, another caller
    /// started it.
    pub(crate) async fn new(
        stacks: &'a Stacks,
        output: &'a Output,
        interrupts: &'a Interrupts,
        stack_id: &str,
        token: Option<&str>,
    ) -> Self {
        let before = stacks.describe(stack_id).await.ok().flatten();
        let past = stacks.events(stack_id, None).await.ok().map(|events| Past::of(&events));
        let watch = Watch::new(token, before, past);
        Self { stacks, output, interrupts, stack_id: stack_id.to_owned(), watch, total: None }
    }

    /// Follows an operation in progress, from after these events on.
    pub(crate) fn joining(
        stacks: &'a Stacks,
        output: &'a Output,
        interrupts: &'a Interrupts,
        stack: Stack,
        before: &[Event],
    ) -> Self {
        let stack_id = stack.id.clone();
        let watch = Watch::new(None, Some(stack), Some(Past::of(before)));
        Self { stacks, output, interrupts, stack_id, watch, total: None }
    }

    /// The same for an operation that changes so many resources.
    pub(crate) fn of(self, resources: usize) -> Self {
        Self { total: Some(resources), ..self }
    }

    /// Shows the events until the operation ends.
    pub(crate) async fn follow(mut self) -> anyhow::Result<Ended> {
        let (name, region) = name_and_region(&self.stack_id);
        let followed = self.interrupts.follow(&name, &region, self.output);
        followed.set_can_cancel(self.watch.before().is_some_and(can_be_cancelled));
        let mut view = View::new(self.output, &self.stack_id, self.total);
        let begun = Instant::now();
        let (mut answered, mut missed) = (begun, 0);
        let mut pace = Pace::default();
        loop {
            if self.show_events(&mut view).await? {
                pace.hurry();
            }
            match self.stacks.describe(&self.stack_id).await {
                Ok(stack) => {
                    (answered, missed) = (Instant::now(), 0);
                    let is_update = stack.as_ref().is_some_and(can_be_cancelled);
                    followed.set_can_cancel(is_update);
                    match self.watch.judge(stack.as_ref(), begun.elapsed()) {
                        Progress::Going => {
                            view.take_status(
                                stack.map_or(String::new(), |s| s.status.to_string()).as_str(),
                            );
                        }
                        Progress::Over => return self.end(stack, &mut view).await,
                        Progress::NeverBegun => return Err(never_begun()),
                    }
                }
                Err(error) => {
                    // A clock that jumps invalidates one signature, not the credentials.
                    let is_signature = error.code() == Some("SignatureDoesNotMatch");
                    missed += usize::from(error.kind == Kind::Credentials || is_signature);
                    let is_over = error.is_unauthenticated() && !is_signature;
                    if is_over || missed >= CREDENTIALS_MISSED_MAX {
                        return Err(expired(error, &name, &followed));
                    }
                    if answered.elapsed() > SILENCE_LIMIT {
                        return Err(lost(error, &followed));
                    }
                    if error.is_throttled() {
                        pace.slow_down();
                    }
                }
            }
            if begun.elapsed() > SETTLE_LIMIT {
                return Err(anyhow!("the operation does not end")).hint(format!(
                    "it continues without this command: {} shows it, and so does the CloudFormation console",
                    followed.command()
                ));
            }
            self.pause(&mut pace, &view, &followed).await;
        }
    }

    /// Waits for the next call, and redraws the list meanwhile.
    async fn pause(&self, pace: &mut Pace, view: &View, followed: &Followed<'_>) {
        let until = Instant::now() + pace.next().unwrap_or_default();
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(until) => return,
                () = sleep(TICK), if view.is_live() => view.draw(),
                () = followed.cancelled() => {
                    self.cancel().await;
                    pace.hurry();
                }
            }
        }
    }

    /// Cancels the update; CloudFormation refuses where there is none.
    async fn cancel(&self) {
        let (name, _) = name_and_region(&self.stack_id);
        let token = format!("s3guard-cancel-{:x}", wait::random());
        match self.stacks.cancel_update(&self.stack_id, &token).await {
            Ok(()) => self
                .output
                .say(format_args!("the update of stack `{name}` is cancelled: it is rolled back")),
            Err(error) => self.output.warn(format_args!("the update was not cancelled: {error}")),
        }
    }

    async fn end(mut self, stack: Option<Stack>, view: &mut View) -> anyhow::Result<Ended> {
        self.show_events(view).await?;
        let is_success = stack.as_ref().is_none_or(|stack| stack.status.is_success());
        let is_explained = is_success || self.watch.events().iter().any(Event::is_cause);
        let unexplained = if is_explained { Vec::new() } else { self.show_failures(view).await? };
        let mut events = self.watch.into_events();
        events.extend(unexplained);
        Ok(Ended { stack, events })
    }

    /// The failures of validations and hooks, which are not among the events of the stack.
    async fn show_failures(&self, view: &mut View) -> anyhow::Result<Vec<Event>> {
        let events = self.watch.events();
        let operation = last_operation(events);
        let found = match unseen_failures(self.stacks, &self.stack_id, operation, events).await {
            Ok(found) => found,
            Err(error) => {
                if error.is_denied() {
                    self.output.warn(
                        "the cause may be a validation: to show it you need the permission `cloudformation:DescribeEvents`",
                    );
                }
                return Ok(Vec::new());
            }
        };
        view.take(&found)?;
        Ok(found)
    }

    /// Shows the new events; returns whether there were any.
    async fn show_events(&mut self, view: &mut View) -> anyhow::Result<bool> {
        let Ok(events) = self.stacks.events(&self.stack_id, self.watch.last()).await else {
            return Ok(false);
        };
        let events = self.watch.take(events);
        view.take(&events)?;
        Ok(!events.is_empty())
    }
}

/// The operation of the newest event, if CloudFormation names operations.
pub(crate) fn last_operation(events: &[Event]) -> Option<&str> {
    events.iter().rev().find_map(|event| event.operation.as_deref())
}

/// The failures of validations and hooks, of an operation or since the first of these events.
pub(crate) async fn unseen_failures(
    stacks: &Stacks,
    stack_id: &str,
    operation: Option<&str>,
    events: &[Event],
) -> Result<Vec<Event>, AwsError> {
    let scope = operation.map_or(Scope::Stack(stack_id), Scope::Operation);
    let mut found = stacks.failures(scope).await?;
    // Without the id of an operation those of earlier ones are included.
    let first = events.first().map(|event| event.time);
    found.retain(|event| operation.is_some() || first.is_none_or(|time| event.time >= time));
    found.retain(|event| events.iter().all(|known| known.id != event.id));
    Ok(found)
}

/// The name of a stack, and its Region if the id contains it.
pub(crate) fn name_and_region(stack_id: &str) -> (String, String) {
    // An id is `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID`.
    let name = stack_id.split('/').nth(1).unwrap_or(stack_id);
    let region = stack_id.split(':').nth(3).unwrap_or_default();
    (name.to_owned(), region.to_owned())
}

/// Source: AWS CloudFormation API Reference, `CancelUpdateStack`: only stacks in this status.
fn can_be_cancelled(stack: &Stack) -> bool {
    stack.status.known() == Some((Operation::Update, Phase::InProgress))
}

fn expired(error: AwsError, stack: &str, followed: &Followed<'_>) -> anyhow::Error {
    let what = if error.is_expired() { "have expired" } else { "are no longer accepted" };
    let error = anyhow::Error::new(error).context(format!(
        "the credentials {what}; the operation on stack `{stack}` continues without this command"
    ));
    let hint = format!(
        "log in again, as with `aws sso login`, then follow it with {}",
        followed.command()
    );
    failures::hinted(error, hint)
}

fn never_begun() -> anyhow::Error {
    failures::hinted(
        anyhow!("there is no sign that CloudFormation has started the operation"),
        "check the stack in the CloudFormation console; it is safe to run the command again",
    )
}

fn lost(error: AwsError, followed: &Followed<'_>) -> anyhow::Error {
    let minutes = SILENCE_LIMIT.as_secs() / 60;
    let error = anyhow::Error::new(error).context(format!(
        "CloudFormation has not answered for {minutes} minutes; the operation continues without this command"
    ));
    failures::hinted(error, format!("follow it again with {}", followed.command()))
}

/// The reason of an event.
pub(crate) fn reason(event: &Event) -> &str {
    event.reason.as_deref().unwrap_or("no reason was given")
}

/// Text of AWS or of a hook, in one line.
fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An event in a line.
pub(crate) fn line(event: &Event) -> String {
    let (hour, minute, second) = event.time.to_hms();
    let mut line = format!(
        "{hour:02}:{minute:02}:{second:02}  {:<28} {:<32} {}",
        event.status, event.resource_type, event.logical_id
    );
    let hook = event.hook.as_ref().map(|hook| {
        let refuses = if hook.refused { "failed: " } else { "" };
        format!("hook `{}` {refuses}{}", hook.name, hook.reason.as_deref().unwrap_or_default())
    });
    let configured = event.is_configured.then(|| "configured, stabilizing".to_owned());
    for words in [event.reason.clone(), hook, configured].into_iter().flatten() {
        let words = one_line(&words);
        if !words.is_empty() {
            line.push_str("  ");
            line.push_str(&words);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::sample::event;
    use super::*;

    #[test]
    fn an_event_is_one_line_with_its_reason_at_the_end() {
        let failed = event("Queue", "CREATE_FAILED", "No");
        assert_eq!(
            line(&failed),
            "00:00:00  CREATE_FAILED                AWS::SQS::Queue                  Queue  No"
        );
        let hooked = event("Queue", "CREATE_FAILED", "[CT.1]: No\n  [FIX]: \u{1b}[2Jyes\n");
        assert!(line(&hooked).ends_with("Queue  [CT.1]: No [FIX]: \u{1b}[2Jyes"), "{hooked:?}");
        let configured = Event { is_configured: true, ..event("Queue", "CREATE_IN_PROGRESS", "") };
        assert!(line(&configured).ends_with("Queue  configured, stabilizing"));
    }

    #[test]
    fn a_stack_has_a_name_and_its_region_if_its_id_says_so() {
        let id = "arn:aws:cloudformation:eu-west-1:111122223333:stack/guard/9f1";
        assert_eq!(name_and_region(id), ("guard".to_owned(), "eu-west-1".to_owned()));
        assert_eq!(name_and_region("guard"), ("guard".to_owned(), String::new()));
    }
}
