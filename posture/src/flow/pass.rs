//! What a pass over a bucket reads, reports and notes in its state.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::bucket_ledger::{Base, StateReading};
use super::{Tally, TaskResult};
use crate::contract::metrics::Metric;
use crate::evaluate::assess::{is_public, owed};
use crate::evaluate::coverage::Known;
use crate::model::own_bucket::{self, OwnBucket};
use crate::model::policy::Policy;
use crate::model::protection::{self, Protections};
use crate::model::refusal::{Refusal, RefusedWrite};
use crate::reconcile::ledger::ForeignObject;
use crate::reconcile::lost::lost_statements;
use crate::reconcile::state::{self, BucketState, FAILED, Update, Write};
use crate::reconcile::triage::ReconcileTask;
use crate::{
    Action, Aspect, Baseline, BucketId, BucketName, Finding, Mode, Observed, Question, Reading,
    Reason, Record, Setting, SettingKind, Trigger,
};

/// The pause after the first conflict, in milliseconds; doubled each time.
const CONFLICT_PAUSE_MILLISECONDS: u32 = 250;

/// What is reconciled, and why.
pub(super) struct Pass<'a> {
    pub(super) id: BucketId,
    pub(super) task: &'a ReconcileTask,
}

/// The findings and writes of all rounds together.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is seen by itself")]
pub(super) struct Reconciliation {
    pub(super) baseline: Option<Baseline>,
    pub(super) findings: Vec<Finding>,
    pub(super) done: Vec<(Action, Record)>,
    /// The settings that the bucket has now.
    pub(super) settings: BTreeMap<SettingKind, Setting>,
    /// The protections as they were read first, before any write.
    pub(super) protections: Protections,
    /// Whether it is a website, if that was read.
    pub(super) website: Option<bool>,
    pub(super) failed: Vec<(Action, String)>,
    /// The writes that AWS has refused, now or before, with when it did.
    pub(super) refused: BTreeMap<SettingKind, (OffsetDateTime, Refusal)>,
    /// Whether a write was refused now.
    pub(super) is_refused: bool,
    /// Why the bucket could not be read again after a write.
    pub(super) interrupted: Option<String>,
    /// Whether a retry may succeed: not if AWS has refused a write for good.
    pub(super) is_transient: bool,
    /// How often each setting was written within the hour before.
    pub(super) written_before: BTreeMap<SettingKind, u32>,
    /// The ids of the saved records.
    pub(super) kept: BTreeSet<String>,
    pub(super) unrecorded: usize,
    /// The settings that the guard had stopped writing before.
    pub(super) stopped: BTreeSet<SettingKind>,
    /// Whether something is not remediated because of that, or public access is closed again and again.
    pub(super) is_stopped: bool,
    pub(super) bucket_is_gone: bool,
    /// What could not be read because IAM does not allow it.
    pub(super) lacking: BTreeSet<Question>,
    /// The owner from the bucket's tags, if they were read.
    pub(super) owner: Option<String>,
    /// What was weakened and is not remediated.
    pub(super) owed: BTreeSet<Aspect>,
    /// Whether everyone can read or write in the bucket, if that is known.
    pub(super) public: Option<bool>,
    /// What the calls' events say of what cannot be read.
    pub(super) shown: Vec<Finding>,
    /// Whether the bucket's tags were read, or it has none.
    pub(super) are_tags_known: bool,
    /// Whether the bucket's policy names the guard's role in a deny, if it was read or a call has put it.
    pub(super) names_role: Option<bool>,
}

/// The end of a pass: what it has seen, and what follows from it.
pub(super) struct Conclusion<'a> {
    pub(super) pass: &'a Pass<'a>,
    pub(super) seen: Reconciliation,
    /// The state of the bucket, if it was read and there is one.
    pub(super) known: Option<BucketState>,
    /// What is added to the state.
    pub(super) update: Update,
    /// Objects of the ledger that do not count.
    pub(super) foreign: Vec<ForeignObject>,
    pub(super) result: TaskResult,
    /// Whether a report was left out, because the next attempt makes it.
    pub(super) is_withheld: bool,
    /// What is not reported yet, because IAM may allow it in some minutes.
    pub(super) waits: Vec<Finding>,
    /// Aspects with a suppression whose first use was just reported.
    pub(super) suppressed: BTreeSet<Aspect>,
    /// Whether the bucket is gone, so that no later report is about it.
    pub(super) is_last: bool,
}

impl Conclusion<'_> {
    /// Whether the same calls are handled once more, because the bucket has not settled.
    pub(super) fn comes_again(&self) -> bool {
        self.seen.baseline.as_ref().is_some_and(|baseline| baseline.call_context.is_settling)
    }
}

impl Pass<'_> {
    /// How the state is read. That of a bucket that a call has just created, or that the sweep does not know, is assumed to
    /// be absent.
    pub(super) fn state_reading(&self) -> StateReading {
        let ReconcileTask { trigger, is_again, known, .. } = self.task;
        let is_new = match trigger {
            Trigger::Calls(calls) => calls.iter().any(|call| call.event_name == "CreateBucket"),
            Trigger::Sweep => known.is_some(),
        };
        match trigger {
            _ if *is_again => StateReading::Eager,
            // There, the call succeeds for a bucket that exists already.
            Trigger::Calls(_) if is_new && self.id.region.as_str() == "us-east-1" => {
                StateReading::Lazy
            }
            _ if is_new => StateReading::Assumed,
            Trigger::Calls(_) | Trigger::Sweep => StateReading::Eager,
        }
    }

    /// Whether what was found has to be compared with the state, which was not read yet.
    pub(super) fn needs_state(&self, seen: &Reconciliation, base: &Base) -> bool {
        let calls = self.task.trigger.calls();
        let sets = calls.iter().any(|call| !call.effect.sets.is_empty());
        let is_swept = matches!(self.task.trigger, Trigger::Sweep);
        let is_suppressed = |finding: &Finding| {
            matches!(finding, Finding::NotRemediated { reason: Reason::Undone(_), .. })
        };
        let is_rare = |finding: &Finding| is_suppressed(finding) || finding.stopped().is_some();
        let is_by_tags = seen.baseline.as_ref().is_some_and(|it| !it.by_tags.is_empty());
        match base {
            Base::NotRead => {
                sets || is_swept
                    || is_by_tags
                    || seen.findings.iter().any(|finding| {
                        is_rare(finding) || matches!(finding, Finding::NotRemediated { .. })
                    })
            }
            Base::Assumed => sets || is_by_tags || seen.findings.iter().any(is_rare),
            Base::Absent
            | Base::Read(..)
            | Base::Replaced(_)
            | Base::Closed(_)
            | Base::Unusable => false,
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
    /// is not remediated, a sweep reports what was not recently reported, or before a subscription was confirmed (`subscribed`);
    /// what calls have touched is always reported.
    pub(super) fn news(
        &self,
        findings: &[Finding],
        known: Option<&BucketState>,
        (now, subscribed): (OffsetDateTime, OffsetDateTime),
    ) -> Vec<Finding> {
        let touched = self.task.trigger.touched();
        // A policy that is deleted is judged as a policy only in the stack's own buckets.
        let is_touched = |aspect: &Aspect| {
            touched.contains(aspect)
                || (*aspect == Aspect::Policy && touched.contains(&Aspect::Tls))
        };
        let is_news = |finding: &&Finding| match finding {
            Finding::NotRemediated { aspect, reason } if !is_touched(aspect) => {
                let is_news = || match known {
                    Some(known) => known.is_news(finding, now, subscribed),
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
            let is_created = calls.iter().any(|call| call.event_name == "CreateBucket");
            update.known = match self.task.trigger {
                Trigger::Calls(_) if is_created => Some(Known::Created),
                Trigger::Calls(_) => Some(Known::Event),
                Trigger::Sweep => self.task.known,
            };
        }
        update.settings = seen.settings.values().cloned().collect();
        update.sources = calls.iter().flat_map(state::sources).collect();
        if let Some(baseline) = &seen.baseline {
            let exempt = baseline.exemptions.iter().map(|exempt| exempt.aspect);
            let judged = Aspect::ALL.into_iter().filter(|one| baseline.mode(*one) != Mode::Off);
            let own = baseline.own.iter().flat_map(OwnBucket::judged);
            update.judged = judged.chain(exempt).chain(own).collect();
        }
        update.findings = seen.open_findings().collect();
        update.refused = seen.refused.clone();
        update.owed.clone_from(&seen.owed);
        update.public = seen.public;
        update.names_role = seen.names_role;
        let callers = state::callers(calls);
        let write = |(action, record): &(Action, Record)| {
            let time = OffsetDateTime::parse(&record.time, &Rfc3339).ok()?;
            let setting = action.kind();
            Some(Write { time, setting, principal: callers.get(&setting).cloned() })
        };
        update.writes = seen.done.iter().filter_map(write).collect();
        update
    }
}

impl Reconciliation {
    /// Takes the settings of the last round: as they were read, or written since then.
    pub(super) fn read(&mut self, observed: &Observed, done: &[(Action, Record)]) {
        let mut now = observed.clone();
        for (action, _) in done {
            now.set(&action.set);
        }
        self.public = is_public(&now);
        if let Some(baseline) = &self.baseline {
            let actions: Vec<Action> =
                self.done.iter().chain(done).map(|(one, _)| one.clone()).collect();
            self.owed = owed(observed, baseline, &self.findings, &actions);
        }
        let is_account = |kind: SettingKind| kind == SettingKind::AccountPublicAccessBlock;
        let kinds = SettingKind::ALL.into_iter();
        let kinds = kinds.filter(|kind| is_account(*kind) == observed.id.name.is_account());
        let read = kinds.filter_map(|kind| Some((kind, observed.setting(kind)?)));
        let written = done.iter().map(|(action, _)| (action.kind(), action.set.clone()));
        self.settings.extend(read.chain(written));
        for (protection, value) in protection::observed(observed) {
            self.protections.entry(protection).or_insert(value);
        }
        self.website = match observed.website {
            Reading::Known(()) => Some(true),
            Reading::Absent => Some(false),
            Reading::Unread | Reading::Denied => self.website,
        };
    }

    /// Notes the writes that AWS has refused before and that were not tried again.
    pub(super) fn note_refused(&mut self, observed: &Observed) {
        let history = observed.history.known();
        let refused = self.findings.iter().filter_map(|finding| match finding {
            Finding::NotRemediated { reason: Reason::Refused(write), .. } => {
                let refused = history?.refused.get(&write.kind)?;
                Some((write.kind, refused.clone()))
            }
            Finding::NotRemediated { .. } | Finding::Weak { .. } | Finding::Later { .. } => None,
        });
        self.refused = refused.collect();
    }

    /// Notes a write that AWS has refused now: what it would remediate stays open.
    pub(super) fn refuse(
        &mut self,
        bucket: &BucketName,
        action: &Action,
        refused: (OffsetDateTime, Refusal),
    ) {
        let kind = action.kind();
        let write = RefusedWrite::new(kind, bucket.clone(), refused.1.clone());
        for finding in &mut self.findings {
            if finding.remediated_by() == Some(kind) {
                let reason = Reason::Refused(Box::new(write.clone()));
                *finding = Finding::NotRemediated { aspect: finding.aspect(), reason };
            }
        }
        self.refused.insert(kind, refused);
        self.is_refused = true;
    }

    /// Of one of the stack's own buckets, the settings that are right from now on: those that a deployer has changed, those
    /// of which nothing was known, and right ones that the guard has added to.
    ///
    /// Not what another principal has changed.
    pub(super) fn right(&self, known: Option<&BucketState>) -> Vec<Setting> {
        let Some(own) = self.baseline.as_ref().and_then(|baseline| baseline.own.as_ref()) else {
            return Vec::new();
        };
        let is_right = |(aspect, kind): &(Aspect, SettingKind)| {
            let last = known.and_then(|known| known.settings.get(kind));
            let Some(right) = last.and_then(|last| last.right.as_ref()) else {
                return own.deployed.contains(aspect) || !own.changed.contains_key(aspect);
            };
            let was_right = |(action, record): &(Action, Record)| {
                action.kind() == *kind && record.from.is_some() && record.from == right.value
            };
            own.deployed.contains(aspect) || self.done.iter().any(was_right)
        };
        let kinds = own_bucket::RESTORED.into_iter().filter(is_right);
        kinds.filter_map(|(_, kind)| self.settings.get(&kind).cloned()).collect()
    }

    /// Statements that a call has put and an earlier write of the guard has replaced. The stack's own policies are put back
    /// on purpose.
    pub(super) fn lost_statements(&self, pass: &Pass<'_>, known: &BucketState) -> Option<Finding> {
        let is_own = self.baseline.as_ref().is_none_or(|baseline| baseline.own.is_some());
        let Some(Setting::Policy(Some(text))) = self.settings.get(&SettingKind::Policy) else {
            return None;
        };
        let now = Policy::new(text);
        if is_own { None } else { lost_statements(pass.task.trigger.calls(), known, &now) }
    }

    /// What is not remediated, and what could not be.
    pub(super) fn open_findings(&self) -> impl Iterator<Item = (Aspect, String, bool)> + '_ {
        let not_remediated = self.findings.iter().filter_map(|finding| match finding {
            Finding::NotRemediated { aspect, reason } => {
                Some((*aspect, state::reason_text(reason)?, false))
            }
            Finding::Weak { .. } | Finding::Later { .. } => None,
        });
        let failed = self.failed.iter().flat_map(|(action, _)| {
            action.aspects.iter().map(|aspect| (*aspect, FAILED.to_owned(), false))
        });
        not_remediated.chain(failed)
    }

    /// Whether a write was refused now that leaves something weak.
    pub(super) fn is_refused(&self) -> bool {
        let is_refused = |finding: &Finding| matches!(finding, Finding::NotRemediated { reason, .. } if reason.is_refused());
        self.is_refused && self.findings.iter().any(is_refused)
    }

    pub(super) fn count(&self, took: Option<Duration>, tally: &mut Tally) {
        let is_left =
            self.findings.iter().any(|found| matches!(found, Finding::NotRemediated { .. }));
        let exemptions = self.baseline.as_ref().map_or(0, |baseline| baseline.exemptions.len());
        tally.count(Metric::NotRemediated, is_left.into());
        tally.count(Metric::Exempt, usize::from(exemptions > 0));
        tally.count(Metric::NotRecorded, self.unrecorded);
        tally.count(Metric::Conflict, self.is_stopped.into());
        if !self.failed.is_empty() || self.interrupted.is_some() {
            tally.count(Metric::Failed, 1);
        } else if !self.done.is_empty() && !self.is_refused() {
            tally.count(Metric::Protected, 1);
            let milliseconds = took.map(|took| took.as_secs_f64() * 1000.0);
            tally.times_to_protect_milliseconds.extend(milliseconds);
        } else if !is_left {
            tally.count(Metric::Compliant, 1);
        }
    }
}

/// The pause before another round: longer each time, with jitter.
pub(super) fn pause(round: u32, now: OffsetDateTime) -> Duration {
    let spread = now.microsecond() / 1000 * 7919 % CONFLICT_PAUSE_MILLISECONDS;
    Duration::from_millis(((CONFLICT_PAUSE_MILLISECONDS << round) + spread).into())
}
