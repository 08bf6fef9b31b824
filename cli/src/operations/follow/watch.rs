//! Decides which events belong to an operation, and whether it has ended.
//!
//! An unchanged stack is no success: the operation may not have started.

use std::time::Duration;

use s3guard_aws::stacks::{Event, Stack};

/// An operation without a sign for so long has not started.
const BEGIN_LIMIT: Duration = Duration::from_mins(1);

/// One operation on a stack.
pub(crate) struct Watch {
    token: Option<String>,
    before: Option<Stack>,
    /// The last event before it; `None` if it could not be read.
    past: Option<Past>,
    events: Vec<Event>,
    has_begun: bool,
}

/// The last event before an operation.
pub(crate) struct Past {
    last: Option<String>,
}

/// The progress of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is in progress, or no sign of it was seen yet.
    Going,
    /// It has ended.
    Over,
    /// There is no sign that it has started.
    NeverBegun,
}

impl Past {
    /// The last of these events, the oldest first.
    pub(crate) fn of(events: &[Event]) -> Self {
        Self { last: events.last().map(|event| event.id.clone()) }
    }
}

impl Watch {
    /// Starts before the operation is requested with `token`; without one, another caller started it.
    pub(crate) fn new(token: Option<&str>, before: Option<Stack>, past: Option<Past>) -> Self {
        let token = token.map(str::to_owned);
        Self { token, before, past, events: Vec::new(), has_begun: false }
    }

    /// The event after which to read the next ones.
    pub(crate) fn last(&self) -> Option<&str> {
        self.past.as_ref()?.last.as_deref()
    }

    /// Takes the events after the last one, and returns those of the operation.
    pub(crate) fn take(&mut self, mut events: Vec<Event>) -> Vec<Event> {
        let now = Past::of(&events);
        match &self.past {
            // Earlier events are among them: only the token distinguishes them.
            None => events.retain(|event| event.token.is_some() && event.token == self.token),
            Some(_) if events.is_empty() => return events,
            Some(_) => {}
        }
        self.past = Some(now);
        self.events.extend(events.iter().cloned());
        events
    }

    /// Takes the current stack, so long after the operation was requested.
    pub(crate) fn judge(&mut self, stack: Option<&Stack>, elapsed: Duration) -> Progress {
        let Some(stack) = stack else { return Progress::Over };
        let differs =
            |before: &Stack| (&before.status, before.updated) != (&stack.status, stack.updated);
        self.has_begun |= !stack.status.is_settled()
            || self.before.as_ref().is_some_and(differs)
            || self.events.iter().any(Event::is_about_the_stack);
        if !self.has_begun {
            return if elapsed > BEGIN_LIMIT { Progress::NeverBegun } else { Progress::Going };
        }
        let is_over = stack.status.is_settled() && !stack.status.is_review();
        if is_over { Progress::Over } else { Progress::Going }
    }

    /// The stack before the operation.
    pub(crate) fn before(&self) -> Option<&Stack> {
        self.before.as_ref()
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    pub(crate) fn into_events(self) -> Vec<Event> {
        self.events
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use s3guard_aws::stacks::StackStatus;

    use super::*;

    const SOON: Duration = Duration::from_secs(1);
    const LATE: Duration = Duration::from_mins(2);

    fn stack(status: StackStatus) -> Stack {
        Stack {
            id: "arn".to_owned(),
            status,
            reason: None,
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            tags: BTreeMap::new(),
            updated: None,
            protected: false,
        }
    }

    fn event(id: &str, token: Option<&str>) -> Event {
        let event = crate::operations::follow::sample::of_stack("UPDATE_IN_PROGRESS", "");
        Event { id: id.to_owned(), token: token.map(str::to_owned), ..event }
    }

    fn ids(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.id.as_str()).collect()
    }

    #[test]
    fn earlier_events_are_not_shown_even_if_they_could_not_be_read() {
        let mut watch = Watch::new(Some("ours"), None, None);
        let all = vec![event("1", Some("other")), event("2", None), event("3", Some("ours"))];
        assert_eq!(ids(&watch.take(all)), ["3"]);
        assert_eq!(watch.last(), Some("3"));
        // From here on only newer ones are read.
        assert_eq!(ids(&watch.take(vec![event("4", None)])), ["4"]);
        assert_eq!(ids(watch.events()), ["3", "4"]);

        let mut watch = Watch::new(None, None, None);
        assert!(watch.take(vec![event("1", Some("other")), event("2", None)]).is_empty());
        assert_eq!(watch.last(), Some("2"));
    }

    #[test]
    fn what_comes_after_a_known_past_is_the_operations() {
        let past = Past::of(&[event("0", None), event("1", None)]);
        let mut watch = Watch::new(Some("ours"), None, Some(past));
        assert_eq!(watch.last(), Some("1"));
        assert!(watch.take(Vec::new()).is_empty());
        assert_eq!(watch.last(), Some("1"));
        assert_eq!(ids(&watch.take(vec![event("2", None)])), ["2"]);
    }

    #[test]
    fn a_stack_that_looks_as_before_is_no_success() {
        let before = stack(StackStatus::from("UPDATE_COMPLETE"));
        let mut watch = Watch::new(Some("ours"), Some(before.clone()), Some(Past::of(&[])));
        assert_eq!(watch.judge(Some(&before), SOON), Progress::Going);
        assert_eq!(watch.judge(Some(&before), LATE), Progress::NeverBegun);
        let under_review = stack(StackStatus::from("REVIEW_IN_PROGRESS"));
        let mut watch = Watch::new(Some("ours"), Some(under_review.clone()), Some(Past::of(&[])));
        assert_eq!(watch.judge(Some(&under_review), LATE), Progress::NeverBegun);
    }

    #[test]
    fn an_operation_shows_by_an_event_a_status_or_the_time_of_the_last_change() {
        let before = stack(StackStatus::from("UPDATE_COMPLETE"));
        let watch = || Watch::new(Some("ours"), Some(before.clone()), Some(Past::of(&[])));
        let mut by_event = watch();
        by_event.take(vec![event("1", Some("ours"))]);
        assert_eq!(by_event.judge(Some(&before), LATE), Progress::Over);
        let changed = Stack { updated: Some(1), ..before.clone() };
        assert_eq!(watch().judge(Some(&changed), SOON), Progress::Over);
        let rolled_back = stack(StackStatus::from("UPDATE_ROLLBACK_COMPLETE"));
        assert_eq!(watch().judge(Some(&rolled_back), SOON), Progress::Over);
        let mut by_status = watch();
        let busy = stack(StackStatus::from("UPDATE_IN_PROGRESS"));
        assert_eq!(by_status.judge(Some(&busy), LATE), Progress::Going);
        assert_eq!(by_status.judge(Some(&before), LATE), Progress::Over);
        assert_eq!(watch().judge(None, SOON), Progress::Over);
    }

    #[test]
    fn a_stack_under_review_has_not_begun() {
        let mut watch = Watch::new(Some("ours"), None, Some(Past::of(&[])));
        watch.take(vec![event("1", Some("ours"))]);
        assert_eq!(
            watch.judge(Some(&stack(StackStatus::from("REVIEW_IN_PROGRESS"))), SOON),
            Progress::Going
        );
        let over = |status| {
            Watch::new(None, Some(stack(StackStatus::from("CREATE_COMPLETE"))), None)
                .judge(Some(&stack(status)), SOON)
        };
        assert_eq!(over(StackStatus::from("CREATE_IN_PROGRESS")), Progress::Going);
        assert_eq!(over(StackStatus::from("ROLLBACK_COMPLETE")), Progress::Over);
        assert_eq!(over(StackStatus::from("NEW")), Progress::Over);
    }
}
