//! A sweep of many buckets.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::stage::events::{queued, scheduled};
use crate::stage::fake_aws::FakeAws;
use crate::stage::programs::{self, PATIENCE, Package};
use crate::stage::world::World;

/// The number of buckets in the account.
pub(crate) const BUCKETS: usize = 10_000;
/// The number of buckets on a page of the list.
pub(crate) const PAGE: usize = 1000;

/// The measurements of a sweep.
pub(crate) struct Sample {
    /// The peak memory of the process after the first page.
    pub(crate) memory_bytes_first: u64,
    /// The peak memory after the last page.
    pub(crate) memory_bytes_last: u64,
    /// The duration of the first page.
    pub(crate) first: Duration,
    /// The duration of all pages.
    pub(crate) took: Duration,
    /// The number of calls for the first page.
    pub(crate) calls_first: usize,
    /// The number of calls.
    pub(crate) calls: usize,
}

/// Sweeps an account that was swept before: the ledger knows its buckets.
pub(crate) fn measure(package: &Package, aws: &FakeAws) -> Result<Sample, String> {
    let failed = |error: String| format!("the sweep: {error}");
    let buckets: Vec<String> = (0..BUCKETS).map(|count| format!("bucket-{count:05}")).collect();
    let mut world = World::new(buckets.clone());
    world.ledger.insert("sweeps/last".to_owned());
    world.ledger.extend(buckets.iter().map(|bucket| format!("state/{bucket}.json")));
    *aws.world() = world;
    let mut function = programs::start(package.guard("speed"), "guard", aws).map_err(failed)?;
    function.wait_until_ready(PATIENCE).map_err(|error| failed(error.to_string()))?;
    let mut pages: Vec<(Duration, u64, usize)> = Vec::new();
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    let mut of_account = 0;
    let mut next = Some(scheduled().to_string());
    while let Some(body) = next.take() {
        let took = programs::invoke(&mut function, &queued(&[body])).map_err(failed)?;
        let memory_bytes =
            function.memory_bytes_peak().map_err(|error| failed(error.to_string()))?;
        let mut world = aws.world();
        pages.push((took, memory_bytes, world.calls.len()));
        for body in world.messages.drain(..) {
            let message: Value = serde_json::from_str(&body).unwrap_or_default();
            let message = &message["s3guard"];
            if message["reconcile"]["bucket"] == ".account" {
                of_account += 1;
            } else if let Some(bucket) = message["reconcile"]["bucket"].as_str() {
                *counted.entry(bucket.to_owned()).or_default() += 1;
            } else if message.get("sweep").is_none() {
                return Err(failed(format!("`{body}` is not a message of the sweep")));
            } else if next.replace(body).is_some() {
                return Err(failed("two messages continue the sweep".to_owned()));
            }
        }
    }
    let once: BTreeMap<String, usize> = buckets.into_iter().map(|bucket| (bucket, 1)).collect();
    if counted != once {
        return Err(failed("not every bucket was queued exactly once".to_owned()));
    }
    if of_account != 1 {
        return Err(failed(format!("the account was queued {of_account} times")));
    }
    let (Some(first), Some(last)) = (pages.first(), pages.last()) else {
        return Err(failed("there was no page".to_owned()));
    };
    Ok(Sample {
        memory_bytes_first: first.1,
        memory_bytes_last: last.1,
        first: first.0,
        took: pages.iter().map(|(took, _, _)| *took).sum(),
        calls_first: first.2,
        calls: last.2,
    })
}
