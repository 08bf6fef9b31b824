//! Regions that have buckets and no guard.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use s3guard_aws::stacks::Stacks;
use s3guard_aws::{AwsError, Buckets, Connection};
use s3guard_posture::reconcile::account::Account as _;
use s3guard_posture::{AccountId, BucketName, Region};
use serde::Serialize;

use crate::operations::session;

/// A Region with buckets and without a guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UnguardedRegion {
    pub(crate) region: String,
    /// The number of its buckets.
    pub(crate) buckets: usize,
}

/// What is known about the Regions.
#[derive(Debug, Default)]
pub(crate) struct Unguarded {
    /// Those that have buckets and no guard.
    pub(crate) regions: Vec<UnguardedRegion>,
    /// Why it is not known of a Region whether it has a guard.
    pub(crate) unknown: Option<AwsError>,
}

/// Looks for a guard with this name in each other Region that has buckets.
pub(crate) async fn fetch(
    connection: &Connection,
    account: &AccountId,
    stack: &str,
) -> Result<Unguarded, AwsError> {
    let mut regions = Buckets::new(connection, account.clone(), None).regions().await?;
    regions.remove(connection.region());
    let asked = regions.keys().map(|region| has_guard(connection.in_region(region), stack));
    let (regions, unknown) = judge(&regions, join_all(asked).await);
    Ok(Unguarded { regions, unknown })
}

async fn has_guard(connection: Connection, stack: &str) -> Result<bool, AwsError> {
    let stacks = Stacks::new(&connection);
    match stacks.describe(stack).await? {
        Some(stack) => session::is_guard_stack(&stacks, &stack).await,
        None => Ok(false),
    }
}

fn judge<E>(
    regions: &BTreeMap<Region, Vec<BucketName>>,
    answers: Vec<Result<bool, E>>,
) -> (Vec<UnguardedRegion>, Option<E>) {
    let (mut found, mut unknown) = (Vec::new(), None);
    for ((region, buckets), has_guard) in regions.iter().zip(answers) {
        match has_guard {
            Ok(true) => {}
            Ok(false) => {
                let (region, buckets) = (region.to_string(), buckets.len());
                found.push(UnguardedRegion { region, buckets });
            }
            Err(error) => unknown = Some(error),
        }
    }
    (found, unknown)
}

/// What is wrong, and what to do about it.
pub(crate) fn advice(
    regions: &[UnguardedRegion],
    stack: &str,
    own: &str,
) -> Option<(String, String)> {
    if regions.is_empty() {
        return None;
    }
    let buckets: usize = regions.iter().map(|one| one.buckets).sum();
    let noun =
        if buckets == 1 { "1 bucket is".to_owned() } else { format!("{buckets} buckets are") };
    let each: Vec<String> =
        regions.iter().map(|one| format!("{} ({})", one.region, one.buckets)).collect();
    let mut all: Vec<&str> = regions.iter().map(|one| &*one.region).chain([own]).collect();
    all.sort_unstable();
    Some((
        format!("{noun} in Regions without a guard: {}", each.join(", ")),
        format!("`s3guard deploy --stack {stack} --region {}` guards them, too", all.join(",")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m7_regions_without_a_guard_are_named_also_if_one_cannot_be_asked() {
        let bucket = |name: &str| name.parse::<BucketName>().unwrap();
        let regions = BTreeMap::from([
            ("eu-north-1".parse().unwrap(), vec![bucket("one"), bucket("two")]),
            ("us-east-1".parse().unwrap(), vec![bucket("three")]),
            ("us-west-2".parse().unwrap(), vec![bucket("four")]),
        ]);
        let (found, unknown) = judge(&regions, vec![Ok(false), Err("denied"), Ok(true)]);
        assert_eq!(unknown, Some("denied"));
        let north = UnguardedRegion { region: "eu-north-1".to_owned(), buckets: 2 };
        assert_eq!(found, [north]);
        let (what, fix) = advice(&found, "s", "eu-west-1").unwrap();
        assert_eq!(what, "2 buckets are in Regions without a guard: eu-north-1 (2)");
        assert_eq!(
            fix,
            "`s3guard deploy --stack s --region eu-north-1,eu-west-1` guards them, too"
        );
        let (found, _) = judge::<AwsError>(&regions, vec![Ok(true), Ok(true), Ok(true)]);
        assert_eq!(advice(&found, "s", "eu-west-1"), None);
    }
}
