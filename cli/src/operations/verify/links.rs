//! Which link of the chain is probably broken, from what can be seen of it without waiting.

use s3guard_aws::queues::Depth;
use serde::{Serialize, Serializer};

/// A link of a chain.
#[derive(Debug)]
pub(crate) struct Link {
    name: &'static str,
    /// Whether it is the first that does not hold, if all before it do.
    is_broken: fn(&Clues) -> bool,
    /// What is probably wrong.
    pub(crate) says: &'static str,
    /// The commands that show more, without the stack's flags.
    pub(crate) look: &'static [&'static str],
}

/// What is known of a chain after something was not seen in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is seen by itself, in any combination")]
pub(crate) struct Clues {
    /// Whether the stack's trail logs; nothing where it has none of its own, or it may not be asked.
    pub(crate) trail_logs: Option<bool>,
    /// The chain's queue; the least that was seen of each in several looks, since others' buckets change, too.
    pub(crate) queue: Depth,
    /// Whether there are more dead letters than before.
    pub(crate) dead_letters: bool,
    /// Whether the guard has marked the canary as heard of, and what is missing is its first look.
    pub(crate) heard: bool,
    /// Whether the ledger has a record that was begun and not ended.
    pub(crate) begun: bool,
    /// Whether the ledger has a record of a write that failed.
    pub(crate) failed: bool,
    /// Whether the setting is as wanted, and only the record is missing.
    pub(crate) mended: bool,
    /// Whether every change of an object was gathered, and only the digest is missing.
    pub(crate) gathered: bool,
}

impl Clues {
    /// Whether messages are taken from the queue and not handled.
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
        look: &'static [&'static str],
        says: &'static str,
    ) -> Self {
        Self { name, is_broken, says, look }
    }
}

const LOGS: &[&str] = &["logs", "status"];
const STATUS: &[&str] = &["status", "status --drift"];
const DOCTOR: &[&str] = &["doctor", "status --drift"];
const DRIFT: &[&str] = &["status --drift", "doctor"];
const NO_WRITE: &str = "the guard has looked and its write did not go through";

/// The links that bring a bucket to its grade, in the order in which they are judged.
pub(crate) const GUARD: &[Link] = &[
    Link::new("write", |clues| clues.failed, LOGS, NO_WRITE),
    Link::new(
        "guard",
        |clues| clues.begun || clues.is_stuck(),
        LOGS,
        "the guard takes events and does not finish with them",
    ),
    Link::new(
        "queue",
        Clues::is_waiting,
        STATUS,
        "events wait in the guard's queue and nobody takes them out: the event source of the guard is disabled, or its \
         concurrency is used up",
    ),
    Link::new(
        "ledger",
        |clues| clues.mended,
        LOGS,
        "what was weakened is mended, and the ledger has no record of it",
    ),
    Link::new("write", |clues| clues.heard, LOGS, NO_WRITE),
    Link::new(
        "trail",
        |clues| clues.trail_logs == Some(false),
        DOCTOR,
        "the stack's trail does not log, so no call is told to EventBridge",
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

/// The links that tell of changes of objects.
pub(crate) const OBJECTS: &[Link] = &[
    Link::new(
        "notify",
        |clues| clues.gathered || clues.is_stuck(),
        LOGS,
        "notify has events of objects and does not finish with them",
    ),
    Link::new(
        "object-queue",
        Clues::is_waiting,
        STATUS,
        "events of objects wait in their queue and nobody takes them out: the event source of notify is disabled, or \
         its concurrency is used up",
    ),
    Link::new(
        "object-rule",
        |_| true,
        DRIFT,
        "no event of the object arrives: S3 does not tell EventBridge yet, or the rule `ObjectChanged` is disabled or \
         may not send to the queue",
    ),
];

/// The one link that every notice goes through.
pub(crate) const TOPIC: &[Link] = &[Link::new(
    "topic",
    |_| true,
    &["status", "notify-test"],
    "what was told does not come out of the topic",
)];

/// The first link that does not hold; the last of every chain is what remains.
pub(crate) fn broken(chain: &'static [Link], clues: &Clues) -> Option<&'static Link> {
    chain.iter().find(|link| (link.is_broken)(clues))
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
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
            (Clues { begun: true, mended: true, ..none }, "guard"),
            (Clues { heard: true, ..none }, "write"),
            (Clues { failed: true, queue: WAITING, ..none }, "write"),
            (Clues { mended: true, heard: true, ..none }, "ledger"),
            // What others' buckets have put there says nothing of ours, and yet it waits.
            (Clues { mended: true, queue: WAITING, ..none }, "queue"),
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
            (Clues { gathered: true, queue: WAITING, ..none }, "notify"),
        ] {
            check(OBJECTS, &clues, link);
        }
    }
}
