//! Recorded events, replayed offline: whether a rule matches, and what the guard reads, finds, writes and publishes.
//!
//! ```text
//! parse(bytes)                  -> Vec<Recorded>    in every form in which events are kept
//! run(&[Recorded], &Scene)      -> Vec<Replayed>    the guard's flow, on buckets in memory
//! ```
//!
//! A bucket is first seen new, by `CreateBucket`, or else as the guard would have left it; after that it is what calls and
//! the guard made of it. What no event contains is reported as assumed. Each event is handled alone: batches of the queue,
//! delays and refused calls are not simulated.

mod apply;
pub(crate) mod file;
mod recorded;
mod replayed;
mod rules;
mod stage;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use s3guard_posture::config::{Config, SETTLE_SECONDS};
use s3guard_posture::flow::Settings;
use s3guard_posture::{AccountId, BucketId, BucketName, Grade, KeyArn, Region};
use serde::Serialize;
use time::OffsetDateTime;

use crate::ui::text::{Printable, Text};

pub(crate) use recorded::{Recorded, parse};
pub(crate) use replayed::{ReplayOutcome, Replayed};
pub(crate) use stage::run;

/// The stack whose guard is replayed.
const STACK: &str = "s3guard";
/// What the names of its buckets begin with.
const BUCKET_PREFIX: &str = "s3guard";

/// Where and for whom events are replayed.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// The guard's account.
    pub(crate) account: AccountId,
    /// The guard's Region; without one there is a guard in each.
    pub(crate) region: Option<Region>,
    /// The time of what has none of its own.
    pub(crate) now: OffsetDateTime,
    pub(crate) config: Config,
    /// The stack's grade and key.
    pub(crate) grade: Option<Grade>,
    pub(crate) key: Option<KeyArn>,
}

impl Scene {
    /// How long a new bucket is left alone.
    fn settle_seconds(&self) -> u16 {
        self.config.settle_seconds().unwrap_or(SETTLE_SECONDS)
    }

    /// The settings of a Region's guard.
    fn settings(&self, region: &Region) -> Settings {
        let account = &self.account;
        let own = |purpose: &str| -> Option<BucketName> {
            format!("{BUCKET_PREFIX}-{purpose}-{account}-{region}-an").parse().ok()
        };
        let bucket = |name| BucketId { name, account: account.clone(), region: region.clone() };
        Settings {
            own_buckets: ["ledger", "logs", "trail"].into_iter().filter_map(own).collect(),
            role: None,
            deployers: Vec::new(),
            account: account.clone(),
            region: region.clone(),
            stack: STACK.to_owned(),
            config: self.config.clone(),
            grade: self.grade,
            key: self.key.clone(),
            log_bucket: own("logs").map(bucket),
            guarded: BTreeSet::new(),
            settle_seconds: self.settle_seconds(),
        }
    }
}

/// What form of the events, in the order of their times.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ReplayReport {
    /// The version of the JSON form.
    version: u32,
    events: Vec<Replayed>,
}

impl ReplayReport {
    pub(crate) fn new(events: Vec<Replayed>) -> Self {
        Self { version: 1, events }
    }
}

impl Printable for ReplayReport {
    fn print(&self, text: &mut Text) {
        let [mut done, mut ignored, mut others] = [0, 0, 0];
        for event in &self.events {
            match event.outcome {
                ReplayOutcome::Done => done += 1,
                ReplayOutcome::Ignored { .. } => ignored += 1,
                ReplayOutcome::DeadLetter { .. } | ReplayOutcome::NoEvent { .. } => others += 1,
            }
            event.print(text);
            text.gap();
        }
        let count = self.events.len();
        let noun = if count == 1 { "event" } else { "events" };
        text.line(format_args!(
            "{count} {noun}: {done} done, {ignored} ignored, {others} not understood"
        ));
    }
}
