//! The sweep reconciles every bucket of the Region, and reports those without events.

use std::collections::BTreeSet;

use crate::contract::ledger::STATE;
use crate::contract::metrics::Metric;
use crate::evaluate::coverage::{self, Known};
use crate::events::{OwnMessage, Sweep};
use crate::notify::report;
use crate::reconcile::account::{CallError, Page};
use crate::reconcile::last_sweep::{self, LastSweep};
use crate::reconcile::ledger::{Condition, ForeignObject, KeyRange, Stored};
use crate::reconcile::state;
use crate::reconcile::triage::DELAY_SECONDS_MAX;
use crate::{Account, BucketName, Mode};

use super::{Delayed, Flow, Ledger, Outgoing, Tally, TaskResult};

/// How many buckets a sweep reconciles in a second, to limit calls and emails.
const SWEPT_A_SECOND: usize = 10;
/// How many messages are sent at a time.
const QUEUED_AT_A_TIME: usize = 100;

/// The coverage of a page of buckets.
#[derive(Debug, Default)]
struct Coverage {
    /// Whether no sweep has ended yet.
    is_first: bool,
    /// How each bucket becomes known, if it has no state.
    known: Vec<Option<Known>>,
}

/// What the ledger says by an object of its guard.
enum Said {
    Yes,
    No,
    Foreign(ForeignObject),
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
                let mut tally = Tally::default();
                tally.count(Metric::Failed, 1);
                let retry = error.refusal().is_none();
                return TaskResult { tally, retry, ..TaskResult::default() };
            }
        };
        for name in &page.strange {
            tracing::error!(name, "a bucket has an invalid name");
        }
        let mut result = TaskResult::default();
        if *sweep == Sweep::default() {
            self.close_forgotten().await;
            self.note_subscribed(&mut result.tally).await;
            self.announce(&mut result).await;
            self.report_unguarded(&mut result).await;
            if self.settings.config.account_mode() != Mode::Off {
                let account = OwnMessage::Reconcile { bucket: BucketName::account(), known: None };
                result.retry |= !self.send_back(account.body(), 0).await;
            }
        }
        let is_first_page = *sweep == Sweep::default();
        let is_new =
            |bucket: &BucketName| after.as_deref().is_none_or(|after| bucket.as_str() > after);
        let buckets: Vec<BucketName> =
            page.buckets.iter().filter(|bucket| is_new(bucket)).cloned().collect();
        let Coverage { is_first, known } =
            self.coverage(&buckets, &page, is_first_page, &mut result).await;
        self.report_gaps(&buckets, &known, &mut result).await;
        if result.retry {
            return result;
        }
        let queued = self.queue(&buckets, known).await;
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
            self.record_end(all, is_first, &mut result.tally).await;
        }
        result
    }

    /// Records the end of a sweep with so many buckets: `s3guard status` shows it, and the next sweep is not the first.
    async fn record_end(&self, buckets: usize, is_first: bool, tally: &mut Tally) {
        let region = self.settings.region.clone();
        let last = LastSweep { time: self.now(), buckets, region };
        let keys = [is_first.then_some(last_sweep::FIRST), Some(last_sweep::KEY)];
        for key in keys.into_iter().flatten() {
            self.write(key, last.json(), tally).await;
        }
    }

    /// Queues buckets. If that fails, returns how many are certainly queued.
    async fn queue(&self, buckets: &[BucketName], known: Vec<Option<Known>>) -> Result<(), usize> {
        let messages: Vec<Delayed> = buckets
            .iter()
            .zip(known)
            .enumerate()
            .map(|(count, (bucket, known))| Delayed {
                body: OwnMessage::Reconcile { bucket: bucket.clone(), known }.body(),
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

    /// Reports buckets that are gaps. Their reconciliations note it in their states.
    async fn report_gaps(
        &self,
        buckets: &[BucketName],
        known: &[Option<Known>],
        result: &mut TaskResult,
    ) {
        let gaps = buckets.iter().zip(known).filter(|(_, known)| **known == Some(Known::Gap));
        let gaps: Vec<BucketName> = gaps.map(|(bucket, _)| bucket.clone()).collect();
        if gaps.is_empty() {
            return;
        }
        if self.publish(&report::coverage_gap(&gaps, &self.origin())).await {
            result.tally.count(Metric::CoverageGaps, gaps.len());
        } else {
            result.retry = true;
        }
    }

    /// How each bucket without a state becomes known. Without the ledger none does.
    async fn coverage(
        &self,
        buckets: &[BucketName],
        page: &Page,
        is_first_page: bool,
        result: &mut TaskResult,
    ) -> Coverage {
        let mut coverage = Coverage { is_first: false, known: vec![None; buckets.len()] };
        let is_first = match self.is_first().await {
            Ok((is_first, foreign)) => {
                result.tally.count(Metric::ForeignObject, foreign.len());
                // The guard replaces it at the end of this sweep.
                if is_first_page && !foreign.is_empty() {
                    let notification = report::foreign_objects(&foreign, &self.origin());
                    result.retry |= !self.publish(&notification).await;
                }
                is_first
            }
            Err(error) => {
                Self::not_readable(&error, &mut result.tally);
                return coverage;
            }
        };
        coverage.is_first = is_first;
        let (Some(first), Some(last)) = (buckets.iter().min(), buckets.iter().max()) else {
            return coverage;
        };
        let with_state = match self.with_state(first, last).await {
            Ok(with_state) => with_state,
            Err(error) => {
                Self::not_readable(&error, &mut result.tally);
                return coverage;
            }
        };
        let of = |bucket: &BucketName| {
            let created = page.created.get(bucket).copied();
            let is_known = with_state.contains(bucket);
            (!is_known).then(|| coverage::at_sweep(created, is_first, self.now()))
        };
        coverage.known = buckets.iter().map(of).collect();
        coverage
    }

    /// Whether no sweep has ended yet, and the objects in place of those that say so.
    async fn is_first(&self) -> Result<(bool, Vec<ForeignObject>), L::Error> {
        let mut foreign = Vec::new();
        for key in [last_sweep::KEY, last_sweep::FIRST] {
            match self.said(key, LastSweep::is_valid).await? {
                Said::Yes => return Ok((false, foreign)),
                Said::No => {}
                Said::Foreign(object) => foreign.push(object),
            }
        }
        Ok((true, foreign))
    }

    /// The buckets from one name to another that have a state, by the keys of the states.
    pub(super) async fn with_state(
        &self,
        first: &BucketName,
        last: &BucketName,
    ) -> Result<BTreeSet<BucketName>, L::Error> {
        let (after, to) = (format!("{STATE}{first}"), state::key(last));
        let range = KeyRange { prefix: STATE, after: Some(&after), to: Some(&to) };
        let mut keys = self.ledger.keys(range).await?;
        for name in behind(first.as_str(), last.as_str()) {
            let key = format!("{STATE}{name}.json");
            keys.extend(self.ledger.keys(KeyRange { prefix: &key, ..KeyRange::default() }).await?);
        }
        Ok(keys.iter().filter_map(|key| state::of_key(key)).collect())
    }

    /// Whether the ledger has a valid object of the guard at this key.
    async fn said(&self, key: &str, is_valid: impl Fn(&[u8]) -> bool) -> Result<Said, L::Error> {
        let (etag, cause) = match self.ledger.read(key).await? {
            Stored::Absent => return Ok(Said::No),
            Stored::Ours { body, .. } if is_valid(&body) => return Ok(Said::Yes),
            Stored::Ours { etag, .. } => (etag, "its content is not that of its key".to_owned()),
            Stored::Foreign { etag, cause } => (etag, cause),
        };
        tracing::error!(key, cause, "an object of the ledger does not count");
        Ok(Said::Foreign(ForeignObject { key: key.to_owned(), etag, cause }))
    }

    async fn write(&self, key: &str, body: Vec<u8>, tally: &mut Tally) {
        if let Err(error) = self.ledger.write(key, body, Condition::Always).await {
            tracing::error!(key, %error, "the ledger could not be written");
            tally.count(Metric::NotRecorded, 1);
        }
    }

    /// Reports exemptions that end, once before and once after. Without the ledger a later sweep does.
    async fn announce(&self, result: &mut TaskResult) {
        let mut ending = Vec::new();
        let mut foreign = Vec::new();
        for end in self.settings.config.ending(self.now().date()) {
            match self.said(&end.key(), |body| body == end.json()).await {
                Ok(Said::No) => ending.push(end),
                Ok(Said::Yes) => {}
                Ok(Said::Foreign(object)) => {
                    foreign.push(object);
                    ending.push(end);
                }
                Err(error) => Self::not_readable(&error, &mut result.tally),
            }
        }
        result.tally.count(Metric::ForeignObject, foreign.len());
        if !foreign.is_empty() {
            let notification = report::foreign_objects(&foreign, &self.origin());
            result.retry |= !self.publish(&notification).await;
        }
        if ending.is_empty() {
            return;
        }
        if self.publish(&report::exemptions_ending(&ending, &self.origin())).await {
            for end in ending {
                self.write(&end.key(), end.json(), &mut result.tally).await;
            }
        } else {
            result.retry = true;
        }
    }
}

/// The names before the last one whose states are listed after those of later names.
///
/// Keys do not sort like names, because `-` comes before the `.` of `.json`: `logs-2.json` is listed before `logs.json`.
fn behind<'a>(first: &'a str, last: &'a str) -> impl Iterator<Item = &'a str> {
    last.match_indices(['-', '.'])
        .map(|(end, _)| &last[..end])
        .filter(move |name| name.len() >= 3 && *name >= first)
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
