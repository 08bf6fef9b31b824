//! What is counted.

use std::collections::BTreeMap;

use crate::contract::metrics::Metric;

/// What a run came to, in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// How often something happened; nothing that never did.
    pub counts: BTreeMap<Metric, usize>,
    /// From the event to the last write, in milliseconds, for each bucket that an event led to.
    pub times_to_protect_milliseconds: Vec<f64>,
}

impl Tally {
    /// Counts something so many times.
    pub fn count(&mut self, metric: Metric, times: usize) {
        if times > 0 {
            *self.counts.entry(metric).or_default() += times;
        }
    }

    /// Adds what another part of the run came to.
    pub fn add(&mut self, other: Self) {
        for (metric, times) in other.counts {
            self.count(metric, times);
        }
        self.times_to_protect_milliseconds.extend(other.times_to_protect_milliseconds);
    }
}
