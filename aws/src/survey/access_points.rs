//! Access points: all of a Region are in one list, so that no bucket costs a call.

use aws_sdk_s3control::types::{NetworkOrigin, PolicyStatus, PublicAccessBlockConfiguration};
use s3guard_posture::model::access_point::{AccessPoint, MultiRegionAccessPoint};
use s3guard_posture::model::setting::PublicAccessBlock;
use s3guard_posture::{AccountId, Reading, Region};

use super::is_fatal;
use crate::account_block::{client, from_sdk};
use crate::error::Answer as _;
use crate::{AwsError, Connection};

/// Where every call about Multi-Region Access Points goes.
///
/// Source: Amazon S3 User Guide, "Using Multi-Region Access Points with supported API operations".
const MULTI_REGION: &str = "us-west-2";
/// What S3 answers where there is no policy.
const NO_POLICY: [&str; 2] = ["NoSuchAccessPointPolicy", "NoSuchMultiRegionAccessPointPolicy"];

/// The access points of the connection's Region, and how many calls they cost.
pub(super) async fn list(
    connection: &Connection,
    account: &AccountId,
) -> Result<(Reading<Vec<AccessPoint>>, u64), AwsError> {
    let object = || format!("account `{account}`");
    let client = client(connection);
    let (mut all, mut calls, mut next) = (Vec::new(), 0, None);
    loop {
        calls += 1;
        let call = client.list_access_points().account_id(account.as_str()).max_results(1000);
        let answer = call.set_next_token(next).send().await;
        let answer = read(answer.judged("ListAccessPoints", object(), &[]))?;
        let Reading::Known(answer) = answer else { return Ok((Reading::Denied, calls)) };
        for one in answer.access_point_list() {
            let arn = one.access_point_arn().unwrap_or_default().to_owned();
            let mut point = AccessPoint {
                name: one.name().to_owned(),
                arn,
                region: connection.region().clone(),
                bucket: one.bucket().to_owned(),
                is_of_internet: *one.network_origin() == NetworkOrigin::Internet,
                is_public: Reading::Unread,
                block: Reading::Unread,
            };
            if point.is_of_internet {
                calls += status(connection, account, &mut point).await?;
            }
            all.push(point);
        }
        next = answer.next_token().map(str::to_owned);
        if next.is_none() {
            let reading = if all.is_empty() { Reading::Absent } else { Reading::Known(all) };
            return Ok((reading, calls));
        }
    }
}

/// Reads whether an access point is public, and if it is, its block. Returns how many calls that cost.
async fn status(
    connection: &Connection,
    account: &AccountId,
    point: &mut AccessPoint,
) -> Result<u64, AwsError> {
    let client = client(connection);
    let object = format!("access point `{}`", point.name);
    let call = client.get_access_point_policy_status();
    let answer = call.account_id(account.as_str()).name(&point.name).send().await;
    let answer = read(answer.judged("GetAccessPointPolicyStatus", &object, &NO_POLICY))?;
    point.is_public = answer.and_then(|answer| answer.policy_status().map(PolicyStatus::is_public));
    if point.is_public != Reading::Known(true) {
        return Ok(1);
    }
    let call = client.get_access_point().account_id(account.as_str()).name(&point.name);
    let answer = read(call.send().await.judged("GetAccessPoint", &object, &[]))?;
    let block = |block: &PublicAccessBlockConfiguration| from_sdk(block);
    point.block = answer.and_then(|one| one.public_access_block_configuration().map(block));
    Ok(2)
}

/// The Multi-Region Access Points of the account, and how many calls they cost.
pub(super) async fn multi_region(
    connection: &Connection,
    account: &AccountId,
) -> Result<(Reading<Vec<MultiRegionAccessPoint>>, u64), AwsError> {
    let region: Region = MULTI_REGION.parse().expect("it is a Region");
    let client = client(&connection.in_region(&region));
    let object = || format!("account `{account}`");
    let (mut all, mut calls, mut next) = (Vec::new(), 0, None);
    loop {
        calls += 1;
        let call = client.list_multi_region_access_points().account_id(account.as_str());
        let answer = call.set_next_token(next).send().await;
        let answer = read(answer.judged("ListMultiRegionAccessPoints", object(), &[]))?;
        let Reading::Known(answer) = answer else { return Ok((Reading::Denied, calls)) };
        for one in answer.access_points() {
            let name = one.name().unwrap_or_default();
            calls += 1;
            let call = client.get_multi_region_access_point_policy_status();
            let status = call.account_id(account.as_str()).name(name).send().await;
            let named = "GetMultiRegionAccessPointPolicyStatus";
            let object = format!("Multi-Region Access Point `{name}`");
            let status = read(status.judged(named, object, &NO_POLICY))?;
            all.push(MultiRegionAccessPoint {
                name: name.to_owned(),
                alias: one.alias().unwrap_or_default().to_owned(),
                buckets: one
                    .regions()
                    .iter()
                    .filter_map(|region| region.bucket()?.parse().ok())
                    .collect(),
                is_public: status
                    .and_then(|answer| answer.established().map(PolicyStatus::is_public)),
                block: one.public_access_block().map_or(PublicAccessBlock::default(), from_sdk),
            });
        }
        next = answer.next_token().map(str::to_owned);
        if next.is_none() {
            let reading = if all.is_empty() { Reading::Absent } else { Reading::Known(all) };
            return Ok((reading, calls));
        }
    }
}

/// An answer that did not come is one that is not known, unless it concerns all calls.
fn read<T>(answer: Result<Reading<T>, AwsError>) -> Result<Reading<T>, AwsError> {
    match answer {
        Err(error) if is_fatal(&error) => Err(error),
        Err(_) => Ok(Reading::Denied),
        Ok(reading) => Ok(reading),
    }
}
