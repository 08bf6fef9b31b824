//! Drift: changes to a stack that were made outside of CloudFormation.

use aws_sdk_cloudformation::operation::describe_stack_resource_drifts::DescribeStackResourceDriftsOutput;
use aws_sdk_cloudformation::types::{
    DifferenceType, PropertyDifference, StackDriftDetectionStatus, StackResourceDrift,
    StackResourceDriftStatus,
};
use aws_smithy_types::date_time::Format;
use serde::Serialize;

use super::{Stacks, object};
use crate::AwsError;
use crate::error::Answer as _;

/// What was last found out about a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastDrift {
    /// `IN_SYNC`, `DRIFTED`, `NOT_CHECKED` or `UNKNOWN`, as CloudFormation writes it.
    pub status: String,
    /// When that was, in RFC 3339.
    pub checked: Option<String>,
}

/// The progress of a drift detection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detection {
    /// CloudFormation is at it.
    Going,
    /// It is complete.
    Done,
    /// It is incomplete, for this reason; what it has found counts.
    Partly(String),
}

/// A resource of which it is known whether it has drifted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Drifted {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in the account.
    pub physical_id: String,
    /// Its type, as `AWS::SQS::Queue`.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// `IN_SYNC`, `MODIFIED`, `DELETED`, `NOT_CHECKED`, `UNKNOWN` or `UNSUPPORTED`, as CloudFormation writes it.
    pub status: String,
    /// What of it is another than the template says.
    pub differences: Vec<Difference>,
}

/// A property that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// The way to it, as `/VisibilityTimeout`.
    pub path: String,
    /// `ADD`, `REMOVE` or `NOT_EQUAL`, as CloudFormation writes it.
    pub kind: String,
    /// What the template says.
    pub expected: String,
    /// What it is.
    pub actual: String,
}

impl Stacks {
    /// What was last found out about a stack's drift; `None` if there is no stack.
    pub async fn last_drift(&self, stack: &str) -> Result<Option<LastDrift>, AwsError> {
        let answer = self.client.describe_stacks().stack_name(stack).send().await;
        let answer = answer.named("DescribeStacks", object(stack))?;
        Ok(answer.stacks().first().map(|stack| {
            let known = stack.drift_information();
            let status = known.and_then(|known| known.stack_drift_status());
            let at = known.and_then(|known| known.last_check_timestamp());
            LastDrift {
                status: status.map_or("NOT_CHECKED", |status| status.as_str()).to_owned(),
                checked: at.and_then(|at| at.fmt(Format::DateTime).ok()),
            }
        }))
    }

    /// Starts the drift detection of a stack; gives its id.
    pub async fn detect_drift(&self, stack: &str) -> Result<String, AwsError> {
        let answer = self.client.detect_stack_drift().stack_name(stack).send().await;
        let answer = answer.named("DetectStackDrift", object(stack))?;
        Ok(answer.stack_drift_detection_id().unwrap_or_default().to_owned())
    }

    /// The progress of a drift detection.
    pub async fn detection(&self, stack: &str, id: &str) -> Result<Detection, AwsError> {
        let call = self.client.describe_stack_drift_detection_status();
        let answer = call.stack_drift_detection_id(id).send().await;
        let answer = answer.named("DescribeStackDriftDetectionStatus", object(stack))?;
        let reason = answer.detection_status_reason();
        Ok(match answer.detection_status().map(StackDriftDetectionStatus::as_str) {
            Some("DETECTION_COMPLETE") => Detection::Done,
            Some("DETECTION_FAILED") => {
                Detection::Partly(reason.unwrap_or("CloudFormation gave no reason").to_owned())
            }
            Some(_) | None => Detection::Going,
        })
    }

    /// Every resource of which something is known, in all pages.
    pub async fn drifts(&self, stack: &str) -> Result<Vec<Drifted>, AwsError> {
        let call = self.client.describe_stack_resource_drifts().stack_name(stack);
        let pages = call.into_paginator().send().try_collect().await;
        let pages = pages.named("DescribeStackResourceDrifts", object(stack))?;
        let drifts =
            pages.iter().flat_map(DescribeStackResourceDriftsOutput::stack_resource_drifts);
        Ok(drifts.map(read).collect())
    }
}

fn read(drift: &StackResourceDrift) -> Drifted {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let difference = |one: &PropertyDifference| Difference {
        path: text(one.property_path()),
        kind: text(one.difference_type().map(DifferenceType::as_str)),
        expected: text(one.expected_value()),
        actual: text(one.actual_value()),
    };
    let status = drift.stack_resource_drift_status();
    Drifted {
        logical_id: text(drift.logical_resource_id()),
        physical_id: text(drift.physical_resource_id()),
        resource_type: text(drift.resource_type()),
        status: text(status.map(StackResourceDriftStatus::as_str)),
        differences: drift.property_differences().iter().map(difference).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    fn answer(call: &str, result: &str) -> (u16, String) {
        (200, format!("<{call}Response><{call}Result>{result}</{call}Result></{call}Response>"))
    }

    #[tokio::test]
    async fn a_detection_is_in_progress_complete_or_partial() {
        let status = |status: &str| {
            let result = format!(
                "<StackId>s</StackId><StackDriftDetectionId>1</StackDriftDetectionId><DetectionStatus>{status}\
                 </DetectionStatus><DetectionStatusReason>no</DetectionStatusReason><Timestamp>2026-01-01T00:00:00Z\
                 </Timestamp>"
            );
            answer("DescribeStackDriftDetectionStatus", &result)
        };
        let statuses = ["DETECTION_IN_PROGRESS", "DETECTION_COMPLETE", "DETECTION_FAILED"];
        let fake = Fake::answering(statuses.map(status));
        let stacks = Stacks::new(&fake.connection());
        assert_eq!(stacks.detection("s", "1").await, Ok(Detection::Going));
        assert_eq!(stacks.detection("s", "1").await, Ok(Detection::Done));
        assert_eq!(stacks.detection("s", "1").await, Ok(Detection::Partly("no".to_owned())));
    }

    #[tokio::test]
    async fn all_pages_of_drifts_are_read_with_their_differences() {
        let drift = |id: &str, status: &str, differences: &str| {
            format!(
                "<member><StackId>s</StackId><LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>p\
                 </PhysicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType><StackResourceDriftStatus>{status}\
                 </StackResourceDriftStatus><PropertyDifferences>{differences}</PropertyDifferences>\
                 <Timestamp>2026-01-01T00:00:00Z</Timestamp></member>"
            )
        };
        let difference = "<member><PropertyPath>/A</PropertyPath><ExpectedValue>1</ExpectedValue><ActualValue>2\
                          </ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member>";
        let page = |drift: String, next: &str| {
            let result = format!("<StackResourceDrifts>{drift}</StackResourceDrifts>{next}");
            answer("DescribeStackResourceDrifts", &result)
        };
        let fake = Fake::answering([
            page(drift("A", "MODIFIED", difference), "<NextToken>x</NextToken>"),
            page(drift("B", "IN_SYNC", ""), ""),
        ]);
        let drifts = Stacks::new(&fake.connection()).drifts("s").await.unwrap();
        let read: Vec<_> =
            drifts.iter().map(|one| (one.logical_id.as_str(), one.status.as_str())).collect();
        assert_eq!(read, [("A", "MODIFIED"), ("B", "IN_SYNC")]);
        assert_eq!(drifts[0].differences[0].expected, "1");
        assert!(fake.asked()[1].body.contains("NextToken=x"), "{}", fake.wire());
    }
}
