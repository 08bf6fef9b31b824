//! What of the guard's stack was changed outside CloudFormation, as CloudFormation detects it.

use anyhow::anyhow;
use s3guard_aws::AwsError;
use s3guard_aws::stacks::drift::{Detection, Difference, Drifted};
use s3guard_aws::stacks::{Stack, Stacks};
use s3guard_aws::wait::{self, Pace};
use serde::Serialize;
use tokio::time::Instant;

use crate::error::Advice as _;
use crate::operations::session::Account;
use crate::ui::lines::cut;
use crate::ui::output::Output;

/// How long CloudFormation may take.
const LIMIT: std::time::Duration = std::time::Duration::from_mins(15);
/// How many characters of a value are shown.
const SHOWN: usize = 200;

/// The result of a drift detection.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Drift {
    pub(crate) drifted: Vec<Drifted>,
    in_sync: usize,
    not_checked: usize,
    /// Why not every resource could be compared, if so.
    #[serde(rename = "partialReason", skip_serializing_if = "Option::is_none")]
    partly: Option<String>,
}

impl Drift {
    /// Has CloudFormation compare a stack with its template, and waits for the result.
    pub(crate) async fn detect(
        account: &Account,
        stack: &Stack,
        output: &Output,
    ) -> anyhow::Result<Self> {
        let stacks = Stacks::new(&account.connection);
        output.say("CloudFormation compares every resource with the template");
        let id = match stacks.detect_drift(&stack.id).await {
            // The hint for it names the missing permission.
            Err(error) if error.is_denied() => return Err(error.into()),
            detected => detected.hint(
                "a stack cannot be compared while an operation is in progress: try again after it",
            )?,
        };
        let partly = match completed(&stacks, &stack.id, &id).await? {
            Detection::Done | Detection::Going => None,
            Detection::Partly(reason) => Some(reason),
        };
        let (drifts, resources) =
            futures_util::join!(stacks.drifts(&stack.id), stacks.resources(&stack.id));
        let drifts = drifts?;
        // A caller that may not list resources gets the number of those that were compared.
        let count = resources.map_or(drifts.len(), |resources| resources.len());
        Ok(Self { partly, ..Self::of(drifts, count) })
    }

    /// Counts the results for the `count` resources of a stack. Types that CloudFormation cannot compare have none.
    ///
    /// Source: AWS CloudFormation API Reference, `StackResourceDrift`, `StackResourceDriftStatus`, and
    /// `DescribeStackResourceDrifts`: "For a given stack, there will be one `StackResourceDrift` for each stack resource
    /// that has been checked for drift."
    fn of(drifts: Vec<Drifted>, count: usize) -> Self {
        let mut drift = Self { not_checked: count.saturating_sub(drifts.len()), ..Self::default() };
        for one in drifts {
            match one.status.as_str() {
                "IN_SYNC" => drift.in_sync += 1,
                "MODIFIED" | "DELETED" => drift.drifted.push(one),
                // NOT_CHECKED, UNSUPPORTED, UNKNOWN: there is no result.
                _ => drift.not_checked += 1,
            }
        }
        drift
    }

    /// The result in lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { drifted, in_sync, not_checked, partly } = self;
        let mut lines = vec![format!(
            "{} drifted, {in_sync} in sync, {not_checked} not checked",
            drifted.len()
        )];
        lines.extend(
            partly.as_ref().map(|why| format!("some resources could not be compared: {why}")),
        );
        for one in drifted {
            let word = if one.status == "DELETED" { "deleted" } else { "changed" };
            lines.push(format!("{:32} {}  {word}", one.resource_type, one.logical_id));
            for Difference { path, kind, expected, actual } in &one.differences {
                let (expected, actual) = (cut(expected, SHOWN), cut(actual, SHOWN));
                let path = path.trim_start_matches('/').replace('/', ".");
                lines.push(match kind.as_str() {
                    "ADD" => format!("    {path}: {actual} was added"),
                    "REMOVE" => format!("    {path}: {expected} was removed"),
                    _ => format!("    {path}: {expected} -> {actual}"),
                });
            }
        }
        lines
    }
}

/// Waits until CloudFormation has compared all. A status call that is throttled says nothing about the detection.
async fn completed(stacks: &Stacks, stack: &str, id: &str) -> anyhow::Result<Detection> {
    let detection = async || {
        let detection = stacks.detection(stack, id).await?;
        Ok((detection != Detection::Going).then_some(detection))
    };
    let deadline = Instant::now() + LIMIT;
    let completed =
        wait::until(Pace::default(), deadline, AwsError::is_transient, detection).await?;
    completed
        .ok_or_else(|| {
            let minutes = LIMIT.as_secs() / 60;
            anyhow!("CloudFormation has not compared every resource after {minutes} minutes")
        })
        .hint("try again later; nothing was changed")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_was_changed_is_shown_with_what_the_template_says_and_the_rest_is_counted() {
        let drifted = |id: &str, status: &str, differences: &[(&str, &str, &str, &str)]| Drifted {
            logical_id: id.to_owned(),
            physical_id: format!("p-{id}"),
            resource_type: "AWS::SQS::Queue".to_owned(),
            status: status.to_owned(),
            differences: (differences.iter())
                .map(|(path, kind, expected, actual)| Difference {
                    path: (*path).to_owned(),
                    kind: (*kind).to_owned(),
                    expected: (*expected).to_owned(),
                    actual: (*actual).to_owned(),
                })
                .collect(),
        };
        let drifts = vec![
            drifted(
                "Queue",
                "MODIFIED",
                &[
                    ("/VisibilityTimeout", "NOT_EQUAL", "180", "30\u{1b}[2J"),
                    ("/Tags/0", "REMOVE", "{}", ""),
                    ("/Policy", "ADD", "", "{}"),
                ],
            ),
            drifted("Gone", "DELETED", &[]),
            drifted("Well", "IN_SYNC", &[]),
            drifted("Other", "NOT_CHECKED", &[]),
            drifted("New", "WHO_KNOWS", &[]),
        ];
        let partly = Some("no right to read a queue".to_owned());
        let drift = Drift { partly, ..Drift::of(drifts, 9) };
        expect![[r#"
            2 drifted, 1 in sync, 6 not checked
            some resources could not be compared: no right to read a queue
            AWS::SQS::Queue                  Queue  changed
                VisibilityTimeout: 180 -> 30\u{1b}[2J
                Tags.0: {} was removed
                Policy: {} was added
            AWS::SQS::Queue                  Gone  deleted"#]]
        .assert_eq(&drift.lines().join("\n"));
    }
}
