//! The public access block of a whole account, through S3 Control.

use aws_sdk_s3control::Client;
use aws_sdk_s3control::config::Builder;
use aws_sdk_s3control::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3control::types::PublicAccessBlockConfiguration;
use s3guard_posture::model::setting::PublicAccessBlock;
use s3guard_posture::{AccountId, Reading};

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// The public access block of an account.
#[derive(Clone, Debug)]
pub struct AccountBlock {
    client: Client,
    account: AccountId,
}

/// The endpoint that is given in place of AWS's own.
///
/// The SDK would put the account before its host, which an address as `127.0.0.1` does not bear; a header names it too.
#[derive(Debug)]
struct Given(String);

impl ResolveEndpoint for Given {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(self.0.clone()).build()))
    }
}

impl AccountBlock {
    /// The block of this account. It counts in every Region, and any Region can be asked.
    pub fn new(connection: &Connection, account: AccountId) -> Self {
        let mut config = Builder::from(&connection.config);
        if let Some(url) = connection.endpoint() {
            config = config.endpoint_resolver(Given(url.to_owned()));
        }
        Self { client: Client::from_conf(config.build()), account }
    }

    /// Reads it, with what the organization adds to it. A switch that is not named is off.
    pub async fn get(&self) -> Result<Reading<PublicAccessBlock>, AwsError> {
        let call = self.client.get_public_access_block().account_id(self.account.as_str());
        let absent = ["NoSuchPublicAccessBlockConfiguration"];
        let answer = call.send().await.reading("GetPublicAccessBlock", self.object(), &absent)?;
        Ok(answer.and_then(|answer| answer.public_access_block_configuration().map(from_sdk)))
    }

    /// Writes it, whole.
    pub async fn put(&self, block: PublicAccessBlock) -> Result<(), AwsError> {
        let configuration = PublicAccessBlockConfiguration::builder()
            .block_public_acls(block.block_public_acls)
            .ignore_public_acls(block.ignore_public_acls)
            .block_public_policy(block.block_public_policy)
            .restrict_public_buckets(block.restrict_public_buckets)
            .build();
        let call = self.client.put_public_access_block().account_id(self.account.as_str());
        let answer = call.public_access_block_configuration(configuration).send().await;
        answer.named("PutPublicAccessBlock", self.object()).map(drop)
    }

    /// Takes it away: all switches are off then, unless the organization has them on.
    pub async fn delete(&self) -> Result<(), AwsError> {
        let call = self.client.delete_public_access_block().account_id(self.account.as_str());
        call.send().await.named("DeletePublicAccessBlock", self.object()).map(drop)
    }

    fn object(&self) -> String {
        format!("account `{}`", self.account)
    }
}

fn from_sdk(block: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: block.block_public_acls().unwrap_or(false),
        ignore_public_acls: block.ignore_public_acls().unwrap_or(false),
        block_public_policy: block.block_public_policy().unwrap_or(false),
        restrict_public_buckets: block.restrict_public_buckets().unwrap_or(false),
    }
}

#[cfg(test)]
mod tests;
