//! The figures: medians of both and their ratios.

use std::fmt;
use std::time::Duration;

use crate::stage::figures::{mebibytes, median, met, milliseconds, number};

/// A cold start of the guard is faster by at least this factor.
const FASTER_AT_LEAST: f64 = 40.0;
/// The guard needs at most this fraction of the twin's memory.
const MEMORY_AT_MOST: f64 = 1.0 / 5.0;

/// One cold start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// From the start of the process to its request for an event.
    pub(crate) init: Duration,
    /// From the event's delivery to the answer.
    pub(crate) first: Duration,
    /// Its peak memory.
    pub(crate) memory_bytes: u64,
    /// The number of its calls.
    pub(crate) calls: usize,
}

impl Sample {
    fn cold(&self) -> f64 {
        milliseconds(self.init + self.first)
    }

    fn memory(&self) -> f64 {
        mebibytes(self.memory_bytes)
    }
}

/// All cold starts.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) guard: Vec<Sample>,
    pub(crate) twin: Vec<Sample>,
}

impl Report {
    /// Whether both targets are met.
    pub(crate) fn is_good(&self) -> bool {
        self.faster() >= FASTER_AT_LEAST && self.memory() <= MEMORY_AT_MOST
    }

    fn faster(&self) -> f64 {
        median(&self.twin, Sample::cold) / median(&self.guard, Sample::cold)
    }

    fn memory(&self) -> f64 {
        median(&self.guard, Sample::memory) / median(&self.twin, Sample::memory)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "cold start: a process is started, asks the Runtime API for an event, and answers it."
        )?;
        writeln!(
            f,
            "Medians of {} runs in turn; AWS is on loopback behind TLS 1.3.\n",
            self.guard.len()
        )?;
        writeln!(
            f,
            "{:<34}{:>10}{:>14}{:>12}{:>12}{:>8}",
            "", "init ms", "first event", "both ms", "peak MiB", "calls"
        )?;
        row(f, "s3guard, guard (Rust)", &self.guard)?;
        row(f, "twin of 2022 (Python, boto3)", &self.twin)?;
        let (faster, memory) = (self.faster(), self.memory());
        writeln!(
            f,
            "\n{faster:.1} times faster (target {FASTER_AT_LEAST}: {})",
            met(faster >= FASTER_AT_LEAST)
        )?;
        writeln!(
            f,
            "{memory:.2} of the memory (target {MEMORY_AT_MOST}: {})",
            met(memory <= MEMORY_AT_MOST)
        )?;
        writeln!(
            f,
            "\nThe twin only reads and sets the encryption. The guard also reads the public access block, policy, notifications\n\
             and tags, asks its ledger, writes the policy and the notifications as well, reads again what it wrote, keeps a\n\
             record of each write, and publishes what it did. Neither figure includes Lambda's own part: fetching the code,\n\
             starting the sandbox, a share of a CPU."
        )
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, samples: &[Sample]) -> fmt::Result {
    writeln!(
        f,
        "{name:<34}{:>10.1}{:>14.1}{:>12.1}{:>12.1}{:>8}",
        median(samples, |sample| milliseconds(sample.init)),
        median(samples, |sample| milliseconds(sample.first)),
        median(samples, Sample::cold),
        median(samples, Sample::memory),
        median(samples, |sample| number(sample.calls)),
    )
}
