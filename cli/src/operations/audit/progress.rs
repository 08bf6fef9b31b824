//! How far the audit is: a line that changes on a terminal, else a line now and then.

use std::time::{Duration, Instant};

use s3guard_audit::report::BucketCounts;
use s3guard_aws::survey::Rate;

use crate::ui::output::{Output, Part};
use crate::ui::text::TextLine;

/// How often the line on a terminal changes at most.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// How often a line is written elsewhere.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// The progress of the audit; dropping it removes its line.
pub(super) struct Progress<'a> {
    output: &'a Output,
    part: Option<Part>,
    begun: Instant,
    last: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        let begun = Instant::now();
        Self { output, part: output.part(), begun, last: begun }
    }

    /// Whether a person watches it.
    pub(super) fn is_live(&self) -> bool {
        self.part.is_some()
    }

    /// Shows how many buckets are audited.
    pub(super) fn show(&mut self, counts: BucketCounts, rate: Rate) {
        let pause = if self.part.is_some() { DRAWN_EVERY } else { SAID_EVERY };
        if self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        let line = line(counts, rate, self.begun.elapsed());
        match &self.part {
            Some(part) => part.show(&[TextLine::from(line)], self.output.paint()),
            None => self.output.say(line),
        }
    }
}

fn line(counts: BucketCounts, rate: Rate, elapsed: Duration) -> String {
    let done = counts.audited + counts.gone;
    let millis = usize::try_from(elapsed.as_millis()).unwrap_or(usize::MAX).max(1);
    let each_second = done.saturating_mul(1000) / millis;
    let slowed = match rate.throttles {
        0 => String::new(),
        throttles => format!(", slowed down by S3 {throttles} times"),
    };
    let listed = counts.listed;
    format!(
        "{done} of {listed} buckets audited, {each_second} a second, {} calls{slowed}",
        rate.calls
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is_and_how_fast() {
        let counts = BucketCounts { listed: 1000, audited: 119, gone: 1, with_findings: 0 };
        let rate = Rate { calls: 815, throttles: 0 };
        let words = line(counts, rate, Duration::from_secs(4));
        assert_eq!(words, "120 of 1000 buckets audited, 30 a second, 815 calls");
        let slow = line(counts, Rate { throttles: 3, ..rate }, Duration::ZERO);
        assert!(slow.ends_with("815 calls, slowed down by S3 3 times"), "{slow}");
    }
}
