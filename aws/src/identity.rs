//! Who the caller is: the account that everything else is checked against.

use s3guard_posture::AccountId;
use thiserror::Error;

use crate::{AwsError, Connection};

/// Who calls AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The caller's account.
    pub account: AccountId,
    /// The ARN of the user or of the session of a role.
    pub arn: String,
}

impl Identity {
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
    let client = aws_sdk_sts::Client::new(&connection.config);
    let place = format!("Region `{}`", connection.region());
    let answer = client
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| AwsError::new("GetCallerIdentity", place, &error))?;
    let account = answer.account().and_then(|account| account.parse().ok());
    Ok(Identity {
        account: account.ok_or(IdentityError::NoAccount)?,
        arn: answer.arn().unwrap_or_default().to_owned(),
    })
}
