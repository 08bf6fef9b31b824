//! The sweep: every bucket of the Region is looked at, and those that no event ever told of are named.

use std::collections::BTreeSet;

use s3guard_aws::Message;
use s3guard_posture::config::Ending;
use s3guard_posture::evaluate::coverage::{self, Mark};
use s3guard_posture::events::OwnMessage;
use s3guard_posture::notify::notification::Origin;
use s3guard_posture::notify::report;
use s3guard_posture::reconcile::triage::DELAY_SECONDS_MAX;
use s3guard_posture::{BucketName, Mode};
use time::OffsetDateTime;

use super::{Came, Guard};

/// How many buckets a sweep has looked at in a second: a gentle pace for S3, and few mails.
const SWEPT_A_SECOND: usize = 10;
/// How many messages go at a time: what is queued of a page is known to this many.
const QUEUED_AT_A_TIME: usize = 100;

impl Guard {
    /// Queues a page of the Region's buckets, and the next page.
    ///
    /// What could not be queued goes on behind the last bucket that was, so that none is queued twice. What there is to
    /// tell is told before anything is queued: if it cannot be, the whole page is tried again.
    pub(super) async fn sweep(
        &self,
        continuation: Option<String>,
        after: Option<&str>,
        now: OffsetDateTime,
    ) -> Came {
        let page = match self.buckets.account().list(continuation.clone()).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "the buckets could not be listed");
                return Came::again();
            }
        };
        for name in &page.strange {
            tracing::error!(name, "a bucket has a name that s3guard does not understand");
        }
        let mut came = Came::default();
        if continuation.is_none() && after.is_none() {
            self.announce(now, &mut came).await;
            if self.settings.config.account_mode() != Mode::Off {
                came.again |= self.later(&OwnMessage::LookAtAccount.body(), 0).await.again;
            }
        }
        let is_new = |bucket: &BucketName| after.is_none_or(|after| bucket.as_str() > after);
        let buckets: Vec<BucketName> = page.buckets.into_iter().filter(is_new).collect();
        let (marks, gaps) = self.coverage(&buckets).await;
        self.tell_gaps(&gaps, now, &mut came).await;
        if came.again {
            return came;
        }
        let looks: Vec<Message> = buckets
            .iter()
            .zip(marks)
            .enumerate()
            .map(|(count, (bucket, mark))| Message {
                body: OwnMessage::LookAt { bucket: bucket.to_string(), mark }.body(),
                delay_seconds: delay_seconds(count),
            })
            .collect();
        for (chunk, names) in looks.chunks(QUEUED_AT_A_TIME).zip(buckets.chunks(QUEUED_AT_A_TIME)) {
            if let Err(error) = self.queue.send_all(chunk).await {
                tracing::error!(%error, "the buckets could not be queued");
                let first = buckets.iter().position(|bucket| Some(bucket) == names.first());
                let last = first.and_then(|first| first.checked_sub(1)).map(|last| &buckets[last]);
                let after = last.map(ToString::to_string).or(after.map(str::to_owned));
                return self.go_on(continuation, after, came, 0).await;
            }
        }
        tracing::info!(buckets = buckets.len(), "a page of buckets is queued");
        if let Some(next) = page.continuation {
            return self.go_on(Some(next), None, came, delay_seconds(buckets.len())).await;
        }
        if let Err(error) = self.ledger.claim(coverage::FIRST_SWEEP).await {
            tracing::error!(%error, "the ledger did not take that a sweep has ended");
            came.tally.not_recorded += 1;
        }
        came
    }

    /// Who tells what the sweep has found.
    fn origin(&self, now: OffsetDateTime) -> Origin<'_> {
        let account = &self.settings.account;
        Origin { account, region: &self.region, stack: &self.settings.stack, now }
    }

    /// Tells of buckets that are gaps, and has the ledger say so.
    async fn tell_gaps(&self, gaps: &[BucketName], now: OffsetDateTime, came: &mut Came) {
        if gaps.is_empty() {
            return;
        }
        let notice = report::coverage_gap(gaps, &self.origin(now));
        if !self.tell_surely(&notice).await {
            came.again = true;
            return;
        }
        came.tally.coverage_gaps += gaps.len();
        let marks = gaps.iter().map(|bucket| coverage::key(bucket, Mark::Gap)).collect();
        came.tally.not_recorded += self.mark_told(marks).await;
    }

    /// Sends the message that goes on with the sweep.
    async fn go_on(
        &self,
        continuation: Option<String>,
        after: Option<String>,
        mut came: Came,
        delay_seconds: u16,
    ) -> Came {
        let next = OwnMessage::Sweep { continuation, after };
        came.again |= self.later(&next.body(), delay_seconds).await.again;
        came
    }

    /// What each bucket is to be marked with, and which are gaps. Without the ledger nothing is known, and nothing told.
    async fn coverage(&self, buckets: &[BucketName]) -> (Vec<Option<Mark>>, Vec<BucketName>) {
        let nothing = || (vec![None; buckets.len()], Vec::new());
        let (Some(first), Some(last)) = (buckets.iter().min(), buckets.iter().max()) else {
            return nothing();
        };
        let known = async {
            let is_first = !self.ledger.has(coverage::FIRST_SWEEP).await?;
            Ok::<_, s3guard_aws::AwsError>((is_first, self.ledger.marks(first, last).await?))
        };
        let (is_first, known) = match known.await {
            Ok(known) => known,
            Err(error) => {
                tracing::error!(%error, "the ledger could not be read");
                return nothing();
            }
        };
        let none = BTreeSet::new();
        let marks: Vec<Option<Mark>> = buckets
            .iter()
            .map(|bucket| coverage::at_sweep(known.get(bucket).unwrap_or(&none), is_first))
            .collect();
        let is_gap = |(bucket, mark): (&BucketName, &Option<Mark>)| {
            (*mark == Some(Mark::Gap)).then(|| bucket.clone())
        };
        let gaps: Vec<BucketName> = buckets.iter().zip(&marks).filter_map(is_gap).collect();
        // They are marked when they are told, and not when they are looked at.
        let marks = marks.into_iter().map(|mark| mark.filter(|mark| *mark != Mark::Gap)).collect();
        (marks, gaps)
    }

    /// Tells of exemptions that end, each once before and once after. Without the ledger a later sweep tells.
    async fn announce(&self, now: OffsetDateTime, came: &mut Came) {
        let mut ending = Vec::new();
        for end in self.settings.config.ending(now.date()) {
            match self.ledger.has(&end.key()).await {
                Ok(false) => ending.push(end),
                Ok(true) => {}
                Err(error) => {
                    tracing::error!(%error, "the ledger could not be read");
                    came.tally.not_recorded += 1;
                }
            }
        }
        if !ending.is_empty() {
            let notice = report::exemptions_ending(&ending, &self.origin(now));
            if self.tell_surely(&notice).await {
                let marks = ending.iter().map(Ending::key).collect();
                came.tally.not_recorded += self.mark_told(marks).await;
            } else {
                came.again = true;
            }
        }
    }
}

/// When the look of a page's n-th bucket begins.
fn delay_seconds(count: usize) -> u16 {
    u16::try_from(count / SWEPT_A_SECOND).unwrap_or(DELAY_SECONDS_MAX).min(DELAY_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_looked_at_at_a_gentle_pace() {
        assert_eq!([0, 9, 10, 999, 1_000, 100_000].map(delay_seconds), [0, 0, 1, 99, 100, 900]);
    }
}
