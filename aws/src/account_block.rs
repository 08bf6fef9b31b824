//! The public access block of a whole account, through S3 Control.

use aws_sdk_s3control::Client;
use aws_sdk_s3control::config::Builder;
use aws_sdk_s3control::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3control::types::PublicAccessBlockConfiguration;
use s3guard_posture::model::setting::PublicAccessBlock;
use s3guard_posture::{AccountId, Reading};

use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// An endpoint that replaces AWS's own.
///
/// The SDK would prefix its host with the account, which is not possible for an address such as `127.0.0.1`; a header has the
/// account, too.
#[derive(Debug)]
struct Given(String);

impl ResolveEndpoint for Given {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(self.0.clone()).build()))
    }
}

/// Reads the block, including what the organization adds, which the answer does not tell apart. It applies in every Region,
/// and every Region answers.
pub async fn get(
    connection: &Connection,
    account: &AccountId,
) -> Result<Reading<PublicAccessBlock>, AwsError> {
    let call = client(connection).get_public_access_block().account_id(account.as_str());
    let absent = ["NoSuchPublicAccessBlockConfiguration"];
    let answer = call.send().await.judged("GetPublicAccessBlock", object(account), &absent)?;
    Ok(answer.and_then(|answer| answer.public_access_block_configuration().map(from_sdk)))
}

/// Writes the whole block. Without one all switches are off, unless the organization turns them on.
pub(crate) async fn put(
    connection: &Connection,
    account: &AccountId,
    block: Option<PublicAccessBlock>,
) -> Result<(), AwsError> {
    let client = client(connection);
    let Some(block) = block else {
        let call = client.delete_public_access_block().account_id(account.as_str());
        return call.send().await.named("DeletePublicAccessBlock", object(account)).map(drop);
    };
    let configuration = PublicAccessBlockConfiguration::builder()
        .block_public_acls(block.block_public_acls)
        .ignore_public_acls(block.ignore_public_acls)
        .block_public_policy(block.block_public_policy)
        .restrict_public_buckets(block.restrict_public_buckets)
        .build();
    let call = client.put_public_access_block().account_id(account.as_str());
    let answer = call.public_access_block_configuration(configuration).send().await;
    answer.named("PutPublicAccessBlock", object(account)).map(drop)
}

pub(crate) fn client(connection: &Connection) -> Client {
    let mut config = Builder::from(&connection.config);
    if let Some(url) = connection.endpoint() {
        config = config.endpoint_resolver(Given(url.to_owned()));
    }
    Client::from_conf(config.build())
}

fn object(account: &AccountId) -> String {
    format!("account `{account}`")
}

/// A switch that is missing is off.
pub(crate) fn from_sdk(block: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_public_acls: block.block_public_acls().unwrap_or(false),
        ignore_public_acls: block.ignore_public_acls().unwrap_or(false),
        block_public_policy: block.block_public_policy().unwrap_or(false),
        restrict_public_buckets: block.restrict_public_buckets().unwrap_or(false),
    }
}

#[cfg(test)]
mod tests;
