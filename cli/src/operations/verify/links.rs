//! Which link of the chain is probably broken, from what is known without waiting.

use s3guard_aws::queues::Depth;
use s3guard_aws::wait::Pace;
use s3guard_aws::{Queue, canary};
use s3guard_posture::contract::{output, parameter};

use crate::operations::deploy::trail;
use crate::operations::verify::report::StepStatus;
use crate::operations::verify::run::VerifyRun;

/// How often a queue's depth is read: messages that stay are not received, others have just come from other buckets.
const LOOKS: u32 = 3;

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) name: &'static str,
    /// Whether it is the broken one, if none before it is.
    is_broken: fn(&Clues) -> bool,
    pub(crate) text: &'static str,
    /// The commands that show more, without the stack's flags.
    pub(crate) commands: &'static [&'static str],
}

/// What is known of a chain after something was not seen in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "any combination is possible")]
pub(crate) struct Clues {
    /// Whether the stack's trail logs; `None` if it has none of its own, or its status may not be read.
    pub(crate) trail_logs: Option<bool>,
    /// The chain's queue; the least of several counts.
    pub(crate) queue: Depth,
    /// Whether there are more dead letters than before.
    pub(crate) dead_letters: bool,
    /// Whether the guard has received an event of the canary, and not brought it to its grade.
    pub(crate) received: bool,
    /// Whether the ledger has a record that was begun and not ended.
    pub(crate) begun: bool,
    /// Whether the ledger has a record of a write that failed.
    pub(crate) failed: bool,
    /// Whether the setting is as wanted, and only the record is missing.
    pub(crate) remediated: bool,
    /// Whether every change of an object was recorded, and only the digest is missing.
    pub(crate) recorded: bool,
}

impl Clues {
    /// Whether messages are received from the queue and not handled.
    fn is_stuck(&self) -> bool {
        self.dead_letters || self.queue.in_flight > 0
    }

    fn is_waiting(&self) -> bool {
        self.queue.waiting > 0
    }
}

impl Link {
    const fn new(
        name: &'static str,
        is_broken: fn(&Clues) -> bool,
        commands: &'static [&'static str],
        text: &'static str,
    ) -> Self {
        Self { name, is_broken, text, commands }
    }
}

const LOGS: &[&str] = &["logs", "status"];
const STATUS: &[&str] = &["status", "status --drift"];
const DOCTOR: &[&str] = &["doctor", "status --drift"];
const DRIFT: &[&str] = &["status --drift", "doctor"];
const NO_WRITE: &str = "the guard has received the event, and its write failed";

/// The links that bring a bucket to its grade, in the order in which they are judged.
pub(crate) const GUARD: &[Link] = &[
    Link::new("write", |clues| clues.failed, LOGS, NO_WRITE),
    Link::new(
        "guard",
        |clues| clues.begun || clues.is_stuck(),
        LOGS,
        "the guard receives events and does not complete them",
    ),
    Link::new(
        "queue",
        Clues::is_waiting,
        STATUS,
        "events wait in the guard's queue: the event source of the guard is disabled, or its concurrency is used up",
    ),
    Link::new(
        "ledger",
        |clues| clues.remediated,
        LOGS,
        "the setting was remediated, and the ledger has no record of it",
    ),
    Link::new("write", |clues| clues.received, LOGS, NO_WRITE),
    Link::new(
        "trail",
        |clues| clues.trail_logs == Some(false),
        DOCTOR,
        "the stack's trail does not log, so EventBridge gets no events of calls",
    ),
    Link::new(
        "rule",
        |clues| clues.trail_logs == Some(true),
        DRIFT,
        "the trail logs and nothing arrives: the rule `BucketChanged` is disabled, or may not send to the queue; or \
         CloudTrail delivers late",
    ),
    Link::new(
        "trail-or-rule",
        |_| true,
        DOCTOR,
        "no event arrives: the trail that the stack relies on does not log write management events of this Region, or \
         the rule `BucketChanged` is disabled or may not send to the queue",
    ),
];

const OBJECTS: &[Link] = &[
    Link::new(
        "notify",
        |clues| clues.recorded || clues.is_stuck(),
        LOGS,
        "the notify function receives events of objects and does not complete them",
    ),
    Link::new(
        "object-queue",
        Clues::is_waiting,
        STATUS,
        "events of objects wait in their queue: the event source of the notify function is disabled, or its \
         concurrency is used up",
    ),
    Link::new(
        "object-rule",
        |_| true,
        DRIFT,
        "no event of the object arrives: S3 does not send events to EventBridge yet, or the rule `ObjectChanged` is disabled or \
         may not send to the queue",
    ),
];

const TOPIC: &[Link] = &[Link::new(
    "topic",
    |_| true,
    &["status", "notify-test"],
    "the topic does not deliver what was published",
)];

/// What a chain is made of.
struct Parts {
    links: &'static [Link],
    /// The first words of the names of the steps that prove it.
    steps: &'static [&'static str],
    /// The outputs of its queue and of the dead-letter queue.
    queues: [&'static str; 2],
}

/// From a call to the bucket's grade, from a change of an object to its digest, and the topic.
const CHAINS: [Parts; 3] = [
    Parts {
        links: GUARD,
        steps: &["protect", "remediate"],
        queues: [output::GUARD_QUEUE_URL, output::GUARD_DLQ_URL],
    },
    Parts {
        links: OBJECTS,
        steps: &["record", "publish"],
        queues: [output::OBJECT_QUEUE_URL, output::OBJECT_DLQ_URL],
    },
    Parts { links: TOPIC, steps: &["notify"], queues: [""; 2] },
];

pub(crate) struct Chain {
    parts: Parts,
    queue: Option<Queue>,
    dead_letters: Option<Queue>,
    /// How many dead letters there were before; `None` without the permission to count them.
    dead_before: Option<u64>,
    pub(crate) clues: Clues,
}

impl Chain {
    /// The chains of [`CHAINS`].
    pub(crate) async fn all(run: &VerifyRun<'_>) -> [Self; 3] {
        let mut all = CHAINS.map(|parts| {
            let [queue, dead_letters] = parts.queues.map(|output| {
                Some(Queue::new(&run.account.connection, run.stack.outputs.get(output)?))
            });
            Self { parts, queue, dead_letters, dead_before: None, clues: Clues::default() }
        });
        for chain in &mut all {
            chain.dead_before = chain.count_dead().await;
        }
        all
    }

    async fn count_dead(&self) -> Option<u64> {
        Some(self.dead_letters.as_ref()?.depth().await.ok()?.waiting)
    }

    /// The link that is probably broken, if a step of the chain was not seen.
    pub(crate) async fn judge(
        &mut self,
        run: &VerifyRun<'_>,
    ) -> anyhow::Result<Option<&'static Link>> {
        let is_missed = run.steps.borrow().iter().any(|step| {
            matches!(step.state, StepStatus::Late | StepStatus::Failed)
                && step.name.split(':').next().is_some_and(|word| self.parts.steps.contains(&word))
        });
        if !is_missed {
            return Ok(None);
        }
        let mode = run.stack.parameters.get(parameter::TRAIL_MODE);
        if self.queue.is_some() && mode.is_none_or(|mode| mode == "create") {
            let trail = trail::own_name(&run.stack.parameters, run.id.region.as_str());
            // Without the permission, both the trail and the rule are named.
            self.clues.trail_logs = canary::is_logging(&run.account.connection, &trail).await.ok();
        }
        let dead = self.count_dead().await.zip(self.dead_before);
        self.clues.dead_letters = dead.is_some_and(|(now, before)| now > before);
        if let Some(queue) = &self.queue {
            let mut pace = Pace::default();
            let mut depths = Vec::new();
            for _ in 0..LOOKS {
                depths.extend(queue.depth().await.ok());
                run.pause(&mut pace).await?;
            }
            let least = |of: fn(&Depth) -> u64| depths.iter().map(of).min().unwrap_or_default();
            self.clues.queue = Depth {
                waiting: least(|depth| depth.waiting),
                in_flight: least(|depth| depth.in_flight),
                delayed: least(|depth| depth.delayed),
            };
        }
        Ok(broken(self.parts.links, &self.clues))
    }
}

/// The first broken link; the last one of every chain is what remains.
fn broken(chain: &'static [Link], clues: &Clues) -> Option<&'static Link> {
    chain.iter().find(|link| (link.is_broken)(clues))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITING: Depth = Depth { waiting: 1, in_flight: 0, delayed: 0 };
    const IN_FLIGHT: Depth = Depth { waiting: 1, in_flight: 1, delayed: 0 };

    #[track_caller]
    fn check(chain: &'static [Link], clues: &Clues, name: &str) {
        assert_eq!(broken(chain, clues).unwrap().name, name, "{clues:?}");
    }

    #[test]
    fn the_link_is_the_first_that_does_not_hold() {
        let none = Clues::default();
        for (clues, link) in [
            (none, "trail-or-rule"),
            (Clues { trail_logs: Some(false), ..none }, "trail"),
            (Clues { trail_logs: Some(true), ..none }, "rule"),
            (Clues { trail_logs: Some(true), queue: WAITING, ..none }, "queue"),
            (Clues { queue: IN_FLIGHT, ..none }, "guard"),
            (Clues { dead_letters: true, ..none }, "guard"),
            (Clues { begun: true, remediated: true, ..none }, "guard"),
            (Clues { received: true, ..none }, "write"),
            (Clues { failed: true, queue: WAITING, ..none }, "write"),
            (Clues { remediated: true, received: true, ..none }, "ledger"),
            // What others' buckets have put there says nothing of ours, and yet it waits.
            (Clues { remediated: true, queue: WAITING, ..none }, "queue"),
        ] {
            check(GUARD, &clues, link);
        }
    }

    #[test]
    fn objects_have_a_chain_of_their_own() {
        let none = Clues::default();
        for (clues, link) in [
            (none, "object-rule"),
            (Clues { queue: WAITING, ..none }, "object-queue"),
            (Clues { queue: IN_FLIGHT, ..none }, "notify"),
            (Clues { dead_letters: true, ..none }, "notify"),
            (Clues { recorded: true, queue: WAITING, ..none }, "notify"),
        ] {
            check(OBJECTS, &clues, link);
        }
    }
}
