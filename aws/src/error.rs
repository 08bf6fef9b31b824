//! Failed calls to AWS, described so that a person can act on them.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

mod action;
mod answer;
pub(crate) mod classify;
mod credentials;
pub(crate) mod denial;
mod refusal;

pub(crate) use answer::{Answer, seen};
pub use credentials::NoCredentials;

/// A call to AWS that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    /// The name of the API operation.
    pub call: &'static str,
    /// The object of the call, as "bucket `reports`".
    pub object: String,
    /// The kind of failure.
    pub kind: Kind,
    /// AWS's message, or the innermost cause.
    pub message: String,
    /// The HTTP status of AWS's answer, if there was one.
    pub status: Option<u16>,
    /// The id that AWS Support asks for.
    pub request_id: Option<String>,
}

/// The kind of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AWS answered with this code.
    Service(String),
    /// There are no credentials, or they could not be loaded.
    Credentials,
    /// The endpoint could not be reached.
    Unreachable,
    /// No answer came in time.
    Timeout,
    /// Any other failure, such as an answer that is not valid.
    Other,
}

impl AwsError {
    /// Reads an error of the SDK.
    pub fn new<E, R>(call: &'static str, object: impl Into<String>, error: &SdkError<E, R>) -> Self
    where
        E: StdError + ProvideErrorMetadata + 'static,
        R: fmt::Debug + 'static,
    {
        let (kind, message) = match (error, credentials_error(error)) {
            (SdkError::ServiceError(context), _) => {
                let metadata = context.err().meta();
                let code = metadata.code().unwrap_or("Unknown").to_owned();
                let message = metadata.message().unwrap_or("no message was given").to_owned();
                (Kind::Service(code), message)
            }
            (SdkError::TimeoutError(_), _) => (Kind::Timeout, "no answer came in time".to_owned()),
            (SdkError::DispatchFailure(failure), _) if failure.is_timeout() => {
                (Kind::Timeout, causes(error))
            }
            // The SDK lists every source that it tried.
            (_, Some(CredentialsError::CredentialsNotLoaded(_))) => {
                (Kind::Credentials, "none were found".to_owned())
            }
            (_, Some(_)) => (Kind::Credentials, causes(error)),
            (SdkError::DispatchFailure(_), None) => (Kind::Unreachable, causes(error)),
            (_, None) => (Kind::Other, causes(error)),
        };
        let request_id = error.meta().extra("aws_request_id").map(str::to_owned);
        let response = error.raw_response().map(|response| response as &dyn Any);
        let response = response.and_then(|response| response.downcast_ref::<HttpResponse>());
        let status = response.map(|response| response.status().as_u16());
        Self { call, object: object.into(), kind, message, status, request_id }
    }

    /// A failure that AWS did not report, such as an answer that is not valid.
    pub(crate) fn other(
        call: &'static str,
        object: impl Into<String>,
        message: impl fmt::Display,
    ) -> Self {
        let (object, message) = (object.into(), message.to_string());
        Self { call, object, kind: Kind::Other, message, status: None, request_id: None }
    }

    /// AWS's code, if AWS answered.
    pub fn code(&self) -> Option<&str> {
        match &self.kind {
            Kind::Service(code) => Some(code),
            Kind::Credentials | Kind::Unreachable | Kind::Timeout | Kind::Other => None,
        }
    }

    /// The IAM action that the call needs, as "s3:ListBucket".
    pub fn action(&self) -> String {
        action::action(self.call, &self.object)
    }

    /// Why there are no credentials, if that is the failure; read from the SDK's message, so only a hint.
    pub fn no_credentials(&self) -> Option<NoCredentials> {
        (self.kind == Kind::Credentials).then(|| credentials::read(&self.message))
    }

    /// Why AWS denied the call, if it did; read from AWS's message, so only a hint.
    pub fn denial(&self) -> Option<&'static str> {
        let unknown = "AWS does not give the reason";
        self.is_denied().then(|| denial::explain(&self.message).unwrap_or(unknown))
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A call that is about no resource names the Region.
        let preposition = if self.object.starts_with("Region ") { "in" } else { "on" };
        write!(f, "{} {preposition} {} failed: ", self.call, self.object)?;
        match &self.kind {
            Kind::Service(code) => write!(f, "{code}: {}", self.message)?,
            Kind::Credentials => write!(f, "no usable credentials: {}", self.message)?,
            Kind::Unreachable => write!(f, "AWS could not be reached: {}", self.message)?,
            Kind::Timeout | Kind::Other => f.write_str(&self.message)?,
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        match denial::explain(&self.message).filter(|_| self.is_denied()) {
            Some(denial) => write!(f, ": {denial}"),
            None => Ok(()),
        }
    }
}

impl StdError for AwsError {}

/// The causes below an error.
fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The causes below the SDK's own message, which is only "dispatch failure".
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut words: Vec<String> = sources(error).map(ToString::to_string).collect();
    words.retain(|text| !text.is_empty());
    words.dedup();
    if words.is_empty() { error.to_string() } else { words.join(": ") }
}

/// The error of loading credentials, if that is the cause.
fn credentials_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a CredentialsError> {
    sources(error).find_map(|cause| cause.downcast_ref())
}
