//! A new bucket is left alone until it has settled.

use crate::Account;
use crate::Trigger;
use crate::evaluate::coverage::Known;
use crate::events::OwnMessage;
use crate::model::watch;
use crate::reconcile::account::CallError;
use crate::reconcile::state::KnownBy;
use crate::reconcile::triage::{self, ReconcileTask};

use super::bucket_ledger::{Base, BucketLedger};
use super::pass::Pass;
use super::{Flow, Ledger, Outgoing};

/// By how much the event of a bucket's creation may come later than those of its next calls, in seconds.
const AFTER_CREATION_SECONDS: u16 = 10;

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// How long a new bucket has still to settle, by its own age, in seconds.
    ///
    /// It is older than its calls. One that is tagged and not known yet waits for the call that has created it: until then,
    /// what it lacks would be taken for settings in use.
    pub(super) async fn rest_seconds(
        &self,
        pass: &Pass<'_>,
        ledger: &BucketLedger<'_, A, L>,
    ) -> Option<u16> {
        let Pass { id, task } = pass;
        let (now, settle_seconds) = (self.now(), self.settings.settle_seconds);
        let rest = |since, seconds| triage::rest_seconds(since, now, seconds);
        let longest = settle_seconds.saturating_add(AFTER_CREATION_SECONDS);
        let calls = task.trigger.calls();
        match calls.first() {
            Some(first) => rest(first.time, longest).map(drop)?,
            None => task.known.filter(|known| *known == Known::Swept).map(drop)?,
        }
        if let Some(call) = calls.iter().find(|call| call.event_name == "CreateBucket") {
            return rest(call.time, settle_seconds);
        }
        ledger.read_state().await;
        let base = ledger.base();
        let are_tags = calls.iter().all(|call| watch::is_of_tags(&call.event_name));
        let is_unknown = matches!(base, Base::Absent) && !calls.is_empty() && are_tags;
        let seconds = if is_unknown { longest } else { settle_seconds };
        let of_call = match calls.first() {
            Some(first) => Some(rest(first.time, seconds)?),
            None => None,
        };
        let is_old = |known: KnownBy| known.how == Known::Before;
        let created = match base {
            Base::Read(state, _) if state.known.is_some_and(is_old) => None,
            Base::Absent | Base::Closed(_) | Base::Read(..) => self.account.created(id).await.unwrap_or_else(|error| {
                tracing::error!(bucket = %id.name, %error, "the bucket's age could not be read");
                None
            }),
            Base::NotRead | Base::Assumed | Base::Replaced(_) | Base::Unusable => None,
        };
        let of_bucket = created.and_then(|created| rest(created, seconds))?;
        Some(of_call.map_or(of_bucket, |most| of_bucket.min(most)))
    }

    /// Sends back the messages of a bucket that has not settled.
    pub(super) async fn reconcile_later(&self, task: &ReconcileTask, delay_seconds: u16) -> bool {
        let mut bodies = task.bodies.clone();
        if task.is_swept || task.trigger == Trigger::Sweep {
            let (bucket, known) = (task.bucket.clone(), task.known);
            bodies.push(OwnMessage::Reconcile { bucket, known }.body());
        }
        let mut is_sent = true;
        for body in bodies {
            is_sent &= self.send_back(body, delay_seconds).await;
        }
        is_sent
    }
}
