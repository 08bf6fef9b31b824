//! EventBridge rules: whether they are enabled.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::RuleState;
use s3guard_posture::Reading;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// EventBridge's code for a rule that does not exist.
///
/// Source: Amazon EventBridge API Reference, `DescribeRule`.
const MISSING: [&str; 1] = ["ResourceNotFoundException"];

/// Whether a rule of the default event bus is enabled; `Absent` if it does not exist.
pub async fn is_enabled(connection: &Connection, rule: &str) -> Result<Reading<bool>, AwsError> {
    let answer = Client::new(&connection.config).describe_rule().name(rule).send().await;
    let answer = answer.reading("DescribeRule", format!("rule `{rule}`"), &MISSING)?;
    Ok(answer.map_ref(|rule| rule.state() != Some(&RuleState::Disabled)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, json_error};

    #[tokio::test]
    async fn a_rule_is_enabled_or_disabled_or_does_not_exist() {
        let all_calls = r#"{"State":"ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}"#;
        for (answer, expected) in [
            ((200, r#"{"State":"ENABLED"}"#.to_owned()), Reading::Known(true)),
            ((200, all_calls.to_owned()), Reading::Known(true)),
            ((200, r#"{"State":"DISABLED"}"#.to_owned()), Reading::Known(false)),
            (json_error("ResourceNotFoundException"), Reading::Absent),
            (json_error("AccessDeniedException"), Reading::Denied),
        ] {
            let fake = Fake::answering([answer]);
            assert_eq!(is_enabled(&fake.connection(), "r").await.unwrap(), expected);
            assert!(
                fake.wire().contains("x-amz-target: AWSEvents.DescribeRule"),
                "{}",
                fake.wire()
            );
            assert!(fake.wire().contains(r#"{"Name":"r"}"#), "{}", fake.wire());
        }
    }
}
