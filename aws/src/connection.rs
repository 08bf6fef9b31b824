//! Region, credentials, endpoint, retries and time limits: how AWS is reached.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls;
use s3guard_posture::Region;
use thiserror::Error;

/// How often a call is tried before it counts as failed.
const ATTEMPTS_MAX: u32 = 4;

/// A way to AWS, shared by all clients: they use the same connections and the same root certificates.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(crate) config: SdkConfig,
    region: Region,
}

/// Why there is no way to AWS.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// No Region is given anywhere.
    #[error("no Region is set")]
    NoRegion,
    /// What is given is not the code of a Region.
    #[error(transparent)]
    Region(#[from] s3guard_posture::names::InvalidRegion),
}

impl Connection {
    /// Reads the Region, credentials and endpoint as AWS's own tools do: arguments, environment, profile files.
    ///
    /// Nothing is called yet: missing credentials show with the first call.
    pub async fn open(region: Option<&str>, profile: Option<&str>) -> Result<Self, ConnectError> {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build_https();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(Duration::from_secs(20))
            .operation_timeout(Duration::from_secs(50));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .app_name(AppName::new("s3guard").expect("the name has only letters and a digit"))
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
            .timeout_config(timeouts.build());
        if let Some(region) = region {
            let region: Region = region.parse()?;
            loader = loader.region(aws_config::Region::new(region.to_string()));
        }
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        let region = config.region().ok_or(ConnectError::NoRegion)?.as_ref().parse()?;
        Ok(Self { config, region })
    }

    /// The Region that calls go to.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The endpoint, where one is given in place of AWS's own.
    pub fn endpoint(&self) -> Option<&str> {
        self.config.endpoint_url()
    }

    /// The same way, to another Region.
    #[must_use]
    pub fn in_region(&self, region: &Region) -> Self {
        let sdk_region = aws_config::Region::new(region.to_string());
        let config = self.config.to_builder().region(sdk_region).build();
        Self { config, region: region.clone() }
    }
}

#[cfg(test)]
impl Connection {
    /// A way to nowhere, for clients that are faked.
    pub(crate) fn of_nowhere() -> Self {
        let region: Region = "eu-west-1".parse().unwrap();
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        Self { config, region }
    }
}
