//! Signed calls as somebody, without an SDK: what the tests and the demo need in order to be the other people in the account.

use std::io;
use std::net::SocketAddr;

use time::OffsetDateTime;

use crate::{http, sign, xml};

mod iam;
mod keys;
mod messages;
mod s3;
mod settings;

pub use crate::sign::Credentials;
pub use messages::{Depth, Message};

/// A client in one region, calling as one principal.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    account: String,
    region: String,
    credentials: Credentials,
    user_agent: Option<String>,
}

/// A request that is not signed yet.
struct Request<'a> {
    /// The host that is signed; the one that is sent is always the server's.
    host: &'a str,
    service: &'a str,
    method: &'a str,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

/// What AWS answered, well or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body, XML or JSON.
    pub body: String,
}

/// A call that did not go well.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There was no answer.
    #[error("`{call}` got no answer")]
    NoAnswer {
        /// Method and target.
        call: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// AWS refused.
    #[error("`{call}` was refused with {status} `{code}`: {message}")]
    Refused {
        /// Method and target.
        call: String,
        /// The HTTP status.
        status: u16,
        /// AWS's code for the error.
        code: String,
        /// AWS's words.
        message: String,
    },
}

impl CallError {
    /// AWS's code for the error, if AWS answered.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::NoAnswer { .. } => None,
        }
    }
}

impl Client {
    pub(crate) fn new(
        address: SocketAddr,
        account: String,
        region: String,
        credentials: Credentials,
    ) -> Self {
        Self { address, account, region, credentials, user_agent: None }
    }

    /// The same client under another name: a tool's user agent, as CloudTrail writes it down.
    #[must_use]
    pub fn with_user_agent(&self, user_agent: &str) -> Self {
        Self { user_agent: Some(user_agent.to_owned()), ..self.clone() }
    }

    /// Makes one signed request and gives the answer, whatever its status.
    pub fn request(
        &self,
        service: &str,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, CallError> {
        let host = &self.address.to_string();
        self.answer_to(&Request { host, service, method, path, query, headers, body })
    }

    fn answer_to(&self, request: &Request) -> Result<Response, CallError> {
        let &Request { host, service, method, path, query, body, .. } = request;
        let mut given = request.headers.to_vec();
        given.extend(self.user_agent.as_deref().map(|user_agent| ("user-agent", user_agent)));
        let (headers, region) = (given.as_slice(), self.region.as_str());
        let call = sign::Call { method, host, path, query, headers, body, service, region };
        let target = sign::target(&call);
        let mut signed = sign::headers(&call, &self.credentials, OffsetDateTime::now_utc());
        for (_, value) in signed.iter_mut().filter(|(name, _)| name == "host") {
            *value = self.address.to_string();
        }
        let failed = |source| CallError::NoAnswer { call: format!("{method} {target}"), source };
        let answer = http::ask(self.address, method, &target, &signed, body).map_err(failed)?;
        let status = answer.status().map_err(failed)?;
        Ok(Response { status, body: String::from_utf8_lossy(&answer.body).into_owned() })
    }

    /// Makes one signed request that must go well.
    fn call(
        &self,
        service: &str,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<String, CallError> {
        let response = self.request(service, method, path, query, headers, body)?;
        response.or_refusal(|| format!("{method} {service} {path}"))
    }

    /// Makes a call of a service with the query protocol (CloudFormation, IAM, SNS) that must go well.
    pub fn query(
        &self,
        service: &str,
        version: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, CallError> {
        let form = |(name, value): &(&str, &str)| format!("{name}={}", http::encode(value, false));
        let mut body: Vec<String> = parameters.iter().map(form).collect();
        body.push(format!("Version={version}"));
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.call(service, "POST", "/", &[], &headers, body.join("&").as_bytes())
    }
}

impl Response {
    fn or_refusal(self, call: impl Fn() -> String) -> Result<String, CallError> {
        if self.status < 300 {
            return Ok(self.body);
        }
        let (code, message) = self.error();
        Err(CallError::Refused { call: call(), status: self.status, code, message })
    }

    /// AWS's code and words for an error, from XML or JSON.
    pub fn error(&self) -> (String, String) {
        if let Some(code) = xml::text(&self.body, "Code") {
            return (code, xml::text(&self.body, "Message").unwrap_or_default());
        }
        let value: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        let code = value["__type"].as_str().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default();
        let message = value["message"].as_str().or(value["Message"].as_str());
        (code.to_owned(), message.unwrap_or_default().to_owned())
    }
}
