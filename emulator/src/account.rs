//! One account of the server, and the hooks for what AWS would not answer.

use anyhow::{Context as _, ensure};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{CallError, Client, Credentials};
use crate::{http, xml};

mod hooks;

pub use hooks::{Call, Decision, Fault, FaultState, Mail, Run};

/// An account of twelve digits in one region. Tests in other accounts do not see what it contains.
#[derive(Clone, Debug)]
pub struct Account {
    endpoint: String,
    number: String,
    region: String,
}

impl Account {
    pub(crate) fn new(endpoint: String, number: String, region: String) -> Self {
        Self { endpoint, number, region }
    }

    /// The account's number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The region in which its clients call.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The same account in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// The endpoint of every service.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether its server answers.
    pub fn is_running(&self) -> bool {
        let url = format!("{}/_s3guard/ready", self.endpoint);
        matches!(http::send("GET", &url, &[], b""), Ok((200, _)))
    }

    /// A client that calls as the account's root.
    pub fn client(&self) -> Client {
        self.client_of(self.root())
    }

    /// A client that no policy stops: what AWS itself does, and what no principal of a guarded account may do.
    pub fn unchecked(&self) -> Client {
        self.client().with_header("x-s3guard-unchecked", "true")
    }

    /// A client that nobody has signed in: what everyone on the internet may do.
    pub fn anonymous(&self) -> Client {
        let (endpoint, number) = (self.endpoint.clone(), self.number.clone());
        Client::new(endpoint, number, self.region.clone(), String::new())
    }

    /// A client that calls with these credentials.
    pub fn client_of(&self, credentials: Credentials) -> Client {
        let (endpoint, number) = (self.endpoint.clone(), self.number.clone());
        Client::new(endpoint, number, self.region.clone(), credentials.access_key_id)
    }

    /// The environment of a child process that uses this account as its root.
    pub fn env(&self) -> Vec<(String, String)> {
        self.env_of(&self.root())
    }

    /// The environment of a child process that uses only this account, with these credentials.
    pub fn env_of(&self, credentials: &Credentials) -> Vec<(String, String)> {
        let nowhere = "/nonexistent/s3guard";
        let token = credentials.session_token.iter();
        let token = token.map(|token| ("AWS_SESSION_TOKEN".to_owned(), token.clone()));
        let always = [
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ENDPOINT_URL_S3_CONTROL", &s3_control_endpoint(&self.endpoint)),
            ("AWS_CONFIG_FILE", nowhere),
            ("AWS_SHARED_CREDENTIALS_FILE", nowhere),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        always.into_iter().chain(token).collect()
    }

    /// Creates an IAM user with this policy. Returns its credentials.
    pub fn user(&self, name: &str, policy: &Value) -> Result<Credentials, CallError> {
        let iam = |action: &str, more: &[(&str, &str)]| {
            self.iam(action, &[&[("UserName", name)], more].concat())
        };
        iam("CreateUser", &[])?;
        let policy = policy.to_string();
        iam("PutUserPolicy", &[("PolicyName", "given"), ("PolicyDocument", &policy)])?;
        let key = iam("CreateAccessKey", &[])?;
        Ok(credentials_in(&key))
    }

    /// Creates a role with this path, trust policy and policy. Returns its ARN.
    pub fn role(
        &self,
        name: &str,
        path: &str,
        trust: &Value,
        policy: &Value,
    ) -> Result<String, CallError> {
        let (trust, policy) = (trust.to_string(), policy.to_string());
        let parameters = [("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", &trust)];
        let made = self.iam("CreateRole", &parameters)?;
        let policy = [("RoleName", name), ("PolicyName", "given"), ("PolicyDocument", &policy)];
        self.iam("PutRolePolicy", &policy)?;
        Ok(xml::text(&made, "Arn").unwrap_or_default())
    }

    /// Assumes a role with these credentials. Returns those of the session `tests`.
    pub fn assume(&self, by: &Credentials, role_arn: &str) -> Result<Credentials, CallError> {
        let parameters =
            [("Action", "AssumeRole"), ("RoleArn", role_arn), ("RoleSessionName", "tests")];
        let client = self.client_of(by.clone());
        Ok(credentials_in(&client.query("sts", "2011-06-15", &parameters)?))
    }

    fn iam(&self, action: &str, more: &[(&str, &str)]) -> Result<String, CallError> {
        self.client().query("iam", "2010-05-08", &[&[("Action", action)], more].concat())
    }

    /// The credentials of the root user.
    pub fn root(&self) -> Credentials {
        // The emulator accepts twelve digits as the root of that account.
        Credentials {
            access_key_id: self.number.clone(),
            secret_access_key: "test".to_owned(),
            session_token: None,
        }
    }

    /// Calls a hook of the wrapper.
    fn hook<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        input: &Value,
    ) -> anyhow::Result<T> {
        let Self { endpoint, number, region } = self;
        let url = format!("{endpoint}/_s3guard/{path}?account={number}&region={region}");
        let (status, body) = http::send(method, &url, &[], input.to_string().as_bytes())
            .with_context(|| format!("the emulated account did not answer `{method} {path}`"))?;
        ensure!(status == 200, "the emulated account refused `{method} {path}`: {body}");
        Ok(serde_json::from_str(&body)?)
    }
}

/// The credentials in an answer of IAM or STS.
fn credentials_in(answer: &str) -> Credentials {
    Credentials {
        access_key_id: xml::text(answer, "AccessKeyId").unwrap_or_default(),
        secret_access_key: xml::text(answer, "SecretAccessKey").unwrap_or_default(),
        session_token: xml::text(answer, "SessionToken"),
    }
}

/// The endpoint of S3 Control. Its user absorbs the account's number, which SDKs put in front of the
/// host: `111122223333.127.0.0.1` cannot be resolved.
pub(crate) fn s3_control_endpoint(endpoint: &str) -> String {
    endpoint.replace("://", "://s3-control@")
}
