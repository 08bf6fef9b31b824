//! The event of a new bucket.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rounds::rounds;
use crate::stage::BUCKET;
use crate::stage::events::{created, queued};
use crate::stage::fake_aws::FakeAws;
use crate::stage::figures::milliseconds;
use crate::stage::programs::{self, PATIENCE, Package, Python};
use crate::stage::world::{Call, What, World};

/// The delay of each response, so that waiting outweighs computing.
pub(crate) const DELAY: Duration = Duration::from_millis(50);

/// What must have been put: a setting, and a part of its document.
type Part = (&'static str, &'static str);

const TLS: Part = ("policy", "aws:SecureTransport");
const EVENTS: Part = ("notification", "EventBridgeConfiguration");
const VERSIONS: Part = ("versioning", "Enabled");
const LOGS: Part = ("logging", "TargetBucket");

/// A program that handles the event.
pub(crate) struct Candidate<'a> {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether it is ours.
    pub(crate) is_ours: bool,
    command: Box<dyn Fn() -> Command + 'a>,
    handler: &'static str,
    event: Value,
    /// The settings that it must have put.
    puts: &'static [Part],
}

/// The measurements of one event. Times are in milliseconds since the event's delivery.
pub(crate) struct Sample {
    /// The rounds before the first write.
    pub(crate) rounds: usize,
    /// The number of settings of the bucket that were read before.
    pub(crate) gets_before: usize,
    /// The number of settings that were read in total.
    pub(crate) gets: usize,
    /// The number of settings that were written.
    pub(crate) puts: usize,
    /// All calls.
    pub(crate) calls: usize,
    /// When the first setting was written.
    pub(crate) first_write: f64,
    /// When the last setting was written.
    pub(crate) last_write: f64,
    /// When the function answered.
    pub(crate) answered: f64,
    /// The calls of each round.
    pub(crate) asked: Vec<Vec<What>>,
}

/// The guard at each grade, and a handler that makes one call after the other.
pub(crate) fn candidates<'a>(
    package: &'a Package,
    python: Option<&'a Python>,
) -> Vec<Candidate<'a>> {
    let grade = |name, grade: &'static str, puts| Candidate {
        name,
        is_ours: true,
        command: Box::new(move || package.guard(grade)),
        handler: "guard",
        event: queued(&[created().to_string()]),
        puts,
    };
    let one_by_one = python.map(|python| Candidate {
        name: "one by one (Custodian's calls)",
        is_ours: false,
        command: Box::new(move || python.function("one_by_one.handler")),
        handler: "one_by_one.handler",
        event: created(),
        puts: &[("encryption", ">AES256<")],
    });
    let mut candidates = vec![
        grade("s3guard, speed", "speed", &[TLS, EVENTS]),
        grade("s3guard, hybrid", "hybrid", &[TLS, ("encryption", ">aws:kms<"), VERSIONS, EVENTS]),
        grade(
            "s3guard, security",
            "security",
            &[TLS, ("encryption", ">aws:kms:dsse<"), VERSIONS, LOGS, EVENTS],
        ),
    ];
    candidates.extend(one_by_one);
    candidates
}

/// Sends the event to a new process.
pub(crate) fn measure(candidate: &Candidate<'_>, aws: &FakeAws) -> Result<Sample, String> {
    let failed = |error: String| format!("{}: {error}", candidate.name);
    *aws.world() = World { delay: DELAY, ..World::new(vec![BUCKET.to_owned()]) };
    let command = (candidate.command)();
    let mut function = programs::start(command, candidate.handler, aws).map_err(failed)?;
    function.wait_until_ready(PATIENCE).map_err(|error| failed(error.to_string()))?;
    let begun = Instant::now();
    programs::invoke(&mut function, &candidate.event).map_err(failed)?;
    let answered = begun.elapsed();
    let world = aws.world();
    // Otherwise a program that does nothing would be the fastest.
    for (setting, part) in candidate.puts {
        if !world.last_put(BUCKET, setting).is_some_and(|put| put.contains(part)) {
            return Err(failed(format!("it has not put `{part}` into {setting}")));
        }
    }
    let mut calls = world.calls.clone();
    calls.sort_by_key(|call| call.came);
    sample(&calls, begun, answered).ok_or_else(|| failed("it wrote nothing".to_owned()))
}

fn sample(calls: &[Call], begun: Instant, answered: Duration) -> Option<Sample> {
    let is_get = |call: &&Call| matches!(call.what, What::Get(_));
    let is_put = |call: &Call| matches!(call.what, What::Put(_));
    let rounds = rounds(calls);
    let first = calls.iter().position(is_put)?;
    let last = calls.iter().rposition(is_put)?;
    let at = |index: usize| milliseconds(calls[index].answered - begun);
    let mut asked = vec![Vec::new(); rounds.iter().copied().max()?];
    for (call, round) in calls.iter().zip(&rounds) {
        asked[round - 1].push(call.what.clone());
    }
    Some(Sample {
        rounds: rounds[first] - 1,
        gets_before: calls[..first].iter().filter(is_get).count(),
        gets: calls.iter().filter(is_get).count(),
        puts: calls.iter().filter(|call| is_put(call)).count(),
        calls: calls.len(),
        first_write: at(first),
        last_write: at(last),
        answered: milliseconds(answered),
        asked,
    })
}
