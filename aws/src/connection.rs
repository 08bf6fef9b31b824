//! How AWS is reached: Region, credentials, endpoint, retries and time limits.

use std::env;
use std::net::Ipv4Addr;
use std::time::Duration;

use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{self, ProfileFileRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, SdkConfig};
#[cfg(feature = "deploy")]
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use s3guard_posture::Region;
use thiserror::Error;

/// The attempts of a call before it fails.
const ATTEMPTS_MAX: u32 = 4;

/// A connection to AWS, shared by all clients: they use the same HTTP connections and root certificates.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(crate) config: SdkConfig,
    region: Region,
    profile: Option<String>,
}

/// Why AWS cannot be reached.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// No Region is configured.
    #[error("no Region is set")]
    NoRegion,
    /// The Region's code is not valid.
    #[error(transparent)]
    Region(#[from] s3guard_posture::model::names::InvalidRegion),
    /// The AWS configuration has no profile of this name.
    #[error("there is no profile `{0}` in the AWS configuration")]
    NoProfile(String),
    /// The AWS configuration cannot be read.
    #[error("the AWS configuration cannot be read: {0}")]
    Configuration(String),
    /// The endpoint is not a URL.
    #[error("the endpoint `{0}` is not a URL")]
    Endpoint(String),
}

/// Time limits: a function is billed by duration and retried by its queue, a person's connection may be slow.
const FUNCTION: Limits = Limits { attempt: 5, operation: 15 };
const PERSON: Limits = Limits { attempt: 20, operation: 50 };

/// In seconds, for one attempt of a call and for the call with all its attempts.
struct Limits {
    attempt: u64,
    operation: u64,
}

impl Connection {
    /// Reads the Region, credentials and endpoint as the AWS CLI does: from arguments, the environment and profile files.
    ///
    /// No call is made: missing credentials fail the first call. An empty variable counts as unset.
    pub async fn open(region: Option<&str>, profile: Option<&str>) -> Result<Self, ConnectError> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let profile = profile.map(str::to_owned).or_else(|| set("AWS_PROFILE"));
        if let Some(profile) = &profile {
            require_profile(profile).await?;
        }
        let named = profile.clone();
        // The SDK does not treat an empty variable as unset.
        let profile = profile.unwrap_or_else(|| "default".to_owned());
        let region = match region {
            Some(region) => Some(region.to_owned()),
            None => set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")),
        };
        let mut loader = loader(&PERSON).profile_name(&profile);
        if let Some(region) = region {
            let region: Region = region.parse()?;
            loader = loader.region(aws_config::Region::new(region.to_string()));
        } else {
            let profile = ProfileFileRegionProvider::builder().profile_name(profile).build();
            let machine = ImdsRegionProvider::builder().build();
            loader = loader.region(RegionProviderChain::first_try(profile).or_else(machine));
        }
        Ok(Self { profile: named, ..Self::load(loader).await? })
    }

    /// The connection of a Lambda function, which is configured by its environment alone.
    pub async fn of_function() -> Result<Self, ConnectError> {
        let loader = loader(&FUNCTION)
            .region(EnvironmentVariableRegionProvider::new())
            .credentials_provider(EnvironmentVariableCredentialsProvider::new());
        Self::load(loader).await
    }

    async fn load(loader: ConfigLoader) -> Result<Self, ConnectError> {
        let config = without_empty(loader.load().await);
        for endpoint in endpoints(&config) {
            if !is_url(&endpoint) {
                return Err(ConnectError::Endpoint(endpoint));
            }
        }
        let region = config.region().ok_or(ConnectError::NoRegion)?.as_ref().parse()?;
        Ok(Self { config, region, profile: None })
    }

    /// The Region that is called.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The profile, if one is named.
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The endpoint, if one replaces AWS's own.
    pub fn endpoint(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// The same connection to another Region.
    #[must_use]
    pub fn in_region(&self, region: &Region) -> Self {
        let sdk_region = aws_config::Region::new(region.to_string());
        let config = self.config.to_builder().region(sdk_region).build();
        Self { config, region: region.clone(), profile: self.profile.clone() }
    }

    /// The same connection with other credentials.
    #[cfg(feature = "deploy")]
    pub(crate) fn with_credentials(&self, credentials: SharedCredentialsProvider) -> Self {
        let config = self.config.to_builder().credentials_provider(credentials).build();
        Self { config, ..self.clone() }
    }
}

fn loader(limits: &Limits) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(limits.attempt))
        .operation_timeout(Duration::from_secs(limits.operation))
        .build();
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .app_name(AppName::new("s3guard").expect("the name has only letters and a digit"))
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .timeout_config(timeouts)
}

/// The SDK reads the profile only with the first call, and its error lists every source of credentials.
async fn require_profile(name: &str) -> Result<(), ConnectError> {
    #[expect(clippy::default_trait_access, reason = "the types are internal to the SDK")]
    let loaded =
        profile::load(&Default::default(), &Default::default(), &Default::default(), None).await;
    match loaded {
        Ok(profiles) if profiles.get_profile(name).is_some() => Ok(()),
        Ok(_) => Err(ConnectError::NoProfile(name.to_owned())),
        Err(error) => Err(ConnectError::Configuration(error.to_string())),
    }
}

/// The settings of single services without those that are empty: the SDK panics on an empty endpoint.
#[derive(Debug)]
struct Filled(SdkConfig);

impl LoadServiceConfig for Filled {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !value.is_empty())
    }
}

fn without_empty(config: SdkConfig) -> SdkConfig {
    let mut builder = config.to_builder();
    if config.endpoint_url() == Some("") {
        builder.set_endpoint_url(None);
    }
    builder.service_config(Filled(config)).build()
}

/// Every endpoint that replaces AWS's own, for all services or for one.
fn endpoints(config: &SdkConfig) -> Vec<String> {
    let of_service = |service: &'static str| {
        let key = ServiceConfigKey::builder().service_id(service);
        let key = key.env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
        config.service_config()?.load_config(key)
    };
    let services = [
        "STS",
        "CloudFormation",
        "CloudTrail",
        "CloudWatch",
        "CloudWatch Logs",
        "EventBridge",
        "IAM",
        "Lambda",
        "S3",
        "S3 Control",
        "KMS",
        "SNS",
        "SQS",
    ];
    let all = config.endpoint_url().map(str::to_owned);
    all.into_iter().chain(services.into_iter().filter_map(of_service)).collect()
}

/// Whether the SDK can call it: its own error is a dump of internal types. Requests leave this machine only encrypted.
fn is_url(text: &str) -> bool {
    let plain = text.strip_prefix("http://");
    let Some(rest) = plain.or_else(|| text.strip_prefix("https://")) else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        Some(_) | None => (authority, "0"),
    };
    // What stands before an `@` is a user.
    let host = host.rsplit('@').next().unwrap_or(host);
    let is_plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    let is_loopback = || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback());
    let is_here = || host == "localhost" || host == "[::1]" || is_loopback();
    let is_private = plain.is_none() || is_here();
    !host.is_empty() && is_private && port.parse::<u16>().is_ok() && rest.chars().all(is_plain)
}

#[cfg(test)]
impl Connection {
    /// A way to eu-west-1 with a configuration of a test.
    pub(crate) fn of_config(config: aws_types::sdk_config::Builder) -> Self {
        let region: Region = "eu-west-1".parse().unwrap();
        let config = config.region(aws_config::Region::new(region.to_string())).build();
        Self { config, region, profile: None }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use s3guard_posture::Reading;

    use super::*;

    /// A server that closes the connection instead of answering the second request.
    fn server() -> (String, Arc<AtomicUsize>) {
        const ANSWER: &str = "<Error><Code>NoSuchTagSet</Code></Error>";
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, counted) = (stream.unwrap(), Arc::clone(&counted));
                thread::spawn(move || {
                    let (mut head, mut byte) = (Vec::new(), [0]);
                    while stream.read(&mut byte).is_ok_and(|length| length == 1) {
                        head.extend(byte);
                        if !head.ends_with(b"\r\n\r\n") {
                            continue;
                        }
                        head.clear();
                        if counted.fetch_add(1, Ordering::SeqCst) == 1 {
                            return;
                        }
                        let length = ANSWER.len();
                        let status = format!("HTTP/1.1 404 Not Found\r\ncontent-length: {length}");
                        write!(stream, "{status}\r\n\r\n{ANSWER}").unwrap();
                    }
                });
            }
        });
        (url, requests)
    }

    #[tokio::test]
    async fn a_connection_that_the_server_has_closed_costs_a_retry() {
        let (url, requests) = server();
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(retries.with_max_attempts(ATTEMPTS_MAX))
            .endpoint_url(url);
        let connection = Connection::of_config(config);
        let buckets = crate::Buckets::new(&connection, "111122223333".parse().unwrap(), None);
        for _ in 0..2 {
            let tags = buckets.tags(&"reports".parse().unwrap()).await.unwrap();
            assert_eq!(tags, Reading::Absent);
        }
        assert_eq!(requests.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn a_function_waits_less_long_than_a_person_and_both_can_try_again() {
        for limits in [FUNCTION, PERSON] {
            assert!(limits.attempt * 2 <= limits.operation);
        }
        const {
            assert!(FUNCTION.attempt < PERSON.attempt);
            assert!(FUNCTION.operation < PERSON.operation);
        }
    }

    #[derive(Debug)]
    struct Given(&'static str);

    impl LoadServiceConfig for Given {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            (key.service_id() == "S3").then(|| self.0.to_owned())
        }
    }

    #[test]
    fn an_empty_endpoint_is_none_and_one_for_a_service_is_seen() {
        let given = |all: &str, s3: &'static str| {
            let config = SdkConfig::builder().endpoint_url(all).service_config(Given(s3)).build();
            endpoints(&without_empty(config)).join(" ")
        };
        assert_eq!(given("", ""), "");
        assert_eq!(given("http://all", ""), "http://all");
        assert_eq!(given("", "http://s3"), "http://s3");
        assert_eq!(given("http://all", "http://s3"), "http://all http://s3");
    }

    #[test]
    fn only_what_can_be_called_is_an_endpoint() {
        for good in [
            "http://127.0.0.1:4566",
            "https://example.org",
            "https://example.org/path?x#y",
            "http://[::1]",
            "http://[::1]:80/",
            "http://localhost:4566",
            "http://s3-control@127.0.0.1:4566",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "garbage",
            "localhost:4566",
            "ftp://example.org",
            "http://",
            "http://example.org",
            "http://localhost.example.org",
            "http://127.0.0.1@example.org",
            "http:///path",
            "http://:80",
            "http://localhost:port",
            "http://localhost:99999",
            "https://a b",
            "https://a{b}",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }
}
