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

use s3guard_posture::config::{Config, Extent, Occasion, Selection};
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::setting::Tags;
use s3guard_posture::{
    AccountId, Baseline, BucketId, BucketName, Grade, KeyArn, Mode, Region, Trigger,
};
use time::{Date, OffsetDateTime};

pub(crate) use parse::parse;
pub(crate) use recorded::Recorded;
pub(crate) use replayed::{Channel, Outcome, Replayed};

/// What is wanted of a bucket with these tags, looked at for this reason, after so many attempts, on this day.
pub(crate) trait Wanted:
    Fn(&BucketId, &Reading<Tags>, (&Trigger, u32), Date) -> Baseline + Sync
{
}

impl<F> Wanted for F where F: Fn(&BucketId, &Reading<Tags>, (&Trigger, u32), Date) -> Baseline + Sync
{}

/// Where and for whom events are replayed.
#[derive(Clone, Debug)]
pub(crate) struct Scene<B> {
    /// The guard's account.
    pub(crate) account: AccountId,
    /// The guard's Region; without one there is a guard in each.
    pub(crate) region: Option<Region>,
    /// What the names of the stack's own buckets begin with.
    pub(crate) bucket_prefix: String,
    /// The time of what has none of its own. An event that has one comes at that time.
    pub(crate) now: OffsetDateTime,
    /// How long a new bucket is left to whoever is setting it up.
    pub(crate) settle_seconds: u16,
    /// What is done about the account's public access block.
    pub(crate) account_mode: Mode,
    /// Which objects are told of.
    pub(crate) selection: Selection,
    /// What is wanted of a bucket.
    pub(crate) baseline: B,
}

/// Replays events in the order of their times; those without a time come with the one before them.
pub(crate) fn run<B>(recorded: &[Recorded], scene: &Scene<B>) -> Vec<Replayed>
where
    B: Wanted,
{
    stage::run(recorded, scene)
}

/// What the stack wants of a bucket, by its parameters and its configuration.
pub(crate) fn stack_baseline(
    config: Config,
    (grade, key): (Option<Grade>, Option<KeyArn>),
    bucket_prefix: String,
) -> impl Wanted {
    move |id, tags, (trigger, attempt), today| {
        let own = |purpose: &str| -> Option<BucketName> {
            let name = format!("{bucket_prefix}-{purpose}-{}-{}-an", id.account, id.region);
            name.parse().ok()
        };
        let log_bucket = own("logs").map(|name| BucketId { name, ..id.clone() });
        let occasion = Occasion {
            extent: Extent::of(trigger),
            moment: trigger.moment(attempt),
            today,
            default_grade: grade,
            default_key: key.clone(),
            log_bucket,
            own_buckets: ["ledger", "logs", "trail"].into_iter().filter_map(own).collect(),
        };
        config.baseline(id, tags, &occasion)
    }
}
