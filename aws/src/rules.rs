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

/// The names and patterns of the enabled rules of the default event bus.
pub async fn patterns(connection: &Connection) -> Result<Reading<Vec<(String, String)>>, AwsError> {
    let client = Client::new(&connection.config);
    let (mut rules, mut next) = (Vec::new(), None);
    loop {
        let answer = client.list_rules().set_next_token(next).send().await;
        let page = match answer.reading("ListRules", "the default event bus", &MISSING)? {
            Reading::Known(page) => page,
            Reading::Denied => return Ok(Reading::Denied),
            Reading::Absent | Reading::Unread => return Ok(Reading::Known(rules)),
        };
        let enabled = page.rules().iter().filter(|rule| rule.state() != Some(&RuleState::Disabled));
        rules.extend(
            enabled.filter_map(|rule| {
                Some((rule.name()?.to_owned(), rule.event_pattern()?.to_owned()))
            }),
        );
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return Ok(Reading::Known(rules));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, json_error};

    #[tokio::test]
    async fn the_patterns_of_enabled_rules_are_listed_page_by_page() {
        let first = r#"{"Rules":[{"Name":"a","EventPattern":"{}","State":"ENABLED"},{"Name":"s","ScheduleExpression":"rate(1 day)","State":"ENABLED"}],"NextToken":"t"}"#;
        let second = r#"{"Rules":[{"Name":"b","EventPattern":"{}","State":"DISABLED"}]}"#;
        let fake = Fake::answering([(200, first), (200, second)]);
        let rules = patterns(&fake.connection()).await.unwrap();
        assert_eq!(rules, Reading::Known(vec![("a".to_owned(), "{}".to_owned())]));
        assert!(fake.asked()[1].body.contains(r#""NextToken":"t""#), "{:?}", fake.asked()[1]);
        let fake = Fake::answering([json_error("AccessDeniedException")]);
        assert_eq!(patterns(&fake.connection()).await.unwrap(), Reading::Denied);
    }

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
