//! What of the guard's stack was changed by hand, as CloudFormation sees it.

use std::fmt;

use anyhow::anyhow;
use s3guard_aws::AwsError;
use s3guard_aws::stacks::Stacks;
use s3guard_aws::stacks::drift::{Detection, Difference, Drifted};
use s3guard_aws::wait::{self, Pace};
use s3guard_posture::text::shown;
use serde::Serialize;
use tokio::time::Instant;

use crate::error::Advice as _;
use crate::operations::session;
use crate::operations::session::{Account, AccountArgs};
use crate::ui::output::Output;

/// How long CloudFormation may look.
const LIMIT: std::time::Duration = std::time::Duration::from_mins(15);
/// Of a value so much is shown.
const SHOWN: usize = 200;

/// Has CloudFormation compare a stack with its template, and waits for it.
pub(crate) async fn detect(args: &AccountArgs, output: &Output) -> anyhow::Result<Drift> {
    let account = Account::open(args).await?;
    let stack = session::guard_stack(args, &account).await?;
    let stacks = Stacks::new(&account.connection);
    output.say("CloudFormation compares every resource with the template");
    let id = stacks
        .detect_drift(&stack.id)
        .await
        .hint("while the stack is being changed it cannot be compared: try again when it has come to rest")?;
    let detection = settled(&stacks, &stack.id, &id).await?;
    let partly = match detection {
        Detection::Done | Detection::Going => None,
        Detection::Partly(reason) => Some(reason),
    };
    let (drifts, resources) =
        futures_util::join!(stacks.drifts(&stack.id), stacks.resources(&stack.id));
    let drifts = drifts?;
    // Who may not list them hears of those that were compared.
    let count = resources.map_or(drifts.len(), |resources| resources.len());
    let region = account.connection.region().to_string();
    let drift = Drift { partly, ..Drift::of(args.stack.as_str(), &region, drifts, count) };
    if drift.is_drifted() {
        output.say(format_args!(
            "`s3guard deploy --stack {} --region {region} --revert-drift` sets it back",
            args.stack
        ));
    }
    Ok(drift)
}

/// Waits until CloudFormation has looked. A look of ours that is throttled says nothing about its.
async fn settled(stacks: &Stacks, stack: &str, id: &str) -> anyhow::Result<Detection> {
    let detection = async || {
        let detection = stacks.detection(stack, id).await?;
        Ok((detection != Detection::Going).then_some(detection))
    };
    let deadline = Instant::now() + LIMIT;
    let settled = wait::until(Pace::default(), deadline, AwsError::is_transient, detection).await?;
    settled
        .ok_or_else(|| {
            let minutes = LIMIT.as_secs() / 60;
            anyhow!("CloudFormation has not compared everything after {minutes} minutes")
        })
        .hint("try again later; nothing was changed")
}

/// What was found of one stack.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Drift {
    stack: String,
    region: String,
    drifted: Vec<ToldDrift>,
    in_sync: usize,
    not_checked: usize,
    /// Why not everything could be looked at, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    partly: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldDrift {
    logical_id: String,
    physical_id: String,
    #[serde(rename = "type")]
    resource_type: String,
    status: String,
    differences: Vec<ToldDifference>,
}

#[derive(Debug, Serialize)]
struct ToldDifference {
    path: String,
    kind: String,
    expected: String,
    actual: String,
}

impl Drift {
    /// Whether something was changed by hand.
    pub(crate) fn is_drifted(&self) -> bool {
        !self.drifted.is_empty()
    }

    /// Of so many resources these are told of. Those of a type that CloudFormation cannot compare are not among them.
    ///
    /// Source: AWS CloudFormation API Reference, `StackResourceDrift`, `StackResourceDriftStatus`, and
    /// `DescribeStackResourceDrifts`: "For a given stack, there will be one `StackResourceDrift` for each stack resource
    /// that has been checked for drift."
    fn of(stack: &str, region: &str, drifts: Vec<Drifted>, count: usize) -> Self {
        let mut drift = Self {
            stack: stack.to_owned(),
            region: region.to_owned(),
            drifted: Vec::new(),
            in_sync: 0,
            not_checked: count.saturating_sub(drifts.len()),
            partly: None,
        };
        for one in drifts {
            match one.status.as_str() {
                "IN_SYNC" => drift.in_sync += 1,
                "MODIFIED" | "DELETED" => drift.drifted.push(told(one)),
                // NOT_CHECKED, UNSUPPORTED, UNKNOWN: nothing is known of them.
                _ => drift.not_checked += 1,
            }
        }
        drift
    }
}

fn told(one: Drifted) -> ToldDrift {
    let difference = |Difference { path, kind, expected, actual }| ToldDifference {
        path,
        kind,
        expected,
        actual,
    };
    ToldDrift {
        logical_id: one.logical_id,
        physical_id: one.physical_id,
        resource_type: one.resource_type,
        status: one.status,
        differences: one.differences.into_iter().map(difference).collect(),
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, region, drifted, in_sync, not_checked, partly } = self;
        writeln!(
            f,
            "Stack {stack} ({region}): {} drifted, {in_sync} as the template says, {not_checked} not compared",
            drifted.len()
        )?;
        if let Some(reason) = partly {
            writeln!(f, "  not everything could be compared: {}", shown(reason, SHOWN))?;
        }
        for one in drifted {
            let word = if one.status == "DELETED" { "deleted" } else { "changed" };
            writeln!(f, "  {:32} {}  {word}", one.resource_type, one.logical_id)?;
            for ToldDifference { path, kind, expected, actual } in &one.differences {
                let (expected, actual) = (shown(expected, SHOWN), shown(actual, SHOWN));
                let path = path.trim_start_matches('/').replace('/', ".");
                match kind.as_str() {
                    "ADD" => writeln!(f, "      {path}: {actual} was added")?,
                    "REMOVE" => writeln!(f, "      {path}: {expected} was removed")?,
                    _ => writeln!(f, "      {path}: {expected} -> {actual}")?,
                }
            }
        }
        Ok(())
    }
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
        let drift = Drift { partly, ..Drift::of("guard", "eu-west-1", drifts, 9) };
        expect![[r#"
            Stack guard (eu-west-1): 2 drifted, 1 as the template says, 6 not compared
              not everything could be compared: no right to read a queue
              AWS::SQS::Queue                  Queue  changed
                  VisibilityTimeout: 180 -> 30\u{1b}[2J
                  Tags.0: {} was removed
                  Policy: {} was added
              AWS::SQS::Queue                  Gone  deleted
        "#]]
        .assert_eq(&drift.to_string());
    }
}
