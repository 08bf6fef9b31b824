//! The state of a function and of its event sources.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::types::{
    EventSourceMappingConfiguration, LastUpdateStatus, LoggingConfig, State,
};
use s3guard_posture::Reading;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// Lambda's code for a function that does not exist.
const MISSING: [&str; 1] = ["ResourceNotFoundException"];

/// A function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// Why it cannot be invoked, or not with its last update; none if it can.
    pub trouble: Option<String>,
    /// Whether Lambda is creating or updating it, which ends by itself.
    pub is_changing: bool,
    /// The SHA-256 of its package, in Base64.
    pub code_sha256: String,
    /// The log group that it writes to.
    pub log_group: String,
}

/// An event source of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: String,
    /// `Enabled`, `Disabled`, or a transition to one of them, as Lambda writes it.
    ///
    /// Source: AWS Lambda API Reference, `EventSourceMappingConfiguration`, `State`.
    pub state: String,
}

/// Why a function cannot be invoked, or not with its last update; none if it can.
pub async fn trouble(
    connection: &Connection,
    function: &str,
) -> Result<Reading<Option<String>>, AwsError> {
    Ok(describe(connection, function).await?.and_then(|function| Some(function.trouble)))
}

/// Describes a function.
pub async fn describe(
    connection: &Connection,
    function: &str,
) -> Result<Reading<Function>, AwsError> {
    let client = Client::new(&connection.config);
    let answer = client.get_function_configuration().function_name(function).send().await;
    let object = format!("function `{function}`");
    let answer = answer.reading("GetFunctionConfiguration", object, &MISSING)?;
    Ok(answer.map_ref(|answer| read(function, answer)))
}

fn read(function: &str, answer: &GetFunctionConfigurationOutput) -> Function {
    let why = |reason: Option<&str>| reason.unwrap_or("Lambda gives no reason").to_owned();
    let trouble = match (answer.state(), answer.last_update_status()) {
        // Old functions have no state. An inactive function is activated by the next invocation.
        (
            None | Some(State::Active | State::Inactive),
            None | Some(LastUpdateStatus::Successful),
        ) => None,
        (None | Some(State::Active | State::Inactive), Some(update)) => {
            let reason = why(answer.last_update_status_reason());
            Some(format!("its last update is `{}`: {reason}", update.as_str()))
        }
        (Some(state), _) => {
            Some(format!("its state is `{}`: {}", state.as_str(), why(answer.state_reason())))
        }
    };
    let is_changing = answer.state() == Some(&State::Pending)
        || answer.last_update_status() == Some(&LastUpdateStatus::InProgress);
    let log_group = answer.logging_config().and_then(LoggingConfig::log_group);
    Function {
        trouble,
        is_changing,
        code_sha256: answer.code_sha256().unwrap_or_default().to_owned(),
        // Lambda's default.
        log_group: log_group.map_or_else(|| format!("/aws/lambda/{function}"), str::to_owned),
    }
}

/// The event sources of a function; `Absent` if the function does not exist.
pub async fn sources(
    connection: &Connection,
    function: &str,
) -> Result<Reading<Vec<Source>>, AwsError> {
    let call = Client::new(&connection.config).list_event_source_mappings();
    let sources = call.function_name(function).into_paginator().items().send().try_collect().await;
    let object = format!("function `{function}`");
    let sources = sources.reading("ListEventSourceMappings", object, &MISSING)?;
    let source = |source: &EventSourceMappingConfiguration| Source {
        id: source.uuid().unwrap_or_default().to_owned(),
        state: source.state().unwrap_or_default().to_owned(),
    };
    Ok(sources.map_ref(|sources| sources.iter().map(source).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, json_error};

    async fn of(answer: (u16, String)) -> Reading<Option<String>> {
        let fake = Fake::answering([answer]);
        trouble(&fake.connection(), "guard").await.unwrap()
    }

    #[tokio::test]
    async fn a_function_is_well_or_says_why_not() {
        let body = |text: &str| (200, text.to_owned());
        for well in [
            "{}",
            r#"{"State":"Active","LastUpdateStatus":"Successful"}"#,
            r#"{"State":"Inactive","StateReasonCode":"Idle"}"#,
        ] {
            assert_eq!(of(body(well)).await, Reading::Known(None), "{well}");
        }
        let known = |text: &str| Reading::Known(Some(text.to_owned()));
        let failed = of(body(r#"{"State":"Failed","StateReason":"no key"}"#)).await;
        assert_eq!(failed, known("its state is `Failed`: no key"));
        let update = r#"{"State":"Active","LastUpdateStatus":"Failed"}"#;
        let text = "its last update is `Failed`: Lambda gives no reason";
        assert_eq!(of(body(update)).await, known(text));
        assert_eq!(of(json_error("AccessDeniedException")).await, Reading::Denied);
        let mut gone = json_error("ResourceNotFoundException");
        gone.0 = 404;
        assert_eq!(of(gone).await, Reading::Absent);
    }

    #[tokio::test]
    async fn a_function_says_where_it_logs_and_else_it_logs_where_lambda_takes_it() {
        let body = r#"{"CodeSha256":"abc=","LoggingConfig":{"LogGroup":"g"}}"#;
        let fake = Fake::answering([(200, body), (200, "{}")]);
        let connection = fake.connection();
        let expected = Function {
            code_sha256: "abc=".to_owned(),
            log_group: "g".to_owned(),
            ..Function::default()
        };
        assert_eq!(describe(&connection, "f").await.unwrap(), Reading::Known(expected));
        let Ok(Reading::Known(bare)) = describe(&connection, "f").await else {
            panic!("it is known");
        };
        assert_eq!(bare.log_group, "/aws/lambda/f");
    }

    #[tokio::test]
    async fn all_pages_of_sources_are_read() {
        let fake = Fake::answering([
            (200, r#"{"EventSourceMappings":[{"UUID":"1","State":"Enabled"}],"NextMarker":"m"}"#),
            (200, r#"{"EventSourceMappings":[{"UUID":"2","State":"Disabled"}]}"#),
        ]);
        let source = |id: &str, state: &str| Source { id: id.to_owned(), state: state.to_owned() };
        let expected = vec![source("1", "Enabled"), source("2", "Disabled")];
        assert_eq!(sources(&fake.connection(), "f").await.unwrap(), Reading::Known(expected));
        assert!(fake.asked()[1].line.contains("Marker=m"), "{}", fake.wire());
        let denied = Fake::answering([json_error("AccessDeniedException")]);
        assert_eq!(sources(&denied.connection(), "f").await.unwrap(), Reading::Denied);
    }
}
