//! The sweep reconciles every bucket of the Region, and reports those without events.

use std::collections::BTreeSet;

use crate::config::Ending;
use crate::contract::metrics::Metric;
use crate::evaluate::coverage::{self, Mark};
use crate::events::{OwnMessage, Sweep};
use crate::notify::notification::Origin;
use crate::notify::report;
use crate::reconcile::account::CallError;
use crate::reconcile::last_sweep::{self, LastSweep};
use crate::reconcile::triage::DELAY_SECONDS_MAX;
use crate::{Account, BucketName, Mode};

use super::{Delayed, Flow, Ledger, Outgoing, Tally, TaskResult};

/// How many buckets a sweep reconciles in a second, to limit calls and emails.
const SWEPT_A_SECOND: usize = 10;
/// How many messages are sent at a time.
const QUEUED_AT_A_TIME: usize = 100;

/// The coverage of a page of buckets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Coverage {
    /// The mark that each bucket gets when it is reconciled.
    marks: Vec<Option<Mark>>,
    /// The buckets without an event. They are marked when they are reported, and not before.
    gaps: Vec<BucketName>,
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Queues a page of the Region's buckets, and the next page.
    ///
    /// If a part could not be queued, the next page starts after the last queued bucket. Reports are published before
    /// anything is queued: if that fails, the whole page is retried.
    pub(super) async fn sweep(&self, sweep: &Sweep) -> TaskResult {
        let Sweep { continuation, after, buckets: earlier } = sweep;
        let page = match self.account.list(continuation.clone()).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "the buckets could not be listed");
                return TaskResult::retry();
            }
        };
        for name in &page.strange {
            tracing::error!(name, "a bucket has an invalid name");
        }
        let mut result = TaskResult::default();
        if *sweep == Sweep::default() {
            self.announce(&mut result).await;
            if self.settings.config.account_mode() != Mode::Off {
                let account = OwnMessage::Reconcile { bucket: BucketName::account(), mark: None };
                result.retry |= !self.send_back(account.body(), 0).await;
            }
        }
        let is_new =
            |bucket: &BucketName| after.as_deref().is_none_or(|after| bucket.as_str() > after);
        let buckets: Vec<BucketName> = page.buckets.into_iter().filter(is_new).collect();
        let Coverage { marks, gaps } = self.coverage(&buckets).await;
        self.report_gaps(&gaps, &mut result).await;
        if result.retry {
            return result;
        }
        let queued = self.queue(&buckets, marks).await;
        let all = earlier + queued.err().unwrap_or(buckets.len());
        let next = match queued {
            Ok(()) => page.continuation.map(|next| {
                let next = Sweep { continuation: Some(next), after: None, buckets: all };
                (next, delay_seconds(buckets.len()))
            }),
            Err(queued) => {
                let last = queued.checked_sub(1).map(|last| buckets[last].to_string());
                let (continuation, after) = (continuation.clone(), last.or(after.clone()));
                Some((Sweep { continuation, after, buckets: all }, 0))
            }
        };
        if let Some((next, delay_seconds)) = next {
            result.retry |= !self.send_back(OwnMessage::Sweep(next).body(), delay_seconds).await;
        } else {
            self.record_end(all, &mut result.tally).await;
        }
        result
    }

    /// Records the end of a sweep with so many buckets: `s3guard status` shows it, and the next sweep is not the first.
    async fn record_end(&self, buckets: usize, tally: &mut Tally) {
        let region = self.settings.region.clone();
        let last = LastSweep { time: self.now(), buckets, region };
        if let Err(error) = self.ledger.replace(last_sweep::KEY, last.json()).await {
            tracing::error!(%error, "the ledger could not record the end of a sweep");
            tally.count(Metric::NotRecorded, 1);
        }
    }

    /// Queues buckets. If that fails, returns how many are certainly queued.
    async fn queue(&self, buckets: &[BucketName], marks: Vec<Option<Mark>>) -> Result<(), usize> {
        let messages: Vec<Delayed> = buckets
            .iter()
            .zip(marks)
            .enumerate()
            .map(|(count, (bucket, mark))| Delayed {
                body: OwnMessage::Reconcile { bucket: bucket.clone(), mark }.body(),
                delay_seconds: delay_seconds(count),
            })
            .collect();
        for (count, chunk) in messages.chunks(QUEUED_AT_A_TIME).enumerate() {
            self.outgoing.send(chunk).await.map_err(|error| {
                tracing::error!(%error, "the buckets could not be queued");
                count * QUEUED_AT_A_TIME
            })?;
        }
        tracing::info!(buckets = buckets.len(), "a page of buckets is queued");
        Ok(())
    }

    /// The origin of a sweep's notifications.
    fn origin(&self) -> Origin<'_> {
        let super::Settings { account, region, stack, .. } = self.settings;
        Origin { account, region, stack, now: self.now() }
    }

    /// Reports buckets that are gaps, and marks them in the ledger.
    async fn report_gaps(&self, gaps: &[BucketName], result: &mut TaskResult) {
        if gaps.is_empty() {
            return;
        }
        if !self.publish_or_queue(&report::coverage_gap(gaps, &self.origin())).await {
            result.retry = true;
            return;
        }
        result.tally.count(Metric::CoverageGaps, gaps.len());
        let marks = gaps.iter().map(|bucket| coverage::key(bucket, Mark::Gap)).collect();
        self.mark(marks, &mut result.tally).await;
    }

    /// The mark of each bucket, and which are gaps. Without the ledger nothing is marked or reported.
    async fn coverage(&self, buckets: &[BucketName]) -> Coverage {
        let (Some(first), Some(last)) = (buckets.iter().min(), buckets.iter().max()) else {
            return Coverage::default();
        };
        let known = async {
            let is_first = !self.ledger.has(last_sweep::KEY).await?;
            Ok::<_, L::Error>((is_first, self.ledger.marks(first, last).await?))
        };
        let (is_first, known) = match known.await {
            Ok(known) => known,
            Err(error) => {
                tracing::error!(%error, "the ledger could not be read");
                return Coverage { marks: vec![None; buckets.len()], gaps: Vec::new() };
            }
        };
        let none = BTreeSet::new();
        let mut coverage = Coverage::default();
        for bucket in buckets {
            let mark = coverage::at_sweep(known.get(bucket).unwrap_or(&none), is_first);
            if mark == Some(Mark::Gap) {
                coverage.gaps.push(bucket.clone());
            }
            coverage.marks.push(mark.filter(|mark| *mark != Mark::Gap));
        }
        coverage
    }

    /// Reports exemptions that end, once before and once after. Without the ledger a later sweep does.
    async fn announce(&self, result: &mut TaskResult) {
        let mut ending = Vec::new();
        for end in self.settings.config.ending(self.now().date()) {
            match self.ledger.has(&end.key()).await {
                Ok(false) => ending.push(end),
                Ok(true) => {}
                Err(error) => {
                    tracing::error!(%error, "the ledger could not be read");
                    result.tally.count(Metric::NotRecorded, 1);
                }
            }
        }
        if ending.is_empty() {
            return;
        }
        if self.publish_or_queue(&report::exemptions_ending(&ending, &self.origin())).await {
            self.mark(ending.iter().map(Ending::key).collect(), &mut result.tally).await;
        } else {
            result.retry = true;
        }
    }
}

/// After how many seconds the n-th bucket of a page is reconciled.
fn delay_seconds(count: usize) -> u16 {
    u16::try_from(count / SWEPT_A_SECOND).unwrap_or(DELAY_SECONDS_MAX).min(DELAY_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_reconciled_at_a_limited_pace() {
        assert_eq!([0, 9, 10, 999, 1_000, 100_000].map(delay_seconds), [0, 0, 1, 99, 100, 900]);
    }
}
