//! What was found before a subscription was confirmed is reported again: SNS has dropped it.

use time::OffsetDateTime;

use super::pass::Conclusion;
use super::{Flow, Ledger, Outgoing, Tally};
use crate::contract::metrics::Metric;
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::{Condition, Stored};
use crate::reconcile::subscribed::{self, Subscribed};
use crate::{Account, Finding, Trigger};

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Asks at the beginning of a sweep whether a subscription is confirmed, and notes since when.
    pub(super) async fn note_subscribed(&self, tally: &mut Tally) {
        if self.desk.is_none() {
            return;
        }
        let is_confirmed = match self.outgoing.is_subscribed().await {
            Ok(is_confirmed) => is_confirmed,
            Err(error) => return tracing::error!(%error, "the subscriptions could not be listed"),
        };
        let known = match self.ledger.read(subscribed::KEY).await {
            Ok(Stored::Ours { body, .. }) => Subscribed::read(&body),
            Ok(Stored::Absent | Stored::Foreign { .. }) => None,
            Err(error) => return Self::not_readable(&error, tally),
        };
        let next = Subscribed::next(known, is_confirmed, self.now());
        if next == Subscribed::No {
            tracing::warn!("no subscription to the notifications is confirmed");
        }
        if known == Some(next) {
            return;
        }
        let written = self.ledger.write(subscribed::KEY, next.json(), Condition::Always).await;
        if let Err(error) = written {
            tracing::error!(%error, "the ledger could not be written");
            tally.count(Metric::NotRecorded, 1);
        }
    }

    /// Since when a subscription is confirmed: read only if a sweep has found what may have been reported before.
    pub(super) async fn subscribed_since(&self, end: &Conclusion<'_>) -> OffsetDateTime {
        let always = OffsetDateTime::UNIX_EPOCH;
        let is_left = |finding: &Finding| matches!(finding, Finding::NotRemediated { .. });
        let is_asked = matches!(end.pass.task.trigger, Trigger::Sweep)
            && end.known.is_some()
            && end.seen.findings.iter().any(is_left);
        let Some(desk) = self.desk.filter(|_| is_asked) else { return always };
        let now = self.now();
        if let Some(since) = desk.subscribed(now).await {
            return since;
        }
        let read = self.ledger.read(subscribed::KEY).await;
        let Ok(Stored::Ours { body, .. }) = read else { return always };
        let Some(Subscribed::Since(since)) = Subscribed::read(&body) else { return always };
        desk.note_subscribed(now, since).await;
        since
    }
}
