//! Limits of an account: concurrent executions of functions, and spending on text messages.

use aws_sdk_lambda::types::AccountLimit;
use s3guard_posture::Reading;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The limits of text messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextMessages {
    /// The monthly spend limit in US dollars, if it is set.
    pub limit: Option<f64>,
    /// Whether the account is in the SMS sandbox: only verified numbers receive them.
    pub is_in_sandbox: bool,
}

/// The unreserved concurrent executions of the account.
pub async fn concurrency(connection: &Connection) -> Result<Reading<i32>, AwsError> {
    let client = aws_sdk_lambda::Client::new(&connection.config);
    let answer = client.get_account_settings().send().await;
    let answer = answer.reading("GetAccountSettings", object(connection), &[])?;
    Ok(answer.and_then(|answer| {
        answer.account_limit().and_then(AccountLimit::unreserved_concurrent_executions)
    }))
}

/// The limits of text messages in the Region.
pub async fn text_messages(connection: &Connection) -> Result<Reading<TextMessages>, AwsError> {
    let client = aws_sdk_sns::Client::new(&connection.config);
    let (attributes, sandbox) = futures_util::join!(
        client.get_sms_attributes().attributes("MonthlySpendLimit").send(),
        client.get_sms_sandbox_account_status().send()
    );
    let attributes = attributes.reading("GetSMSAttributes", object(connection), &[])?;
    let sandbox = sandbox.reading("GetSMSSandboxAccountStatus", object(connection), &[])?;
    let (Reading::Known(attributes), Reading::Known(sandbox)) = (attributes, sandbox) else {
        return Ok(Reading::Denied);
    };
    let limit = attributes.attributes().and_then(|all| all.get("MonthlySpendLimit"));
    let limit = limit.and_then(|limit| limit.parse().ok());
    Ok(Reading::Known(TextMessages { limit, is_in_sandbox: sandbox.is_in_sandbox() }))
}

fn object(connection: &Connection) -> String {
    format!("the account in `{}`", connection.region())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{Fake, json_error, wrapped_error};

    #[tokio::test]
    async fn what_may_run_at_once_is_what_no_function_has_for_itself() {
        let settings = r#"{"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":900}}"#;
        let fake = Fake::answering([(200, settings)]);
        assert_eq!(concurrency(&fake.connection()).await.unwrap(), Reading::Known(900));
        assert!(fake.wire().contains("/2016-08-19/account-settings"), "{}", fake.wire());
        let denied = Fake::answering([json_error("AccessDeniedException")]);
        assert_eq!(concurrency(&denied.connection()).await.unwrap(), Reading::Denied);
    }

    #[tokio::test]
    async fn the_limit_of_text_messages_is_read_with_the_sandbox() {
        let answer = |limit: &str| {
            let limit = limit.to_owned();
            Fake::new(move |asked| {
                let call = if asked.body.contains("Action=GetSMSAttributes") {
                    let entry = format!(
                        "<entry><key>MonthlySpendLimit</key><value>{limit}</value></entry>"
                    );
                    let entry = if limit.is_empty() { String::new() } else { entry };
                    ("GetSMSAttributes", format!("<attributes>{entry}</attributes>"))
                } else {
                    let inside = "<IsInSandbox>true</IsInSandbox>".to_owned();
                    ("GetSMSSandboxAccountStatus", inside)
                };
                let (call, inside) = call;
                let result = format!("<{call}Result>{inside}</{call}Result>");
                (200, format!("<{call}Response>{result}</{call}Response>"))
            })
        };
        let known = |limit| Reading::Known(TextMessages { limit, is_in_sandbox: true });
        let fake = answer("1");
        assert_eq!(text_messages(&fake.connection()).await.unwrap(), known(Some(1.0)));
        assert!(fake.wire().contains("attributes.member.1=MonthlySpendLimit"), "{}", fake.wire());
        assert_eq!(text_messages(&answer("").connection()).await.unwrap(), known(None));
        let denied = Fake::new(|_| wrapped_error(403, "AuthorizationError"));
        assert_eq!(text_messages(&denied.connection()).await.unwrap(), Reading::Denied);
    }
}
