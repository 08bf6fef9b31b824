//! The content of the report about a bucket, and its severity.

use std::collections::BTreeSet;

use super::Report;
use crate::model::attributes::{AGAIN, EXEMPT, FAILED, NOT_REMEDIATED, PROTECTED, WEAKENED};
use crate::model::baseline::Exempt;
use crate::model::finding::STACK_IN_PROGRESS;
use crate::model::own_bucket::NOT_BY_A_DEPLOYER;
use crate::model::severity::Severity;
use crate::model::watch;
use crate::notify::notification::document::{Outcome, PublicBy};
use crate::text::unlinked;
use crate::{Aspect, Call, Finding, Reason, SettingKind};

/// The most calls in a report: as many as a batch can have.
pub(super) const CALLS_MAX: usize = 10;

pub(super) struct ReportContent<'a> {
    pub(super) actions: Vec<&'static str>,
    pub(super) not_remediated: Vec<(Aspect, &'a Reason)>,
    /// What may be remediated later.
    pub(super) later: Vec<(Aspect, &'static str)>,
    /// What the calls have touched and is exempt.
    pub(super) exempt: Vec<&'a Exempt>,
    /// What makes the bucket public, if it stays so.
    pub(super) public_by: Vec<PublicBy>,
    /// Whether public access could not be blocked.
    may_be_public: bool,
    /// Whether one of the stack's own buckets was changed, not by a deployer.
    is_own: bool,
    /// Whether the bucket has, or had, a key of an account that is not trusted.
    has_foreign_key: bool,
    /// Whether it is about several protections that one principal has switched off, and then whether it follows the alarm.
    sequence: Option<bool>,
}

impl<'a> ReportContent<'a> {
    pub(super) fn of(report: &Report<'a>) -> Self {
        let calls = report.trigger.calls();
        let mut not_remediated: Vec<_> =
            reported_of(report.findings, calls).filter_map(not_remediated).collect();
        let all = not_remediated.clone();
        not_remediated.retain(|(aspect, reason)| !is_said(*aspect, reason, &all));
        let later = report.findings.iter().filter_map(later).collect();
        let touched = report.trigger.touched();
        let exemptions = report.baseline.exemptions.iter();
        let exempt: Vec<&Exempt> =
            exemptions.filter(|exempt| touched.contains(&exempt.aspect)).collect();
        let actions = [
            (PROTECTED, !report.done.is_empty()),
            (WEAKENED, is_undone(report)),
            (FAILED, !report.failed.is_empty() || not_remediated.iter().any(is_refused)),
            (NOT_REMEDIATED, !not_remediated.iter().all(is_refused)),
            (EXEMPT, !exempt.is_empty()),
            (AGAIN, report.is_again),
        ];
        let actions = actions.into_iter().filter(|(_, is)| *is).map(|(action, _)| action).collect();
        let public = not_remediated.iter().filter(|(_, reason)| reason.leaves_public());
        let public_by: BTreeSet<PublicBy> = public.map(|(_, reason)| public_by(reason)).collect();
        let public_by = public_by.into_iter().collect();
        let mut failed = report.failed.iter().flat_map(|(action, _)| &action.aspects);
        let may_be_public =
            failed.any(|aspect| shuts_out(*aspect)) || not_remediated.iter().any(stays_open);
        let is_own = report.baseline.own.as_ref().is_some_and(|own| !own.changed.is_empty())
            || report.findings.iter().any(is_not_by_a_deployer);
        let has_foreign_key = report.findings.iter().any(Finding::is_foreign_key);
        Self {
            actions,
            not_remediated,
            later,
            exempt,
            public_by,
            may_be_public,
            is_own,
            has_foreign_key,
            sequence: report.sequence.map(|sequence| sequence.is_later),
        }
    }

    /// The severity and the outcome: those of the worst that remains, else of what was done.
    ///
    /// A bucket that stays public is always critical, no matter what was remediated; and so is a change of the stack's own
    /// buckets. A key of an account that is not trusted is always high.
    pub(super) fn severity_and_outcome(&self) -> (Severity, Outcome) {
        let is = |action| self.actions.contains(&action);
        // The caller of an undo knows about it.
        let is_undone = |(_, reason): &(_, &Reason)| {
            matches!(reason, Reason::Undone(_) | Reason::ClosedByAccount(_))
        };
        let are_undone = self.not_remediated.iter().all(is_undone);
        let (severity, outcome) = if is(FAILED) && is(PROTECTED) {
            (Severity::High, Outcome::NotFullyProtected)
        } else if is(FAILED) {
            (Severity::High, Outcome::NotProtected)
        } else if is(PROTECTED) && is(NOT_REMEDIATED) && !are_undone {
            (Severity::Warning, Outcome::PartiallyProtected)
        } else if is(WEAKENED) {
            (Severity::Warning, Outcome::Reverted)
        } else if is(PROTECTED) {
            (Severity::Info, Outcome::Protected)
        } else if is(NOT_REMEDIATED) && are_undone {
            (Severity::Info, Outcome::Left)
        } else if is(NOT_REMEDIATED) {
            (Severity::Warning, Outcome::Left)
        } else if is(EXEMPT) {
            (Severity::Info, Outcome::ExemptLeft)
        } else {
            (Severity::Info, Outcome::Retried)
        };
        let has = |is: fn(&Reason) -> bool| self.not_remediated.iter().any(|(_, it)| is(it));
        let is_only = self.not_remediated.iter().all(|(_, reason)| reason.is_of_event())
            && !is(FAILED)
            && !is(WEAKENED)
            && !is(PROTECTED);
        let outcome = if is_only && has(|it| matches!(it, Reason::NameIsFree(_))) {
            Outcome::Deleted
        } else if is_only && has(|it| matches!(it, Reason::KeyLost(..))) {
            Outcome::KeyLost
        } else if is_only && has(|it| matches!(it, Reason::SwitchedOff(_))) {
            if self.is_all_exempt() { Outcome::ExemptLeft } else { Outcome::SwitchedOff }
        } else if is_only && has(|it| matches!(it, Reason::ByEvent(_) | Reason::LoweredByTag(_))) {
            Outcome::Changed
        } else {
            outcome
        };
        let remaining = self.worst().map_or(Severity::Info, |(_, severity)| severity);
        let foreign_key = if self.has_foreign_key { Severity::High } else { Severity::Info };
        let severity = severity.max(remaining).max(foreign_key);
        // The alarm is critical; what came after it is not a second one.
        match self.sequence {
            Some(false) => return (Severity::Critical, Outcome::SequenceSwitchedOff),
            Some(true) => return (severity.max(Severity::High), Outcome::MoreSwitchedOff),
            None => {}
        }
        if !self.public_by.is_empty() {
            return (Severity::Critical, Outcome::StaysPublic);
        }
        if self.may_be_public {
            return (Severity::Critical, Outcome::MayBePublic);
        }
        if self.is_own {
            let is_put_back = matches!(outcome, Outcome::Protected | Outcome::Reverted);
            return (Severity::Critical, if is_put_back { Outcome::OwnPutBack } else { outcome });
        }
        if remaining >= Severity::High && !is(FAILED) && !is_only {
            return (severity, Outcome::SevereRemains);
        }
        (severity, outcome)
    }

    /// Whether what is not remediated is exempt, all of it.
    fn is_all_exempt(&self) -> bool {
        let is_exempt = |aspect| self.exempt.iter().any(|exempt| exempt.aspect == aspect);
        self.not_remediated.iter().all(|(aspect, _)| is_exempt(*aspect))
    }

    /// The aspect of the worst that is not remediated, if it is severe.
    pub(super) fn worst(&self) -> Option<(Aspect, Severity)> {
        let all = self.not_remediated.iter();
        let all = all.map(|(aspect, reason)| (*aspect, severity_of(*aspect, reason)));
        // The first of the worst.
        let worst = all.rev().max_by_key(|(_, severity)| *severity);
        worst.filter(|(_, severity)| *severity >= Severity::High)
    }
}

/// The least severity of a report with a finding that is not remediated.
fn severity_of(aspect: Aspect, reason: &Reason) -> Severity {
    if !reason.is_blind() {
        return reason.severity();
    }
    let is_access = matches!(aspect, Aspect::PublicAccess | Aspect::Policy | Aspect::Acl);
    if is_access && reason.is_blinded_by_name() { Severity::Critical } else { Severity::High }
}

/// What makes a bucket public, by the reason for which it is left so.
const fn public_by(reason: &Reason) -> PublicBy {
    if matches!(reason, Reason::PublicAcl) { PublicBy::Acl } else { PublicBy::BucketPolicy }
}

/// Whether it is a change of one of the stack's own buckets, not by a deployer.
fn is_not_by_a_deployer(finding: &Finding) -> bool {
    match finding {
        Finding::Weak { was, .. } => was.ends_with(NOT_BY_A_DEPLOYER),
        Finding::NotRemediated { reason, .. } => matches!(reason, Reason::NotByADeployer(_)),
        Finding::Later { .. } => false,
    }
}

fn is_refused((_, reason): &(Aspect, &Reason)) -> bool {
    reason.is_refused()
}

/// Whether AWS refuses to block public access.
fn stays_open((aspect, reason): &(Aspect, &Reason)) -> bool {
    reason.is_refused() && shuts_out(*aspect)
}

fn shuts_out(aspect: Aspect) -> bool {
    matches!(aspect, Aspect::PublicAccess | Aspect::AccountPublicAccess)
}

/// Whether a call has changed something that is exempt. The creation of a bucket and its tags do not count.
pub(super) fn touches_exempt(report: &Report<'_>) -> bool {
    let touched = changed(report.trigger.calls());
    report.baseline.exemptions.iter().any(|exempt| touched.contains(&exempt.aspect))
}

/// Whether a call has weakened what was remediated, as opposed to a new bucket that lacked it.
fn is_undone(report: &Report<'_>) -> bool {
    let calls = report.trigger.calls();
    let touched = changed(calls);
    let is_new = calls.iter().any(|call| call.event_name == "CreateBucket");
    let mut remediated = report.done.iter().flat_map(|(action, _)| &action.aspects);
    !is_new && remediated.any(|aspect| touched.contains(aspect))
}

/// The aspects that calls have changed in an existing bucket: its creation and its tags change none. A change of the object
/// ownership does not open the public access block, which is only read again because more of it can be closed then.
fn changed(calls: &[Call]) -> BTreeSet<Aspect> {
    const OWNS: [&str; 2] = ["PutBucketOwnershipControls", "DeleteBucketOwnershipControls"];
    let names = || calls.iter().map(|call| call.event_name.as_str());
    let is_other = |name: &&str| OWNS.contains(name) || *name == "CreateBucket";
    let weakening = names().filter(|name| !is_other(name) && !watch::is_of_tags(name));
    let mut changed = watch::touched(weakening);
    changed.extend(names().any(|name| OWNS.contains(&name)).then_some(Aspect::Ownership));
    changed
}

/// The findings that are reported after these calls.
pub fn reported_of<'a>(
    findings: &'a [Finding],
    calls: &[Call],
) -> impl Iterator<Item = &'a Finding> {
    let only_tags = only_tags(calls);
    findings.iter().filter(move |finding| {
        let is_of_stack =
            matches!(finding, Finding::NotRemediated { reason: Reason::OfStack(_), .. });
        !is_of_stack || !only_tags
    })
}

/// Whether calls only tag the bucket. `CloudFormation` does so right after it has created it, and the report about the
/// creation has what is left to the stack.
fn only_tags(calls: &[Call]) -> bool {
    !calls.is_empty() && calls.iter().all(|call| watch::is_of_tags(&call.event_name))
}

fn not_remediated(finding: &Finding) -> Option<(Aspect, &Reason)> {
    match finding {
        Finding::NotRemediated { aspect, reason } => {
            let is_stop = matches!(reason, Reason::TooManyWrites(..));
            (!is_stop).then_some((*aspect, reason))
        }
        Finding::Weak { .. } | Finding::Later { .. } => None,
    }
}

/// Whether what was switched off says all of what a setting is: with its value before, and who has changed it.
fn is_said(aspect: Aspect, reason: &Reason, all: &[(Aspect, &Reason)]) -> bool {
    let Reason::NeverWritten(what) = reason else { return false };
    let switched_off = |part: &str| {
        all.iter().any(|(of, reason)| {
            // Lifecycle rules can delete both objects and old versions.
            let says = |words: &String| aspect != Aspect::Lifecycle || words.contains(part);
            *of == aspect && matches!(reason, Reason::SwitchedOff(words) if says(words))
        })
    };
    what.split("; ").all(switched_off)
}

fn later(finding: &Finding) -> Option<(Aspect, &'static str)> {
    match finding {
        Finding::Later { aspect } => Some((*aspect, STACK_IN_PROGRESS)),
        Finding::Weak { .. } | Finding::NotRemediated { .. } => None,
    }
}

/// What was found before an action, in words.
pub(super) fn was(findings: &[Finding], kind: SettingKind) -> String {
    let was: Vec<&str> = findings.iter().filter_map(|finding| was_of(finding, kind)).collect();
    let same = was.first().filter(|first| was.iter().all(|other| other == *first));
    match same {
        Some(first) => unlinked(first, 300),
        None if was.is_empty() => "unknown".to_owned(),
        None => unlinked(&was.join("; "), 300),
    }
}

fn was_of(finding: &Finding, kind: SettingKind) -> Option<&str> {
    match finding {
        Finding::Weak { was, remediate, .. } if remediate.kind() == kind => Some(was),
        Finding::Weak { .. } | Finding::Later { .. } | Finding::NotRemediated { .. } => None,
    }
}
