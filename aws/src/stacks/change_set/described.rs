//! What CloudFormation says about a change set, over all pages.

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{ChangeSetStatus, ExecutionStatus};

use super::{Change, ChangeSetState, Ready, read_change};
use crate::stacks::values;

/// A description, with or without the values of properties.
#[derive(Debug, Default)]
pub(super) struct Described {
    pub(super) status: Option<String>,
    pub(super) reason: Option<String>,
    execution: Option<String>,
    ready: Ready,
}

impl Described {
    /// Adds a page.
    pub(super) fn add(&mut self, page: &DescribeChangeSetOutput) {
        let Self { status, reason, execution, ready } = self;
        *status = page.status().map(ChangeSetStatus::as_str).map(str::to_owned);
        *execution = page.execution_status().map(ExecutionStatus::as_str).map(str::to_owned);
        let said = page.status_reason().filter(|reason| !reason.is_empty());
        *reason = reason.take().or_else(|| said.map(str::to_owned));
        ready.changes.extend(page.changes().iter().filter_map(read_change));
        let config = page.deployment_config();
        ready.says_on_failure |= page.on_stack_failure().is_some() || config.is_some();
        ready.keeps_failures |=
            config.is_some_and(|config| config.disable_rollback() == Some(true));
        ready.parameters.extend(values(page.parameters()));
    }

    /// A description with values, and one without, which is newer and names every resource.
    pub(super) fn joined(self, mut plain: Self) -> Self {
        let Self { mut ready, reason, .. } = self;
        for change in &mut plain.ready.changes {
            let is_same = |one: &mut Change| one.logical_id == change.logical_id;
            if let Some(valued) = ready.changes.extract_if(.., is_same).next() {
                change.properties = valued.properties;
            }
        }
        plain.ready.changes.append(&mut ready.changes);
        plain.ready.without_values.clone_from(&reason);
        Self { reason: plain.reason.or(reason), ..plain }
    }

    pub(super) fn state(self) -> ChangeSetState {
        let Self { status, reason, execution, ready } = self;
        ChangeSetState::read(status.as_deref(), reason.as_deref(), execution.as_deref(), ready)
    }
}
