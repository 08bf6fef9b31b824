//! Very many events by one principal, as far as this process receives them: reported once an hour.

use super::recent::FLOOD_MINUTES;
use super::{Flow, Ledger, Outgoing};
use crate::Account;
use crate::events::Request;
use crate::notify::report;
use crate::reconcile::account::CallError;
use crate::reconcile::triage::Message;

/// From how many events on it is a flood. A deployment of some twenty buckets stays below.
pub(super) const FLOOD_EVENTS: usize = 300;

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Counts the events of a batch by principal, and reports who causes very many. They are handled all the same.
    pub(super) async fn report_floods(&self, messages: &[Message]) {
        let now = self.now();
        for message in messages {
            let Request::Changed(changed) = &message.read.request else { continue };
            let call = &changed.call;
            let event = call.event_id.clone();
            let event = event.unwrap_or_else(|| format!("{} {}", call.event_name, call.time));
            let count = self.account.recent().count(call.caller(), event, now);
            if count < FLOOD_EVENTS || !self.account.recent().floods(call.caller(), now) {
                continue;
            }
            let said = (count as u64, FLOOD_MINUTES.unsigned_abs());
            let notification = report::flood(call.caller(), said, &self.origin());
            if !self.publish(&notification).await {
                self.account.recent().not_flooded(call.caller());
            }
        }
    }
}
