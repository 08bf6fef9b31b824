//! What IAM does not allow yet: for some minutes after a role was created or changed, it may refuse what its policies allow.

use std::collections::BTreeSet;

use super::pass::{Conclusion, Reconciliation};
use super::{Flow, Ledger, Outgoing};
use crate::events::{Again, OwnMessage};
use crate::model::observed::Observed;
use crate::model::refusal::{Cause, Refusal};
use crate::reconcile::account::CallError;
use crate::{Account, Finding, Question, Reason};

/// After how many seconds the calls are made again. IAM is eventually consistent, and says "minutes" at most.
///
/// Source: IAM User Guide, "Troubleshoot IAM", "Changes that I make are not always immediately visible".
const WAIT_SECONDS: u16 = 300;

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Makes calls once more before what IAM does not allow is reported: once for each message, and not if it was reported.
    ///
    /// What a policy denies explicitly is no matter of time, and the stack's own buckets never wait.
    pub(super) async fn wait_for_permission(&self, end: &mut Conclusion<'_>) {
        let task = end.pass.task;
        let is_own = end.seen.baseline.as_ref().is_some_and(|baseline| baseline.own.is_some());
        // A message that waits for a stack is sent back anyway.
        let is_later = |finding: &Finding| matches!(finding, Finding::Later { .. });
        let is_sent_back = !task.bodies.is_empty() && end.seen.findings.iter().any(is_later);
        if is_own || (task.attempt > 0 && !is_sent_back) {
            return;
        }
        let is_reported = |finding: &Finding| {
            let aspects = end.known.iter().flat_map(|known| &known.findings);
            aspects.filter(|one| one.notified.is_some()).any(|one| one.aspect == finding.aspect())
        };
        let lacking = end.seen.findings.iter().filter(|one| is_lacking(one, &end.seen));
        let lacking: Vec<Finding> = lacking.filter(|one| !is_reported(one)).cloned().collect();
        if lacking.is_empty() {
            return;
        }
        let reconcile = || {
            let (bucket, known) = (task.bucket.clone(), task.known);
            OwnMessage::Reconcile { bucket, known }.body()
        };
        let bodies = if task.bodies.is_empty() { vec![reconcile()] } else { task.bodies.clone() };
        for body in bodies.into_iter().filter(|_| !is_sent_back) {
            let again = Again { body, attempt: 1 };
            if !self.send_back(again.body(), WAIT_SECONDS).await {
                return;
            }
        }
        // What is noted as refused is not written again.
        end.update.refused.retain(|_, (_, refusal)| !is_of_permission(refusal));
        end.waits = lacking;
    }
}

impl Reconciliation {
    /// Notes what could not be read because IAM does not allow it.
    pub(super) fn note_lacking(&mut self, observed: &Observed) {
        let refused = observed.refused.iter();
        let lacking = refused.filter(|(_, refusal)| is_of_permission(refusal));
        self.lacking = lacking.map(|(question, _)| *question).collect::<BTreeSet<Question>>();
    }
}

fn is_of_permission(refusal: &Refusal) -> bool {
    refusal.cause == Cause::NoPermission
}

/// Whether it is found because IAM does not allow a call.
fn is_lacking(finding: &Finding, seen: &Reconciliation) -> bool {
    let Finding::NotRemediated { reason, .. } = finding else { return false };
    if let Reason::Refused(write) = reason {
        is_of_permission(&write.refusal)
    } else if let Reason::Unreadable(reads) = reason {
        reads.refusal.as_ref().is_some_and(is_of_permission)
    } else {
        matches!(reason, Reason::NotReadable(question) if seen.lacking.contains(question))
    }
}
