//! AWS for tests: it gives raw answers, and keeps the requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

use crate::Connection;

/// Headers that do not matter, or differ in every request.
const UNSAID: [&str; 10] = [
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "content-length",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-user-agent",
    "host",
];

/// The key that encrypts every object of the fake.
pub(crate) const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/stack";

type Answerer = dyn Fn(&Asked) -> (u16, String) + Send + Sync;

/// A fake AWS.
#[derive(Clone)]
pub(crate) struct Fake {
    answer: Arc<Answerer>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and URL.
    pub line: String,
    /// The headers, sorted by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Fake {
    /// An AWS whose answer, status and body, depends on the request.
    pub(crate) fn new(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), asked: Arc::default() }
    }

    /// An AWS that gives these answers one after the other.
    pub(crate) fn answering<T: Into<String>>(answers: impl IntoIterator<Item = (u16, T)>) -> Self {
        let answers: VecDeque<_> =
            answers.into_iter().map(|(status, body)| (status, body.into())).collect();
        let answers = Mutex::new(answers);
        Self::new(move |asked| answers.lock().unwrap().pop_front().expect(&asked.line))
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, asked: &Asked) -> (u16, String) {
        (self.answer)(asked)
    }

    /// A connection to it.
    pub(crate) fn connection(&self) -> Connection {
        let fake = self.clone();
        let client = http_client_fn(move |_, _| SharedHttpConnector::new(Connector(fake.clone())));
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "fake");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(client);
        Connection::of_config(config)
    }

    /// The requests, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The requests, as text.
    pub(crate) fn wire(&self) -> String {
        self.asked().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
}

impl Asked {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.line)?;
        for (name, value) in &self.headers {
            // The checksum is the SDK's; only its presence matters.
            let value = if name.starts_with("x-amz-checksum-crc") { "…" } else { value };
            if !UNSAID.contains(&name.as_str()) {
                writeln!(f, "{name}: {value}")?;
            }
        }
        if self.body.is_empty() { Ok(()) } else { writeln!(f, "{}", self.body) }
    }
}

/// A page of S3's list of objects.
pub(crate) fn page<T: std::fmt::Display>(keys: &[T], next: Option<&str>) -> (u16, String) {
    let mut list: Vec<String> =
        keys.iter().map(|key| format!("<Contents><Key>{key}</Key></Contents>")).collect();
    list.extend(next.map(|next| format!("<NextContinuationToken>{next}</NextContinuationToken>")));
    (200, format!("<ListBucketResult>{}</ListBucketResult>", list.concat()))
}

/// An error as S3 answers it.
pub(crate) fn error(status: u16, code: &str) -> (u16, String) {
    (status, format!("<Error><Code>{code}</Code><Message>a message of AWS</Message></Error>"))
}

/// An error as S3 Control and CloudFormation answer it.
pub(crate) fn wrapped_error(status: u16, code: &str) -> (u16, String) {
    let (status, error) = error(status, code);
    (status, format!("<ErrorResponse>{error}</ErrorResponse>"))
}

/// An error as KMS answers it.
pub(crate) fn json_error(code: &str) -> (u16, String) {
    (400, format!(r#"{{"__type":"{code}","message":"a message of AWS"}}"#))
}

struct Connector(Fake);

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        headers.sort();
        let body = request.body().bytes().expect("what we send is in memory");
        let asked = Asked {
            line: format!("{} {}", request.method(), request.uri()),
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        let (status, body) = (self.0.answer)(&asked);
        self.0.asked.lock().unwrap().push(asked);
        let length = body.len().to_string();
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        let headers = response.headers_mut();
        headers.insert("content-length", length);
        headers.insert("etag", "\"0f1e\"");
        headers.insert("x-amz-request-id", "4442587FB7D0A2F9");
        headers.insert("x-amz-server-side-encryption", "aws:kms");
        headers.insert("x-amz-server-side-encryption-aws-kms-key-id", KEY);
        HttpConnectorFuture::ready(Ok(response))
    }
}
