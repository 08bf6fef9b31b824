//! One account of the server, and what tests may ask of it that AWS would not answer.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::Value;

use crate::client::{CallError, Client, Credentials};
use crate::{EmulatorError, http};

mod hooks;

pub use hooks::{Call, Fault, FaultState, Mail, Run};

/// An account: twelve digits, a region, and nothing in it that other tests would see.
#[derive(Clone, Debug)]
pub struct Account {
    address: SocketAddr,
    number: String,
    region: String,
}

impl Account {
    pub(crate) fn new(address: SocketAddr, number: String, region: String) -> Self {
        Self { address, number, region }
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

    /// The address of every service.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client that calls as the account's root.
    pub fn client(&self) -> Client {
        self.client_of(self.root())
    }

    /// A client that calls with these credentials.
    pub fn client_of(&self, credentials: Credentials) -> Client {
        Client::new(self.address, self.number.clone(), self.region.clone(), credentials)
    }

    /// The environment of a child process that shall use this account as its root, and nothing else of this machine's
    /// AWS configuration.
    pub fn env(&self) -> Vec<(String, String)> {
        self.env_of(&self.root())
    }

    /// The environment of a child process that shall use this account with these credentials.
    pub fn env_of(&self, credentials: &Credentials) -> Vec<(String, String)> {
        let nowhere = "/nonexistent/s3guard";
        let endpoint = self.endpoint();
        let s3_control = s3_control_endpoint(self.address);
        [
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_ENDPOINT_URL", &endpoint),
            ("AWS_ENDPOINT_URL_S3_CONTROL", &s3_control),
            ("AWS_CONFIG_FILE", nowhere),
            ("AWS_SHARED_CREDENTIALS_FILE", nowhere),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Makes an IAM user with this policy and gives its credentials: somebody else than the root.
    pub fn user(&self, name: &str, policy: &Value) -> Result<Credentials, CallError> {
        let root = self.client();
        root.create_user(name)?;
        root.put_user_policy(name, policy)?;
        root.create_access_key(name)
    }

    fn root(&self) -> Credentials {
        // The emulator takes twelve digits for the root of that account.
        Credentials { access_key_id: self.number.clone(), secret_access_key: "test".to_owned() }
    }

    /// Asks a hook of the wrapper.
    fn hook(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Value, EmulatorError> {
        let mut target = format!("/_s3guard/{path}?account={}&region={}", self.number, self.region);
        for (name, value) in query {
            let _ = write!(target, "&{name}={}", http::encode(value, false));
        }
        let request = format!("{method} {target}");
        let failed = |source| EmulatorError::NoAnswer { request: request.clone(), source };
        let answer = http::ask(self.address, method, &target, &[], body).map_err(failed)?;
        let status = answer.status().map_err(failed)?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if status == 200 {
            return Ok(value);
        }
        let cause =
            value["error"].as_str().map_or_else(|| format!("status {status}"), str::to_owned);
        Err(EmulatorError::Refused { request, cause })
    }
}

/// The endpoint of S3 Control, which has a user for the SDKs' sake: they put the account's number in front of it, and
/// nobody knows the address of a host `111122223333.127.0.0.1`.
pub(crate) fn s3_control_endpoint(address: SocketAddr) -> String {
    format!("http://s3-control@{address}")
}
