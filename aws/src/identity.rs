//! Who the caller is: the account that everything else is checked against.

use std::sync::{Arc, Mutex};

use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use s3guard_posture::AccountId;
use thiserror::Error;
use time::OffsetDateTime;

use crate::{AwsError, Connection};

/// Who calls AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The caller's account.
    pub account: AccountId,
    /// The ARN of the user or of the session of a role.
    pub arn: String,
}

/// What kind of caller it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account's root user.
    Root,
    /// A user, with this ARN.
    User(String),
    /// A session of a role of this name. The session's ARN does not tell the role's path.
    Role(String),
    /// Somebody with temporary credentials that were made for him: a federated user.
    Federated,
}

impl Identity {
    /// What kind of caller it is.
    ///
    /// Source: AWS IAM User Guide, "IAM identifiers".
    pub fn principal(&self) -> Principal {
        let rest = self.arn.split(':').nth(5).unwrap_or_default();
        match (rest, rest.split('/').next(), rest.split('/').nth(1)) {
            ("root", _, _) => Principal::Root,
            (_, Some("user"), Some(_)) => Principal::User(self.arn.clone()),
            (_, Some("assumed-role"), Some(role)) => Principal::Role(role.to_owned()),
            (_, _, _) => Principal::Federated,
        }
    }

    /// The part of AWS that the account is in: `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }
}

/// Why it is not known who calls.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// AWS did not say.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// AWS's answer names no account.
    #[error("GetCallerIdentity answered without an account")]
    NoAccount,
}

/// Asks AWS who the caller is. Needs no permission, so that it tests credentials and the way to AWS.
pub async fn identity(connection: &Connection) -> Result<Identity, IdentityError> {
    dated_identity(connection).await.0
}

/// The same, with what time it is by AWS's clock, which also a refusal tells.
pub async fn dated_identity(
    connection: &Connection,
) -> (Result<Identity, IdentityError>, Option<OffsetDateTime>) {
    let client = aws_sdk_sts::Client::new(&connection.config);
    let place = format!("Region `{}`", connection.region());
    let clock = Clock::default();
    let call = client.get_caller_identity().customize().interceptor(clock.clone());
    let answer = call.send().await;
    let date = clock.0.lock().ok().and_then(|date| *date);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let error = AwsError::new("GetCallerIdentity", place, &error);
            return (Err(error.into()), date);
        }
    };
    let Some(account) = answer.account().and_then(|account| account.parse().ok()) else {
        return (Err(IdentityError::NoAccount), date);
    };
    (Ok(Identity { account, arn: answer.arn().unwrap_or_default().to_owned() }), date)
}

/// Until when the caller's credentials are good, if they end.
pub async fn credentials_end(connection: &Connection) -> Option<OffsetDateTime> {
    let credentials = connection.config.credentials_provider()?.provide_credentials().await.ok()?;
    credentials.expiry().map(OffsetDateTime::from)
}

/// Hears what time it is for AWS.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<Mutex<Option<OffsetDateTime>>>);

#[dyn_dispatch_hint]
impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let told = context.response().headers().get("date");
        let date = told.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        let date = date.and_then(|date| OffsetDateTime::from_unix_timestamp(date.secs()).ok());
        if let Ok(mut known) = self.0.lock() {
            *known = date.or(*known);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_root_a_user_a_role_or_somebody_federated() {
        let of = |rest: &str| {
            let arn = format!("arn:aws:{rest}");
            Identity { account: "111122223333".parse().unwrap(), arn }.principal()
        };
        assert_eq!(of("iam::111122223333:root"), Principal::Root);
        let user = "arn:aws:iam::111122223333:user/team/u".to_owned();
        assert_eq!(of("iam::111122223333:user/team/u"), Principal::User(user));
        let role = Principal::Role("Admin".to_owned());
        assert_eq!(of("sts::111122223333:assumed-role/Admin/session"), role);
        assert_eq!(of("sts::111122223333:federated-user/bob"), Principal::Federated);
        assert_eq!(of(""), Principal::Federated);
    }
}
