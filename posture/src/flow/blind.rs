//! A bucket that cannot be read: why, what the events of calls say of it, and how it is counted.

use super::fallen::Fallen;
use super::pass::{Conclusion, Reconciliation};
use crate::contract::metrics::Metric;
use crate::evaluate::refused;
use crate::evaluate::shown::{self, shown};
use crate::model::observed::Observed;
use crate::model::refusal::Cause;
use crate::reconcile::state::BucketState;
use crate::{Call, Finding, Reason};

impl Reconciliation {
    /// Says of the findings what is refused and why, and what the calls show of what cannot be read.
    pub(super) fn explain(&mut self, observed: &Observed, calls: &[Call], role: Option<&str>) {
        let put = shown::policy(calls);
        let findings = std::mem::take(&mut self.findings);
        self.findings = refused::explain(findings, observed, role, put.as_ref());
        let baseline = self.baseline.as_ref();
        self.shown = baseline.map(|of| shown(observed, of, calls)).unwrap_or_default();
        let policy = observed.policy.known().or(put.as_ref());
        self.names_role =
            policy.map(|policy| shown::denies_by_name(policy, &observed.id.name, role));
    }

    /// Recalls of a policy that cannot be read whether it names the guard's role in a deny.
    pub(super) fn recall_deny(&mut self, known: Option<&BucketState>) {
        if self.names_role.is_some() || !known.is_some_and(|known| known.names_role) {
            return;
        }
        for finding in &mut self.findings {
            if let Finding::NotRemediated { reason: Reason::Unreadable(reads), .. } = finding {
                let cause = reads.refusal.as_ref().map(|refusal| refusal.cause);
                reads.names_role |=
                    matches!(cause, None | Some(Cause::BucketPolicy | Cause::Denied));
            }
        }
    }
}

impl Conclusion<'_> {
    /// Counts a bucket that cannot be read, also if that was reported before. What IAM may allow in some minutes is not
    /// counted yet.
    pub(super) fn count_blind(&mut self) {
        let is_blind = |finding: &Finding| match finding {
            Finding::NotRemediated { reason, .. } => reason.is_blind(),
            Finding::Weak { .. } | Finding::Later { .. } => false,
        };
        let mut blind = self.seen.findings.iter().filter(|finding| is_blind(finding));
        let is_counted = blind.any(|finding| !self.waits.contains(finding));
        self.result.tally.count(Metric::Blinded, is_counted.into());
    }
}

impl Fallen {
    /// Adds what the calls show of what cannot be read, unless it is said as switched off, or the calls are made again.
    pub(super) fn add_shown(&mut self, end: &mut Conclusion<'_>) {
        if !end.waits.is_empty() {
            return;
        }
        let mut shown = std::mem::take(&mut end.seen.shown);
        let is_said = |one: &Finding| {
            let is_off = |finding: &Finding| {
                let reason = matches!(
                    finding,
                    Finding::NotRemediated { reason: Reason::SwitchedOff(_), .. }
                );
                reason && finding.aspect() == one.aspect()
            };
            let is_public = matches!(one, Finding::NotRemediated { reason, .. }
                if reason.severity() == crate::model::severity::Severity::Critical);
            !is_public && self.findings.iter().any(is_off)
        };
        shown.retain(|one| !is_said(one));
        self.add_deeds(shown);
    }
}
