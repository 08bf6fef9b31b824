//! The two programs, and how each is started.

use std::process::Command;

use serde_json::Value;

use crate::report::Sample;
use crate::stage::BUCKET;
use crate::stage::events::{created, queued};
use crate::stage::fake_aws::FakeAws;
use crate::stage::programs::{self, PATIENCE, Package, Python};
use crate::stage::world::World;

pub(crate) trait Candidate {
    fn name(&self) -> &'static str;
    /// The program, without the settings that both have.
    fn command(&self) -> Command;
    fn handler(&self) -> &'static str;
    fn event(&self) -> Value;

    fn measure(&self, aws: &FakeAws) -> Result<Sample, String> {
        let failed = |error: String| format!("{}: {error}", self.name());
        // The twin only handles buckets from before 2023, which were not encrypted.
        *aws.world() = World { encrypts_new_buckets: false, ..World::new(vec![BUCKET.to_owned()]) };
        let mut function = programs::start(self.command(), self.handler(), aws).map_err(failed)?;
        let init =
            function.wait_until_ready(PATIENCE).map_err(|error| failed(error.to_string()))?;
        let first = programs::invoke(&mut function, &self.event()).map_err(failed)?;
        let memory_bytes =
            function.memory_bytes_peak().map_err(|error| failed(error.to_string()))?;
        // Otherwise a function that does nothing would be the fastest.
        if aws.world().last_put(BUCKET, "encryption").is_none() {
            return Err(failed("it did not encrypt the bucket".to_owned()));
        }
        let calls = aws.world().calls.len();
        Ok(Sample { init, first, memory_bytes, calls })
    }
}

impl Candidate for Package {
    fn name(&self) -> &'static str {
        "s3guard"
    }

    fn command(&self) -> Command {
        self.guard("speed")
    }

    fn handler(&self) -> &'static str {
        "guard"
    }

    fn event(&self) -> Value {
        queued(&[created().to_string()])
    }
}

impl Candidate for Python {
    fn name(&self) -> &'static str {
        "the twin"
    }

    fn command(&self) -> Command {
        self.function(self.handler())
    }

    fn handler(&self) -> &'static str {
        "handler.handler"
    }

    fn event(&self) -> Value {
        created()
    }
}
