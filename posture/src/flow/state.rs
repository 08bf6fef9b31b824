//! Writes what a reconciliation has seen and done into the state of its bucket.

use super::bucket_ledger::{Base, read_state};
use super::pass::pause;
use super::{Flow, Ledger, Outgoing, Tally};
use crate::contract::metrics::Metric;
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::Condition;
use crate::reconcile::state::{self, BucketState, Update};
use crate::{Account, BucketId};

/// How often a state is written again because another function has written it.
const WRITES_MAX: u32 = 6;

/// What is noted in a state once a report is published.
#[derive(Debug)]
pub struct PendingState {
    pub(super) id: BucketId,
    pub(super) base: Base,
    pub(super) update: Update,
    /// The records of the report.
    pub(super) records: Vec<String>,
    /// Whether the bucket is so new that its event may still arrive: its state is written only if the report could not be
    /// published, because a bucket with a state is no gap.
    pub(super) is_recent: bool,
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Notes in the state what was reported, or what was not.
    pub(super) async fn note(&self, pending: PendingState, is_published: bool) -> Tally {
        let PendingState { id, base, mut update, records, is_recent } = pending;
        if !is_published {
            self.forget_alarms(&update);
            update = update.not_published(records);
        } else if is_recent {
            return Tally::default();
        }
        self.write_state(&id, base, &update).await.1
    }

    /// Forgets the alarms of a report that was not published: the next attempt raises them.
    pub(super) fn forget_alarms(&self, update: &Update) {
        for (principal, _) in &update.protections.alarms {
            self.account.not_alarmed(principal);
        }
    }

    /// Applies an update to the state, also to a newer one that another function has written in the meantime. Returns
    /// whether the state has it.
    pub(super) async fn write_state(
        &self,
        id: &BucketId,
        mut base: Base,
        update: &Update,
    ) -> (bool, Tally) {
        let mut tally = Tally::default();
        let (bucket, key) = (&id.name, state::key(&id.name));
        for attempt in 0..WRITES_MAX {
            if matches!(base, Base::NotRead) {
                base = read_state(self.ledger, id, &mut tally).await.0;
            }
            let (before, condition) = match &base {
                Base::NotRead | Base::Unusable => return (false, tally),
                Base::Assumed | Base::Absent => (None, Condition::Absent),
                Base::Replaced(etag) | Base::Closed(etag) => (None, Condition::Still(etag)),
                Base::Read(state, etag) => (Some(&**state), Condition::Still(etag)),
            };
            let new =
                before.map_or_else(|| BucketState::new(id), BucketState::clone).updated(update);
            if before == Some(&new) {
                return (true, tally);
            }
            match self.ledger.write(&key, new.json(), condition).await {
                Ok(true) => {
                    // Another function has noted something at the same time: together it may be an alarm.
                    if attempt > 0 && Self::lacks_alarm(bucket, &new) {
                        self.reconcile_again(bucket, 0).await;
                    }
                    return (true, tally);
                }
                Ok(false) => base = Base::NotRead,
                Err(error) => {
                    tracing::error!(%bucket, %error, "the state of the bucket could not be written");
                    tally.count(Metric::NotRecorded, 1);
                    return (false, tally);
                }
            }
            // The first time it is only newer than it was assumed to be.
            if attempt > 0 {
                self.outgoing.pause(pause(attempt.min(3), self.now())).await;
            }
        }
        tracing::error!(%bucket, "the state of the bucket was not written");
        tally.count(Metric::NotRecorded, 1);
        (false, tally)
    }
}
