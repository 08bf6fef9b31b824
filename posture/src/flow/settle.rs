//! A new bucket is left alone until it has settled.

use crate::Account;
use crate::Trigger;
use crate::evaluate::coverage::Known;
use crate::events::OwnMessage;
use crate::reconcile::account::CallError;
use crate::reconcile::state::KnownBy;
use crate::reconcile::triage::{self, ReconcileTask};

use super::bucket_ledger::{Base, BucketLedger};
use super::pass::Pass;
use super::{Flow, Ledger, Outgoing};

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// How long a new bucket has still to settle, by its own age, in seconds.
    ///
    /// It is older than its calls.
    pub(super) async fn rest_seconds(
        &self,
        pass: &Pass<'_>,
        ledger: &BucketLedger<'_, A, L>,
    ) -> Option<u16> {
        let Pass { id, task } = pass;
        let (now, settle_seconds) = (self.now(), self.settings.settle_seconds);
        let rest = |since| triage::rest_seconds(since, now, settle_seconds);
        let calls = task.trigger.calls();
        match calls.first() {
            Some(first) => rest(first.time).map(drop)?,
            None => task.known.filter(|known| *known == Known::Swept).map(drop)?,
        }
        if let Some(call) = calls.iter().find(|call| call.event_name == "CreateBucket") {
            return rest(call.time);
        }
        ledger.read_state().await;
        let is_old = |known: KnownBy| known.how == Known::Before;
        let created = match ledger.base() {
            Base::Read(state, _) if state.known.is_some_and(is_old) => None,
            Base::Absent | Base::Closed(_) | Base::Read(..) => self.account.created(id).await.unwrap_or_else(|error| {
                tracing::error!(bucket = %id.name, %error, "the bucket's age could not be read");
                None
            }),
            Base::NotRead | Base::Assumed | Base::Replaced(_) | Base::Unusable => None,
        };
        let of_call = calls.first().and_then(|first| rest(first.time));
        created.and_then(rest).map(|seconds| of_call.map_or(seconds, |most| seconds.min(most)))
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
