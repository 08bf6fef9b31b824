//! The figures: medians and targets.

use std::collections::BTreeMap;
use std::{fmt, io};

use serde_json::{Value, json};

use crate::event::{Candidate, DELAY};
use crate::stage::figures::{mebibytes, median, met, milliseconds, number};
use crate::{compliant, event, sweep};

/// A bucket is remediated after at most this many rounds of reads.
const ROUNDS_MAX: f64 = 3.0;
/// Before the remediation, at most this many of its settings are read.
const GETS_MAX: f64 = 7.0;
/// The memory of a sweep may grow by this factor while the number of buckets grows tenfold.
const GROWTH_MAX: f64 = 1.2;

/// All samples.
pub(crate) struct Report {
    /// The name, whether it is ours, and the measurements of its events.
    events: Vec<(&'static str, bool, Vec<event::Sample>)>,
    sweeps: Vec<sweep::Sample>,
    compliant: Vec<compliant::Sample>,
}

impl Report {
    pub(crate) fn new(candidates: &[Candidate<'_>]) -> Self {
        let events = candidates.iter().map(|one| (one.name, one.is_ours, Vec::new())).collect();
        Self { events, sweeps: Vec::new(), compliant: Vec::new() }
    }

    /// Adds a run.
    pub(crate) fn add(
        &mut self,
        events: Vec<event::Sample>,
        sweep: sweep::Sample,
        compliant: compliant::Sample,
    ) {
        for ((_, _, samples), sample) in self.events.iter_mut().zip(events) {
            samples.push(sample);
        }
        self.sweeps.push(sweep);
        self.compliant.push(compliant);
    }

    /// The counts that are the same on every machine. A late call can only add a round, so the minimum counts.
    pub(crate) fn counts(&self) -> Value {
        let mut counts = serde_json::Map::new();
        for (name, _, samples) in self.events.iter().filter(|(_, is_ours, _)| *is_ours) {
            let fewest = |of: fn(&event::Sample) -> usize| samples.iter().map(of).min();
            let event = json!({
                "roundsBeforeWrite": fewest(|sample| sample.rounds),
                "rounds": fewest(|sample| sample.asked.len()),
                "getsBeforeWrite": fewest(|sample| sample.gets_before),
                "gets": fewest(|sample| sample.gets),
                "puts": fewest(|sample| sample.puts),
                "calls": fewest(|sample| sample.calls),
            });
            counts.insert(format!("event of a new bucket ({name})"), event);
        }
        let sweep = |of: fn(&sweep::Sample) -> usize| self.sweeps.iter().map(of).min();
        let calls = json!({
            "calls": sweep(|sweep| sweep.calls),
            "callsOfFirstPage": sweep(|sweep| sweep.calls_first),
        });
        counts.insert(format!("sweep of {} buckets", sweep::BUCKETS), calls);
        let compliant = self.compliant.iter().map(|compliant| compliant.calls).min();
        counts.insert(
            format!("reconciliations of {} buckets", compliant::BUCKETS),
            json!({ "calls": compliant }),
        );
        counts.into()
    }

    /// Whether all targets are met.
    pub(crate) fn is_good(&self) -> bool {
        self.is_shallow() && self.asks_little() && self.growth() <= GROWTH_MAX
    }

    /// Shows the calls of each round of the last run.
    pub(crate) fn show_calls(&self, out: &mut impl io::Write) -> io::Result<()> {
        for (name, _, samples) in &self.events {
            writeln!(out, "{name}")?;
            let Some(sample) = samples.last() else { continue };
            for (round, asked) in sample.asked.iter().enumerate() {
                let mut counted: BTreeMap<String, usize> = BTreeMap::new();
                for what in asked {
                    *counted.entry(what.to_string()).or_default() += 1;
                }
                let words = counted.into_iter().map(|(what, count)| match count {
                    1 => what,
                    count => format!("{what} ×{count}"),
                });
                writeln!(out, "{:>4}  {}", round + 1, words.collect::<Vec<_>>().join(", "))?;
            }
        }
        writeln!(out)
    }

    fn ours(&self) -> impl Iterator<Item = &[event::Sample]> {
        self.events.iter().filter(|(_, is_ours, _)| *is_ours).map(|(_, _, samples)| &samples[..])
    }

    fn is_shallow(&self) -> bool {
        self.ours().all(|samples| median(samples, |sample| number(sample.rounds)) <= ROUNDS_MAX)
    }

    fn asks_little(&self) -> bool {
        self.ours().all(|samples| median(samples, |sample| number(sample.gets_before)) <= GETS_MAX)
    }

    /// The ratio of the memory of a sweep's last page to that of its first.
    fn growth(&self) -> f64 {
        median(&self.sweeps, |sweep| {
            mebibytes(sweep.memory_bytes_last) / mebibytes(sweep.memory_bytes_first)
        })
    }

    fn write_events(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "event: a bucket was created. Each response takes {} ms; times are in ms since the event's delivery.\n",
            DELAY.as_millis()
        )?;
        let before = ["rounds", "GETs", "1st write", "ratio"].map(|name| format!("{name:>10}"));
        let after = ["last", "answer", "GETs", "PUTs", "calls"].map(|name| format!("{name:>8}"));
        writeln!(f, "{:<32}{:>20}{:>31}", "", "before remediation", "total")?;
        writeln!(f, "{:<32}{}{}", "", before.concat(), after.concat())?;
        let first_write =
            |samples: &[_]| median(samples, |sample: &event::Sample| sample.first_write);
        let other = self.events.iter().find(|(_, is_ours, _)| !is_ours);
        let slowest = other.map_or(f64::NAN, |(_, _, samples)| first_write(samples));
        for (name, _, samples) in &self.events {
            let figure = |of: fn(&event::Sample) -> usize| median(samples, |one| number(of(one)));
            writeln!(
                f,
                "{name:<32}{:>10}{:>10}{:>10.0}{:>10.1}{:>8.0}{:>8.0}{:>8}{:>8}{:>8}",
                figure(|sample| sample.rounds),
                figure(|sample| sample.gets_before),
                first_write(samples),
                slowest / first_write(samples),
                median(samples, |sample| sample.last_write),
                median(samples, |sample| sample.answered),
                figure(|sample| sample.gets),
                figure(|sample| sample.puts),
                figure(|sample| sample.calls),
            )?;
        }
        let (rounds, gets) = (met(self.is_shallow()), met(self.asks_little()));
        writeln!(
            f,
            "\nThe last one makes Custodian's calls and does none of its other work. It only sets the encryption; the guard sets\n\
             everything that the grade requires, verifies its writes, records them, and notifies the owner.\n\n\
             at most {ROUNDS_MAX} rounds before the remediation of a bucket: {rounds}\n\
             at most {GETS_MAX} of its settings read before: {gets}"
        )
    }

    fn write_sweeps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nsweep: buckets are listed and queued, {} at a time.\n", sweep::PAGE)?;
        writeln!(f, "{:<32}{:>10}{:>10}{:>10}", "", "peak MiB", "ms", "calls")?;
        let memory = |of: fn(&sweep::Sample) -> u64| median(&self.sweeps, |one| mebibytes(of(one)));
        writeln!(
            f,
            "{:<32}{:>10.1}{:>10.0}{:>10}",
            format!("after {} buckets", sweep::PAGE),
            memory(|sweep| sweep.memory_bytes_first),
            median(&self.sweeps, |sweep| milliseconds(sweep.first)),
            median(&self.sweeps, |sweep| number(sweep.calls_first)),
        )?;
        writeln!(
            f,
            "{:<32}{:>10.1}{:>10.0}{:>10}",
            format!("after {} buckets", sweep::BUCKETS),
            memory(|sweep| sweep.memory_bytes_last),
            median(&self.sweeps, |sweep| milliseconds(sweep.took)),
            median(&self.sweeps, |sweep| number(sweep.calls)),
        )?;
        let ratio = |of: fn(&sweep::Sample) -> f64| median(&self.sweeps, of);
        writeln!(
            f,
            "{:<32}{:>10.2}{:>10.1}{:>10.1}",
            "ratio",
            self.growth(),
            ratio(|sweep| sweep.took.as_secs_f64() / sweep.first.as_secs_f64()),
            ratio(|sweep| number(sweep.calls) / number(sweep.calls_first)),
        )?;
        let grown = met(self.growth() <= GROWTH_MAX);
        writeln!(
            f,
            "\neach bucket was queued exactly once\nmemory grows at most {GROWTH_MAX} times: {grown}"
        )
    }

    fn write_looks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let buckets = number(compliant::BUCKETS);
        writeln!(
            f,
            "\nreconciliations: {} compliant buckets, ten at a time.\n",
            compliant::BUCKETS
        )?;
        writeln!(f, "{:<32}{:>10}{:>10}{:>12}", "", "peak MiB", "per second", "calls each")?;
        writeln!(
            f,
            "{:<32}{:>10.1}{:>10.0}{:>12.2}",
            "s3guard, speed",
            median(&self.compliant, |compliant| mebibytes(compliant.memory_bytes)),
            median(&self.compliant, |compliant| buckets / compliant.took.as_secs_f64()),
            median(&self.compliant, |compliant| number(compliant.calls) / buckets),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Medians of {} runs; AWS is on loopback behind TLS 1.3.\n",
            self.compliant.len()
        )?;
        self.write_events(f)?;
        self.write_sweeps(f)?;
        self.write_looks(f)
    }
}
