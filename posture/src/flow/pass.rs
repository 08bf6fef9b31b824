//! What a pass over a bucket reads, reports and notes in its state.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::bucket_ledger::{Base, StateReading};
use super::reconcile::Reconciliation;
use crate::evaluate::coverage::Known;
use crate::reconcile::state::{self, BucketState, Source, Update, Write};
use crate::reconcile::triage::ReconcileTask;
use crate::{Action, Aspect, BucketId, Finding, Mode, Reason, Record, SettingKind, Trigger};

/// What is reconciled, and why.
pub(super) struct Pass<'a> {
    pub(super) id: BucketId,
    pub(super) task: &'a ReconcileTask,
}

impl Pass<'_> {
    /// How the state is read. That of a bucket that a call has just created, or that the sweep does not know, is assumed to
    /// be absent; that of a compliant bucket is not read by the sweep.
    pub(super) fn state_reading(&self) -> StateReading {
        let ReconcileTask { trigger, is_again, known, .. } = self.task;
        let is_new = match trigger {
            Trigger::Calls(calls) => calls.iter().any(|call| call.event_name == "CreateBucket"),
            Trigger::Sweep => known.is_some(),
        };
        match trigger {
            _ if *is_again => StateReading::Eager,
            _ if is_new => StateReading::Assumed,
            Trigger::Calls(_) => StateReading::Eager,
            Trigger::Sweep => StateReading::Lazy,
        }
    }

    /// Whether what was found has to be compared with the state, which was not read yet.
    pub(super) fn needs_state(seen: &Reconciliation, base: &Base) -> bool {
        let is_suppressed = |finding: &Finding| {
            matches!(finding, Finding::NotRemediated { reason: Reason::Undone(_), .. })
        };
        let is_rare = |finding: &Finding| is_suppressed(finding) || finding.stopped().is_some();
        match base {
            Base::NotRead => seen.findings.iter().any(|finding| {
                is_rare(finding) || matches!(finding, Finding::NotRemediated { .. })
            }),
            Base::Assumed => seen.findings.iter().any(is_rare),
            Base::Absent | Base::Read(..) | Base::Replaced(_) | Base::Unusable => false,
        }
    }

    /// Whether the state is written: not that of a compliant bucket that the sweep has found.
    pub(super) fn is_noted(&self, base: &Base, update: &Update) -> bool {
        match (&self.task.trigger, base) {
            (Trigger::Calls(_), _) | (Trigger::Sweep, Base::Read(..)) => true,
            (Trigger::Sweep, _) => update.known.is_some() || !update.is_quiet(),
        }
    }

    /// The findings to report. A conflict has a notification of its own, and a suppression has one for its first use. Of what
    /// is not remediated, a sweep reports what was not recently reported; what calls have touched is always reported.
    pub(super) fn news(
        &self,
        findings: &[Finding],
        known: Option<&BucketState>,
        now: OffsetDateTime,
    ) -> Vec<Finding> {
        let touched = self.task.trigger.touched();
        let is_news = |finding: &&Finding| match finding {
            Finding::NotRemediated { aspect, reason } if !touched.contains(aspect) => {
                let is_news = || match known {
                    Some(known) => known.is_news(finding, now),
                    None => state::reason_text(reason).is_some(),
                };
                !self.task.is_swept || is_news()
            }
            Finding::NotRemediated { .. } | Finding::Weak { .. } | Finding::Later { .. } => {
                finding.stopped().is_none()
            }
        };
        findings.iter().filter(is_news).cloned().collect()
    }

    /// What the pass adds to the state, if nothing of it is reported.
    pub(super) fn update(&self, seen: &Reconciliation, begun: OffsetDateTime) -> Update {
        let calls = self.task.trigger.calls();
        let mut update = Update::new(begun);
        if !self.id.name.is_account() {
            let is_event = matches!(self.task.trigger, Trigger::Calls(_));
            update.known = if is_event { Some(Known::Event) } else { self.task.known };
        }
        update.settings = seen.settings.values().cloned().collect();
        update.sources = calls.iter().flat_map(state::sources).collect();
        if let Some(baseline) = &seen.baseline {
            let exempt = baseline.exemptions.iter().map(|exempt| exempt.aspect);
            let judged = Aspect::ALL.into_iter().filter(|one| baseline.mode(*one) != Mode::Off);
            update.judged = judged.chain(exempt).collect();
        }
        update.findings = seen.open_findings().collect();
        let write = |(action, record): &(Action, Record)| {
            let time = OffsetDateTime::parse(&record.time, &Rfc3339).ok()?;
            let setting = action.kind();
            let is_of = |(kind, _): &&(SettingKind, Source)| *kind == setting;
            let principal = update.sources.iter().rfind(is_of).map(|(_, by)| by.principal.clone());
            Some(Write { time, setting, principal })
        };
        update.writes = seen.done.iter().filter_map(write).collect();
        update
    }
}
