//! The caller's identity: every call is checked against its account.

use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use s3guard_posture::AccountId;
use time::OffsetDateTime;

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The caller's account.
    pub account: AccountId,
    /// The ARN of the user or of the session of a role.
    pub arn: String,
}

/// The kind of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account's root user.
    Root,
    /// A user, with this ARN.
    User(String),
    /// A session of a role of this name. The session's ARN does not have the role's path.
    Role(String),
    /// A federated user.
    Federated,
}

impl Identity {
    /// The kind of the caller.
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

    /// The account's partition: `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }
}

/// The alias of the account, if it has one.
pub async fn alias(connection: &Connection) -> Result<Option<String>, AwsError> {
    let answer = aws_sdk_iam::Client::new(&connection.config).list_account_aliases().send().await;
    let answer = answer.named("ListAccountAliases", "the account")?;
    Ok(answer.account_aliases().first().cloned())
}

/// Reads the caller's identity. It needs no permission, so it tests credentials and the connection to AWS.
pub async fn identity(connection: &Connection) -> Result<Identity, AwsError> {
    dated_identity(connection).await.0
}

/// The same, with AWS's time: AWS accepts only signatures that are at most five minutes off, and its refusal has a date.
pub async fn dated_identity(
    connection: &Connection,
) -> (Result<Identity, AwsError>, Option<OffsetDateTime>) {
    let answer = aws_sdk_sts::Client::new(&connection.config).get_caller_identity().send().await;
    let date = match &answer {
        Ok(_) => Some(OffsetDateTime::now_utc()),
        Err(error) => error
            .raw_response()
            .and_then(|refusal| refusal.headers().get("date"))
            .and_then(|date| DateTime::from_str(date, Format::HttpDate).ok())
            .and_then(|date| OffsetDateTime::from_unix_timestamp(date.secs()).ok()),
    };
    let place = format!("Region `{}`", connection.region());
    let identity = answer.named("GetCallerIdentity", &place).and_then(|answer| {
        let account = answer.account().and_then(|account| account.parse().ok());
        let arn = answer.arn().unwrap_or_default().to_owned();
        let why = "the answer names no account";
        let account = account.ok_or_else(|| AwsError::other("GetCallerIdentity", place, why))?;
        Ok(Identity { account, arn })
    });
    (identity, date)
}

/// When the caller's credentials expire, if they do.
pub async fn credentials_end(connection: &Connection) -> Option<OffsetDateTime> {
    let credentials = connection.config.credentials_provider()?.provide_credentials().await.ok()?;
    credentials.expiry().map(OffsetDateTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_root_a_user_a_role_or_federated() {
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
