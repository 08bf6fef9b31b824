//! Reconciliation of compliant buckets.

use std::time::Duration;

use serde_json::json;

use crate::stage::BUCKET;
use crate::stage::events::{created, queued};
use crate::stage::fake_aws::FakeAws;
use crate::stage::programs::{self, PATIENCE, Package};
use crate::stage::world::{NAME, What, World};

/// The number of buckets.
pub(crate) const BUCKETS: usize = 1000;
/// The number of messages in a batch.
const BATCH: usize = 10;

/// The measurements of all reconciliations.
pub(crate) struct Sample {
    /// Their total duration.
    pub(crate) took: Duration,
    /// The number of calls.
    pub(crate) calls: usize,
    /// The peak memory of the process.
    pub(crate) memory_bytes: u64,
}

/// Reconciles buckets with the settings of a bucket that the guard has remediated.
pub(crate) fn measure(package: &Package, aws: &FakeAws) -> Result<Sample, String> {
    let failed = |error: String| format!("compliant buckets: {error}");
    *aws.world() = World::new(vec![BUCKET.to_owned()]);
    let start = || programs::start(package.guard("speed"), "guard", aws).map_err(failed);
    let event = queued(&[created().to_string()]);
    programs::invoke(&mut start()?, &event).map_err(failed)?;
    let remediated = std::mem::take(&mut aws.world().put).into_iter();
    let settings = remediated.map(|((_, setting), put)| (setting, put.replace(BUCKET, NAME)));
    let buckets: Vec<String> = (0..BUCKETS).map(|count| format!("bucket-{count:05}")).collect();
    let world = World { settings: settings.collect(), ..World::new(buckets.clone()) };
    *aws.world() = world;
    let mut function = start()?;
    function.wait_until_ready(PATIENCE).map_err(|error| failed(error.to_string()))?;
    let mut took = Duration::ZERO;
    for batch in buckets.chunks(BATCH) {
        let body = |bucket| json!({ "s3guard": { "reconcile": { "bucket": bucket } } }).to_string();
        let bodies: Vec<String> = batch.iter().map(body).collect();
        took += programs::invoke(&mut function, &queued(&bodies)).map_err(failed)?;
    }
    let memory_bytes = function.memory_bytes_peak().map_err(|error| failed(error.to_string()))?;
    let world = aws.world();
    let written = world.calls.iter().find(|call| matches!(call.what, What::Put(_)));
    if let Some(call) = written {
        return Err(failed(format!("a compliant bucket was written to: {}", call.what)));
    }
    Ok(Sample { took, calls: world.calls.len(), memory_bytes })
}
