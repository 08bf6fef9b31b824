//! Log lines of functions.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::operation::filter_log_events::FilterLogEventsOutput;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use s3guard_posture::Reading;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its unique id, or its text if CloudWatch gave none.
    pub id: String,
    /// When it was logged, in milliseconds since 1970.
    pub at_ms: i64,
    /// Its text.
    pub text: String,
}

/// Which lines of a log group are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The log group.
    pub group: &'a str,
    /// The earliest time, in milliseconds since 1970.
    pub since_ms: i64,
    /// A filter pattern of CloudWatch Logs; an empty one matches every line.
    pub pattern: &'a str,
}

/// Reads lines, the oldest first; `Absent` if the log group does not exist.
pub async fn lines(
    connection: &Connection,
    wanted: Wanted<'_>,
) -> Result<Reading<Vec<LogLine>>, AwsError> {
    let call = Client::new(&connection.config).filter_log_events().log_group_name(wanted.group);
    let pattern = (!wanted.pattern.is_empty()).then(|| wanted.pattern.to_owned());
    let call = call.start_time(wanted.since_ms).set_filter_pattern(pattern);
    // An empty page may be followed by others.
    let pages = call.into_paginator().send().try_collect().await;
    let object = format!("log group `{}`", wanted.group);
    let pages = pages.reading("FilterLogEvents", object, &["ResourceNotFoundException"])?;
    Ok(pages.and_then(|pages| {
        let events = pages.iter().flat_map(FilterLogEventsOutput::events);
        let line = |event: &FilteredLogEvent| LogLine {
            // The id is optional in the API; lines of one millisecond then differ by their text.
            id: event.event_id().or(event.message()).unwrap_or_default().to_owned(),
            at_ms: event.timestamp().unwrap_or_default(),
            text: event.message().unwrap_or_default().to_owned(),
        };
        let mut lines: Vec<_> = events.map(line).collect();
        lines.sort_by_key(|line| line.at_ms);
        Some(lines)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, json_error};

    const WANTED: Wanted<'static> = Wanted { group: "/g", since_ms: 5, pattern: "" };

    #[tokio::test]
    async fn all_pages_are_read_also_behind_an_empty_one_and_lines_stand_in_order() {
        let fake = Fake::answering([
            (200, r#"{"events":[{"eventId":"2","timestamp":9,"message":"b"}],"nextToken":"x"}"#),
            (200, r#"{"events":[],"nextToken":"y"}"#),
            (200, r#"{"events":[{"eventId":"1","timestamp":7,"message":"a"}]}"#),
        ]);
        let Ok(Reading::Known(lines)) = lines(&fake.connection(), WANTED).await else {
            panic!("they can be read");
        };
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["a", "b"]);
        assert!(fake.asked()[1].body.contains(r#""nextToken":"x""#), "{}", fake.wire());
    }

    #[tokio::test]
    async fn lines_without_an_id_differ_by_their_text() {
        let events = r#"{"events":[{"timestamp":7,"message":"a"},{"timestamp":7,"message":"b"}]}"#;
        let fake = Fake::answering([(200, events)]);
        let Ok(Reading::Known(lines)) = lines(&fake.connection(), WANTED).await else {
            panic!("they can be read");
        };
        assert_eq!(lines.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[tokio::test]
    async fn a_group_that_is_not_there_or_may_not_be_read_is_no_failure() {
        let of = async |code: &str| {
            let fake = Fake::answering([json_error(code)]);
            lines(&fake.connection(), WANTED).await.unwrap()
        };
        assert_eq!(of("ResourceNotFoundException").await, Reading::Absent);
        assert_eq!(of("AccessDeniedException").await, Reading::Denied);
    }
}
