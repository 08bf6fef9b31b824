//! Reading the events of a stack: all of them, or the failures of an operation.

use aws_sdk_cloudformation::types::EventFilter;

use super::{ChangeSet, Event, Stacks, event, object};
use crate::AwsError;
use crate::error::Answer as _;

/// The most pages of events that are read: a page has a hundred events, a guard has fewer resources.
const PAGES_MAX: usize = 20;

/// Whose failures to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Of a change set, by its ARN.
    ChangeSet(&'a str),
    /// Of one operation, by its id.
    Operation(&'a str),
    /// Of all operations on a stack, by its ARN or name.
    Stack(&'a str),
}

impl Stacks {
    /// The events after the last one that was read, the oldest first.
    pub async fn events(&self, stack_id: &str, last: Option<&str>) -> Result<Vec<Event>, AwsError> {
        let mut events = Vec::new();
        let call = self.client.describe_stack_events().stack_name(stack_id);
        let mut pages = call.into_paginator().send();
        'pages: for _ in 0..PAGES_MAX {
            let page = pages.try_next().await.named("DescribeStackEvents", object(stack_id))?;
            let Some(page) = page else { break };
            // CloudFormation gives the newest first.
            for event in page.stack_events() {
                if last.is_some() && event.event_id() == last {
                    break 'pages;
                }
                events.push(event::read(event));
            }
        }
        events.reverse();
        Ok(events)
    }

    /// The failures, including those that are not among the events of the stack: of validations before anything is created, and
    /// of hooks; the oldest first.
    ///
    /// Source: AWS CloudFormation API Reference, `DescribeEvents`.
    pub async fn failures(&self, scope: Scope<'_>) -> Result<Vec<Event>, AwsError> {
        let failed = EventFilter::builder().failed_events(true).build();
        let call = self.client.describe_events().filters(failed);
        let (call, id) = match scope {
            Scope::ChangeSet(id) => (call.change_set_name(id), id),
            Scope::Operation(id) => (call.operation_id(id), id),
            Scope::Stack(id) => (call.stack_name(id), id),
        };
        let mut failures = Vec::new();
        let mut pages = call.into_paginator().send();
        for _ in 0..PAGES_MAX {
            let page = pages.try_next().await.named("DescribeEvents", object(id))?;
            let Some(page) = page else { break };
            failures.extend(page.operation_events().iter().filter_map(event::read_failure));
        }
        // Their order is not documented; the sort is stable.
        failures.sort_by_key(|event| event.time);
        Ok(failures)
    }

    /// The validation failures of a change set, or, if its id is empty, of the stack's operations.
    pub async fn validation_failures(&self, set: &ChangeSet) -> Result<Vec<Event>, AwsError> {
        let scope =
            if set.id.is_empty() { Scope::Stack(&set.stack_id) } else { Scope::ChangeSet(&set.id) };
        self.failures(scope).await
    }
}
