//! The events of a stack as a result: by operation, with the root cause marked.

use s3guard_aws::stacks::Event;
use serde::Serialize;

use crate::operations::follow;
use crate::operations::follow::ShownEvent;
use crate::ui::text::{Printable, Text};

/// The events of a stack; as text, a line for each and the root cause at the end.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EventsReport {
    stack: String,
    region: String,
    status: String,
    events: Vec<EventLine>,
    /// How many resources were cancelled because another one failed.
    cancelled: usize,
    root_cause: Option<Cause>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct EventLine {
    #[serde(flatten)]
    event: ShownEvent,
    is_root_cause: bool,
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Cause {
    logical_id: String,
    #[serde(rename = "cause")]
    words: String,
    hint: Option<String>,
}

impl EventsReport {
    /// The events of a stack; `is_listed` says which of them are listed.
    pub(crate) fn new(
        id: &str,
        status: &str,
        events: &[Event],
        is_listed: impl Fn(&Event) -> bool,
    ) -> Self {
        let (stack, region) = follow::name_and_region(id);
        let mut lines = Vec::new();
        let operations = operations(events);
        for operation in &operations {
            let cause = follow::first_cause(operation);
            for event in operation.iter().filter(|event| is_listed(event)) {
                let is_root_cause = cause.is_some_and(|cause| std::ptr::eq(cause, event));
                let mark = if is_root_cause { '>' } else { ' ' };
                let text = format!("{mark} {}", follow::line(event));
                lines.push(EventLine {
                    event: ShownEvent::new(event, &stack, &region),
                    is_root_cause,
                    text,
                });
            }
        }
        let root_cause = operations.last().and_then(|operation| {
            let cause = follow::first_cause(operation)?;
            Some(Cause {
                logical_id: cause.logical_id.clone(),
                words: follow::explained(cause, operation),
                hint: follow::hint(cause, operation),
            })
        });
        Self {
            stack,
            region,
            status: status.to_owned(),
            events: lines,
            cancelled: events.iter().filter(|event| event.is_cancelled()).count(),
            root_cause,
        }
    }
}

impl Printable for EventsReport {
    fn print(&self, text: &mut Text) {
        self.events.iter().for_each(|line| text.line(&line.text));
        if let Some(Cause { words, hint, .. }) = &self.root_cause {
            text.gap();
            text.line(format_args!("root cause: {words}"));
            if let Some(hint) = hint {
                text.line(format_args!("what to do: {hint}"));
            }
        }
    }
}

/// Whether an event is a failure of its own, not one that followed from another.
pub(crate) fn is_failed(event: &Event) -> bool {
    let is_refused = event.hook.as_ref().is_some_and(|hook| hook.refused);
    event.is_failure() && !event.is_cancelled() || is_refused
}

/// The events of each operation, in order.
///
/// An operation begins with an event of the stack itself or, where CloudFormation has ids of operations, with another id. A
/// rollback belongs to the operation that it rolls back.
pub(crate) fn operations(events: &[Event]) -> Vec<&[Event]> {
    events.chunk_by(|before, event| !begins(before, event)).collect()
}

fn begins(before: &Event, event: &Event) -> bool {
    if let (Some(before), Some(now)) = (&before.operation, &event.operation) {
        return before != now;
    }
    let verb = event.status.strip_suffix("_IN_PROGRESS");
    let is_start =
        verb.is_some_and(|verb| ["CREATE", "UPDATE", "DELETE", "IMPORT", "REVIEW"].contains(&verb));
    // A creation follows the review of its change set.
    let is_reviewed = before.is_about_the_stack() && before.status == "REVIEW_IN_PROGRESS";
    event.is_about_the_stack() && is_start && !is_reviewed
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::operations::follow::sample::{event, of_stack};
    use crate::ui::text::plain;

    fn story() -> Vec<Event> {
        vec![
            of_stack("REVIEW_IN_PROGRESS", "User Initiated"),
            of_stack("CREATE_IN_PROGRESS", "User Initiated"),
            event("A", "CREATE_COMPLETE", ""),
            of_stack("CREATE_COMPLETE", ""),
            of_stack("UPDATE_IN_PROGRESS", "User Initiated"),
            event("B", "UPDATE_FAILED", "Resource update cancelled"),
            event("A", "UPDATE_FAILED", "no such key"),
            of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [A]"),
            of_stack("UPDATE_ROLLBACK_COMPLETE", ""),
        ]
    }

    #[test]
    fn an_operation_includes_its_rollback() {
        let story = story();
        let lengths =
            |events: &[Event]| operations(events).iter().map(|o| o.len()).collect::<Vec<_>>();
        assert_eq!(lengths(&story), [4, 5]);
        assert!(operations(&[]).is_empty());
        let of = |id: &str, event: Event| Event { operation: Some(id.to_owned()), ..event };
        let named = [
            of("1", of_stack("UPDATE_IN_PROGRESS", "")),
            of("1", of_stack("UPDATE_COMPLETE", "")),
            of("2", of_stack("UPDATE_ROLLBACK_IN_PROGRESS", "")),
        ];
        assert_eq!(lengths(&named), [2, 1]);
    }

    #[test]
    fn the_root_cause_is_marked_and_repeated_and_cancelled_resources_are_counted() {
        let report = EventsReport::new("s", "UPDATE_ROLLBACK_COMPLETE", &story()[4..], |_| true);
        expect![[r#"
              00:00:00  UPDATE_IN_PROGRESS           AWS::CloudFormation::Stack       s  User Initiated
              00:00:00  UPDATE_FAILED                AWS::SQS::Queue                  B  Resource update cancelled
            > 00:00:00  UPDATE_FAILED                AWS::SQS::Queue                  A  no such key
              00:00:00  UPDATE_ROLLBACK_IN_PROGRESS  AWS::CloudFormation::Stack       s  The following resource(s) failed: [A]
              00:00:00  UPDATE_ROLLBACK_COMPLETE     AWS::CloudFormation::Stack       s

            root cause: `A` (AWS::SQS::Queue): no such key; 1 resource was cancelled because of it
        "#]]
        .assert_eq(&plain(&report));
        let failed = EventsReport::new("s", "UPDATE_ROLLBACK_COMPLETE", &story(), is_failed);
        assert_eq!((failed.events.len(), failed.cancelled), (1, 1));
        let fine = EventsReport::new("s", "CREATE_COMPLETE", &story()[..4], |_| true);
        assert!(fine.root_cause.is_none() && fine.events.iter().all(|line| !line.is_root_cause));
    }
}
