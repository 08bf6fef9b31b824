//! Which link of the chain is probably broken, from what can be seen of it without waiting.

use s3guard_aws::queues::Depth;
use serde::Serialize;

/// A link of one of the two chains, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Link {
    Trail,
    TrailOrRule,
    Rule,
    Queue,
    Guard,
    Write,
    Ledger,
    ObjectRule,
    ObjectQueue,
    Notify,
    Topic,
}

/// What is known of the guard's chain after something was not seen in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is seen by itself, in any combination")]
pub(crate) struct Clues {
    /// Whether the stack's trail logs; nothing where it has none of its own, or it may not be asked.
    pub(crate) trail_logs: Option<bool>,
    /// The guard's queue; the least that was seen of each in several looks, since others' buckets change, too.
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
}

/// What is known of the chain of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ObjectClues {
    /// The queue of objects, as in [`Clues`].
    pub(crate) queue: Depth,
    /// Whether there are more dead letters than before.
    pub(crate) dead_letters: bool,
    /// Whether every change was gathered, and only the digest is missing.
    pub(crate) gathered: bool,
}

/// The first link of the guard's chain that does not hold.
pub(crate) fn broken(clues: &Clues) -> Link {
    let Clues { trail_logs, queue, dead_letters, heard, begun, failed, mended } = *clues;
    if failed {
        return Link::Write;
    }
    if begun || dead_letters || queue.in_flight > 0 {
        return Link::Guard;
    }
    if queue.waiting > 0 {
        return Link::Queue;
    }
    if mended {
        return Link::Ledger;
    }
    if heard {
        return Link::Write;
    }
    match trail_logs {
        Some(false) => Link::Trail,
        Some(true) => Link::Rule,
        None => Link::TrailOrRule,
    }
}

/// The first link of the chain of objects that does not hold.
pub(crate) fn broken_for_objects(clues: &ObjectClues) -> Link {
    let ObjectClues { queue, dead_letters, gathered } = *clues;
    if dead_letters || queue.in_flight > 0 || gathered {
        return Link::Notify;
    }
    if queue.waiting > 0 { Link::ObjectQueue } else { Link::ObjectRule }
}

impl Link {
    /// What is probably wrong.
    pub(crate) const fn says(self) -> &'static str {
        match self {
            Self::Trail => "the stack's trail does not log, so no call is told to EventBridge",
            Self::TrailOrRule => {
                "no event arrives: the trail that the stack relies on does not log write management events of this \
                 Region, or the rule `BucketChanged` is disabled or may not send to the queue"
            }
            Self::Rule => {
                "the trail logs and nothing arrives: the rule `BucketChanged` is disabled, or may not send to the \
                 queue; or CloudTrail delivers late"
            }
            Self::Queue => {
                "events wait in the guard's queue and nobody takes them out: the event source of the guard is \
                 disabled, or its concurrency is used up"
            }
            Self::Guard => "the guard takes events and does not finish with them",
            Self::Write => "the guard has looked and its write did not go through",
            Self::Ledger => "what was weakened is mended, and the ledger has no record of it",
            Self::ObjectRule => {
                "no event of the object arrives: S3 does not tell EventBridge yet, or the rule `ObjectChanged` is \
                 disabled or may not send to the queue"
            }
            Self::ObjectQueue => {
                "events of objects wait in their queue and nobody takes them out: the event source of notify is \
                 disabled, or its concurrency is used up"
            }
            Self::Notify => "notify has events of objects and does not finish with them",
            Self::Topic => "what was told does not come out of the topic",
        }
    }

    /// The commands that show more, without the stack's flags.
    pub(crate) const fn look(self) -> &'static [&'static str] {
        match self {
            Self::Trail | Self::TrailOrRule => &["doctor", "drift"],
            Self::Rule | Self::ObjectRule => &["drift", "doctor"],
            Self::Queue | Self::ObjectQueue => &["status", "drift"],
            Self::Guard | Self::Write | Self::Ledger | Self::Notify => &["logs", "status"],
            Self::Topic => &["status", "notify-test"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITING: Depth = Depth { waiting: 1, in_flight: 0, delayed: 0 };
    const IN_FLIGHT: Depth = Depth { waiting: 1, in_flight: 1, delayed: 0 };

    #[test]
    fn the_link_is_the_first_that_does_not_hold() {
        let none = Clues::default();
        for (clues, link) in [
            (none, Link::TrailOrRule),
            (Clues { trail_logs: Some(false), ..none }, Link::Trail),
            (Clues { trail_logs: Some(true), ..none }, Link::Rule),
            (Clues { trail_logs: Some(true), queue: WAITING, ..none }, Link::Queue),
            (Clues { queue: IN_FLIGHT, ..none }, Link::Guard),
            (Clues { dead_letters: true, ..none }, Link::Guard),
            (Clues { begun: true, mended: true, ..none }, Link::Guard),
            (Clues { heard: true, ..none }, Link::Write),
            (Clues { failed: true, queue: WAITING, ..none }, Link::Write),
            (Clues { mended: true, heard: true, ..none }, Link::Ledger),
            // What others' buckets have put there says nothing of ours, and yet it waits.
            (Clues { mended: true, queue: WAITING, ..none }, Link::Queue),
        ] {
            assert_eq!(broken(&clues), link, "{clues:?}");
        }
    }

    #[test]
    fn objects_have_a_chain_of_their_own() {
        let none = ObjectClues::default();
        for (clues, link) in [
            (none, Link::ObjectRule),
            (ObjectClues { queue: WAITING, ..none }, Link::ObjectQueue),
            (ObjectClues { queue: IN_FLIGHT, ..none }, Link::Notify),
            (ObjectClues { dead_letters: true, ..none }, Link::Notify),
            (ObjectClues { gathered: true, queue: WAITING, ..none }, Link::Notify),
        ] {
            assert_eq!(broken_for_objects(&clues), link, "{clues:?}");
        }
    }
}
