//! Looks at buckets that are as they should be.

use std::time::Duration;

use serde_json::json;

use crate::stage::BUCKET;
use crate::stage::events::{created, queued};
use crate::stage::fake_aws::FakeAws;
use crate::stage::programs::{self, PATIENCE, Package};
use crate::stage::world::{NAME, What, World};

/// How many buckets are looked at.
pub(crate) const BUCKETS: usize = 1000;
/// How many messages the function gets at a time.
const BATCH: usize = 10;

/// What came of all looks.
pub(crate) struct Sample {
    /// How long they took together.
    pub(crate) took: Duration,
    /// How many calls were made.
    pub(crate) calls: usize,
    /// The most memory that the process had.
    pub(crate) memory_bytes: u64,
}

/// Looks at buckets that are as a bucket is that the guard has mended.
pub(crate) fn measure(package: &Package, aws: &FakeAws) -> Result<Sample, String> {
    let failed = |error: String| format!("the looks: {error}");
    *aws.world() = World::new(vec![BUCKET.to_owned()]);
    let start = || programs::start(package.guard("speed"), "guard", aws).map_err(failed);
    let event = queued(&[created().to_string()]);
    programs::invoke(&mut start()?, &event).map_err(failed)?;
    let mended = std::mem::take(&mut aws.world().put).into_iter();
    let settings = mended.map(|((_, setting), put)| (setting, put.replace(BUCKET, NAME)));
    let buckets: Vec<String> = (0..BUCKETS).map(|count| format!("bucket-{count:05}")).collect();
    let world = World { settings: settings.collect(), ..World::new(buckets.clone()) };
    *aws.world() = world;
    let mut function = start()?;
    function.wait_until_ready(PATIENCE).map_err(|error| failed(error.to_string()))?;
    let mut took = Duration::ZERO;
    for batch in buckets.chunks(BATCH) {
        let body = |bucket| json!({ "s3guard": { "lookAt": { "bucket": bucket } } }).to_string();
        let bodies: Vec<String> = batch.iter().map(body).collect();
        took += programs::invoke(&mut function, &queued(&bodies)).map_err(failed)?;
    }
    let memory_bytes = function.memory_bytes_peak().map_err(|error| failed(error.to_string()))?;
    let world = aws.world();
    let written = world.calls.iter().find(|call| matches!(call.what, What::Put(_)));
    if let Some(call) = written {
        return Err(failed(format!("a bucket that is right was written to: {}", call.what)));
    }
    Ok(Sample { took, calls: world.calls.len(), memory_bytes })
}
