//! Recorded events, replayed offline: whether a rule hears of them, what is read, decided, called and told.
//!
//! ```text
//! parse(bytes)                  -> Vec<Recorded>    whatever the form in which they were kept
//! run(Vec<Recorded>, &Scene)    -> Vec<Replayed>    the engine of the guard, on buckets in memory
//! ```
//!
//! A bucket is first seen new, by `CreateBucket`, or else as the guard would have left it; from then on it is what the
//! calls made of it, and what the guard did. What no event says is said to be assumed. Each event is looked at by itself:
//! that a queue may hand over some together is not played. Deliberately not here: delays and refused calls.

mod apply;
mod engine;
pub(crate) mod file;
mod parse;
mod recorded;
mod replayed;
mod rules;
mod shown;
mod stage;
#[cfg(test)]
mod tests;
mod world;

use std::fmt;

use s3guard_posture::config::{Config, SETTLE_SECONDS};
use s3guard_posture::flow::Settings;
use s3guard_posture::{AccountId, BucketId, BucketName, Grade, KeyArn, Region};
use serde::Serialize;
use time::OffsetDateTime;

pub(crate) use parse::parse;
pub(crate) use recorded::Recorded;
pub(crate) use replayed::{Channel, Outcome, Replayed};

/// The version of the form for programs.
const VERSION: u32 = 1;

/// Where and for whom events are replayed.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// The guard's account.
    pub(crate) account: AccountId,
    /// The guard's Region; without one there is a guard in each.
    pub(crate) region: Option<Region>,
    /// What the names of the stack's own buckets begin with.
    pub(crate) bucket_prefix: String,
    /// The time of what has none of its own. An event that has one comes at that time.
    pub(crate) now: OffsetDateTime,
    /// What the owner wants of which bucket.
    pub(crate) config: Config,
    /// The stack's grade, if it was given one.
    pub(crate) grade: Option<Grade>,
    /// The stack's key, if it was given one.
    pub(crate) key: Option<KeyArn>,
}

/// Replays events in the order of their times; those without a time come with the one before them.
pub(crate) fn run(recorded: &[Recorded], scene: &Scene) -> Vec<Replayed> {
    stage::run(recorded, scene)
}

impl Scene {
    /// How long a new bucket is left to the one who is setting it up.
    fn settle_seconds(&self) -> u16 {
        self.config.settle_seconds().unwrap_or(SETTLE_SECONDS)
    }

    /// What the guard of a Region has to know.
    fn settings(&self, region: &Region) -> Settings {
        let own = |purpose: &str| -> Option<BucketName> {
            let Self { account, bucket_prefix, .. } = self;
            format!("{bucket_prefix}-{purpose}-{account}-{region}-an").parse().ok()
        };
        let (account, region) = (self.account.clone(), region.clone());
        let log_bucket = own("logs").map(|name| BucketId {
            name,
            account: account.clone(),
            region: region.clone(),
        });
        Settings {
            own_buckets: ["ledger", "logs", "trail"].into_iter().filter_map(own).collect(),
            account,
            region,
            stack: engine::STACK.to_owned(),
            config: self.config.clone(),
            grade: self.grade,
            key: self.key.clone(),
            log_bucket,
            settle_seconds: self.settle_seconds(),
        }
    }
}

/// What came of the events, in the order of their times.
#[derive(Serialize)]
pub(crate) struct Report {
    version: u32,
    events: Vec<Replayed>,
}

impl Report {
    pub(crate) fn new(events: Vec<Replayed>) -> Self {
        Self { version: VERSION, events }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [mut done, mut ignored, mut others] = [0, 0, 0];
        for event in &self.events {
            match event.outcome {
                Outcome::Done => done += 1,
                Outcome::Ignored { .. } => ignored += 1,
                Outcome::DeadLetter { .. } | Outcome::NoEvent { .. } => others += 1,
            }
            writeln!(f, "{event}")?;
        }
        let all = match self.events.len() {
            1 => "1 event".to_owned(),
            all => format!("{all} events"),
        };
        writeln!(f, "{all}: {done} done, {ignored} ignored, {others} that are none")
    }
}
