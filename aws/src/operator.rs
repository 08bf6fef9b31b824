//! The role of operators, which the caller assumes: only it writes to the ledger and receives from the queues.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use crate::error::Answer as _;
use crate::identity::Identity;
use crate::{AwsError, Connection};

/// The length of a session's name.
///
/// Source: AWS STS API Reference, `AssumeRole`.
const NAME_LENGTH_MAX: usize = 64;
const NAME_LENGTH_MIN: usize = 2;

/// A connection with the permissions of this role, for as long as the caller's credentials are valid. `CloudTrail` records
/// its calls with the caller's name.
pub async fn assume(
    connection: &Connection,
    role: &str,
    caller: &Identity,
) -> Result<Connection, AwsError> {
    let assumed = Assumed {
        client: aws_sdk_sts::Client::new(&connection.config),
        role: role.to_owned(),
        session: session_name(caller),
        first: Mutex::default(),
    };
    // Now, because the SDK does not return STS's error as such.
    let first = assumed.credentials().await?;
    *assumed.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(first);
    Ok(connection.with_credentials(SharedCredentialsProvider::new(assumed)))
}

/// The name of the user or of the session, as far as the name of a session may have it.
fn session_name(caller: &Identity) -> String {
    let name = caller.arn.rsplit(['/', ':']).next().unwrap_or_default();
    let allowed =
        |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    let name: String = name.chars().map(allowed).take(NAME_LENGTH_MAX).collect();
    if name.len() < NAME_LENGTH_MIN { format!("s3guard-{name}") } else { name }
}

/// The credentials of the role, which STS limits to an hour.
#[derive(Debug)]
struct Assumed {
    client: aws_sdk_sts::Client,
    role: String,
    session: String,
    /// The first credentials, until they are used.
    first: Mutex<Option<Credentials>>,
}

impl Assumed {
    async fn credentials(&self) -> Result<Credentials, AwsError> {
        let object = format!("role `{}`", self.role);
        let call = self.client.assume_role().role_arn(&self.role).role_session_name(&self.session);
        let answer = call.send().await.named("AssumeRole", &object)?;
        let given = answer.credentials.ok_or_else(|| {
            AwsError::other("AssumeRole", object, "the answer has no credentials")
        })?;
        let seconds = u64::try_from(given.expiration.secs()).unwrap_or_default();
        Ok(Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)),
            "AssumeRole",
        ))
    }
}

impl ProvideCredentials for Assumed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        future::ProvideCredentials::new(async move {
            match first {
                Some(first) => Ok(first),
                None => self.credentials().await.map_err(CredentialsError::provider_error),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Queue;
    use crate::fake::{Fake, wrapped_error};

    const ROLE: &str = "arn:aws:iam::111122223333:role/s3guard/operator";

    fn caller(rest: &str) -> Identity {
        let arn = format!("arn:aws:{rest}");
        Identity { account: "111122223333".parse().unwrap(), arn }
    }

    fn credentials(key: &str, ends: &str) -> (u16, String) {
        let credentials = format!(
            "<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>token-of-{key}</SessionToken><Expiration>{ends}</Expiration></Credentials>"
        );
        let result = format!("<AssumeRoleResult>{credentials}</AssumeRoleResult>");
        (200, format!("<AssumeRoleResponse>{result}</AssumeRoleResponse>"))
    }

    #[test]
    fn a_session_has_the_name_of_the_person() {
        for (arn, name) in [
            ("iam::111122223333:user/team/jane", "jane"),
            ("sts::111122223333:assumed-role/Admin/jane@example.com", "jane@example.com"),
            ("sts::111122223333:federated-user/bob", "bob"),
            ("iam::111122223333:user/j", "s3guard-j"),
            ("iam::111122223333:user/Zoë b", "Zo--b"),
            ("iam::111122223333:root", "root"),
        ] {
            assert_eq!(session_name(&caller(arn)), name);
        }
        let long = caller(&format!("iam::111122223333:user/{}", "x".repeat(100)));
        assert_eq!(session_name(&long).len(), NAME_LENGTH_MAX);
    }

    #[tokio::test]
    async fn the_role_is_assumed_once_and_again_when_its_credentials_expire() {
        let sent = (200, r#"{"MessageId":"m"}"#.to_owned());
        let fake = Fake::answering([
            credentials("AKIA1", "2000-01-01T00:00:00Z"),
            sent.clone(),
            credentials("AKIA2", "2999-01-01T00:00:00Z"),
            sent.clone(),
            sent,
        ]);
        let jane = caller("iam::111122223333:user/jane");
        let operator = assume(&fake.connection(), ROLE, &jane).await.unwrap();
        let queue = Queue::new(&operator, "https://sqs.eu-west-1.amazonaws.com/1/q");
        for _ in 0..3 {
            queue.send("{}", 0).await.unwrap();
        }
        let asked = fake.asked();
        let body = &asked[0].body;
        assert!(
            body.contains("Action=AssumeRole") && body.contains("RoleSessionName=jane"),
            "{body}"
        );
        let tokens: Vec<_> = asked.iter().map(|one| one.header("x-amz-security-token")).collect();
        let [first, second] = [Some("token-of-AKIA1"), Some("token-of-AKIA2")];
        assert_eq!(tokens, [None, first, None, second, second]);
    }

    #[tokio::test]
    async fn a_refusal_is_an_error_of_aws() {
        let fake = Fake::answering([wrapped_error(403, "AccessDenied")]);
        let jane = caller("iam::111122223333:user/jane");
        let error = assume(&fake.connection(), ROLE, &jane).await.unwrap_err();
        assert!(error.is_denied(), "{error}");
        assert_eq!(error.action(), "sts:AssumeRole");
        assert!(error.to_string().starts_with(&format!("AssumeRole on role `{ROLE}` failed")));
    }
}
