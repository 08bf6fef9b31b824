//! Signed calls as somebody, without an SDK: what the tests and the demo need in order to be the other people in the account.

use std::io;
use std::net::SocketAddr;

use time::OffsetDateTime;

use crate::{http, sign, xml};

mod iam;
mod messages;
mod s3;

pub use messages::Message;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

/// A client in one region, calling as one principal.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    region: String,
    credentials: Credentials,
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
    pub(crate) fn new(address: SocketAddr, region: String, credentials: Credentials) -> Self {
        Self { address, region, credentials }
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
        let host = self.address.to_string();
        let region = &self.region;
        let call = sign::Call { method, host: &host, path, query, headers, body, service, region };
        let target = sign::target(&call);
        let signed = sign::headers(&call, &self.credentials, OffsetDateTime::now_utc());
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
        if response.status < 300 {
            return Ok(response.body);
        }
        let (code, message) = response.error();
        let call = format!("{method} {service} {path}");
        Err(CallError::Refused { call, status: response.status, code, message })
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
