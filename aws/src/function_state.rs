//! Whether a function can be called.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata as _;
use aws_sdk_lambda::types::{LastUpdateStatus, State};
use s3guard_posture::Reading;

use crate::{AwsError, Connection};

/// Why a function cannot be called, or not with what it was last given; none if it can.
pub async fn trouble(
    connection: &Connection,
    function: &str,
) -> Result<Reading<Option<String>>, AwsError> {
    let client = Client::new(&connection.config);
    let answer = match client.get_function_configuration().function_name(function).send().await {
        Ok(answer) => answer,
        Err(error) if error.code() == Some("ResourceNotFoundException") => {
            return Ok(Reading::Absent);
        }
        Err(error) => {
            let object = format!("function `{function}`");
            let error = AwsError::new("GetFunctionConfiguration", object, &error);
            return if error.is_denied() { Ok(Reading::Denied) } else { Err(error) };
        }
    };
    let why = |reason: Option<&str>| reason.unwrap_or("Lambda does not say why").to_owned();
    Ok(Reading::Known(match (answer.state(), answer.last_update_status()) {
        // Of old functions nothing is said. One that is idle is woken by the next call.
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
    }))
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
        let told = |text: &str| Reading::Known(Some(text.to_owned()));
        let failed = of(body(r#"{"State":"Failed","StateReason":"no key"}"#)).await;
        assert_eq!(failed, told("its state is `Failed`: no key"));
        let update = r#"{"State":"Active","LastUpdateStatus":"Failed"}"#;
        let text = "its last update is `Failed`: Lambda does not say why";
        assert_eq!(of(body(update)).await, told(text));
        assert_eq!(of(json_error("AccessDeniedException")).await, Reading::Denied);
        let mut gone = json_error("ResourceNotFoundException");
        gone.0 = 404;
        assert_eq!(of(gone).await, Reading::Absent);
    }
}
