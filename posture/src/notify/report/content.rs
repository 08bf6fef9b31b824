//! The content of the report about a bucket, and its severity.

use std::collections::BTreeSet;

use super::Report;
use crate::model::attributes::{AGAIN, EXEMPT, FAILED, NOT_REMEDIATED, PROTECTED, WEAKENED};
use crate::model::baseline::Exempt;
use crate::model::finding::STACK_IN_PROGRESS;
use crate::model::own_bucket::NOT_BY_A_DEPLOYER;
use crate::model::severity::Severity;
use crate::model::watch;
use crate::text::unlinked;
use crate::{Aspect, BucketId, Call, Finding, Reason, SettingKind};

/// The most calls in a report: as many as a batch can have.
pub(super) const CALLS_MAX: usize = 10;

pub(super) struct ReportContent<'a> {
    pub(super) actions: Vec<&'static str>,
    pub(super) not_remediated: Vec<(Aspect, &'a Reason)>,
    /// What may be remediated later.
    pub(super) later: Vec<(Aspect, &'static str)>,
    /// What the calls have touched and is exempt.
    pub(super) exempt: Vec<&'a Exempt>,
    /// Whether the bucket is, or may be, public.
    is_public: bool,
    /// Whether one of the stack's own buckets was changed, not by a deployer.
    is_own: bool,
}

impl<'a> ReportContent<'a> {
    pub(super) fn of(report: &Report<'a>) -> Self {
        let calls = report.trigger.calls();
        let not_remediated: Vec<_> =
            reported_of(report.findings, calls).filter_map(not_remediated).collect();
        let later = report.findings.iter().filter_map(later).collect();
        let touched = report.trigger.touched();
        let exemptions = report.baseline.exemptions.iter();
        let exempt: Vec<&Exempt> =
            exemptions.filter(|exempt| touched.contains(&exempt.aspect)).collect();
        let actions = [
            (PROTECTED, !report.done.is_empty()),
            (WEAKENED, is_undone(report)),
            (FAILED, !report.failed.is_empty()),
            (NOT_REMEDIATED, !not_remediated.is_empty()),
            (EXEMPT, !exempt.is_empty()),
            (AGAIN, report.is_again),
        ];
        let actions = actions.into_iter().filter(|(_, is)| *is).map(|(action, _)| action).collect();
        let is_public = not_remediated.iter().any(|(_, reason)| reason.leaves_public())
            || report
                .failed
                .iter()
                .any(|(action, _)| action.aspects.iter().copied().any(shuts_out));
        let is_own = report.baseline.own.as_ref().is_some_and(|own| !own.changed.is_empty())
            || report.findings.iter().any(is_not_by_a_deployer);
        Self { actions, not_remediated, later, exempt, is_public, is_own }
    }

    /// The severity, and the verb of the subject.
    ///
    /// A bucket that stays public is always critical, no matter what was remediated; and so is a change of the stack's own
    /// buckets.
    pub(super) fn severity_and_verb(&self, id: &BucketId) -> (Severity, &'static str) {
        let verb = if id.name.is_account() { "left as it is:" } else { "left a bucket as it is:" };
        let is = |action| self.actions.contains(&action);
        // The caller of an undo knows about it.
        let is_undone = |(_, reason): &(_, &Reason)| matches!(reason, Reason::Undone(_));
        let (severity, verb) = if is(FAILED) && is(PROTECTED) {
            (Severity::High, "could not fully protect")
        } else if is(FAILED) {
            (Severity::High, "could not protect")
        } else if is(WEAKENED) {
            (Severity::Warning, "reverted a weakening of")
        } else if is(PROTECTED) && is(NOT_REMEDIATED) {
            (Severity::Warning, "partially protected")
        } else if is(PROTECTED) {
            (Severity::Info, "protected")
        } else if is(NOT_REMEDIATED) && self.not_remediated.iter().all(is_undone) {
            (Severity::Info, verb)
        } else if is(NOT_REMEDIATED) {
            (Severity::Warning, verb)
        } else if is(EXEMPT) {
            (Severity::Info, "left an exempt bucket as it is:")
        } else {
            (Severity::Info, "retried")
        };
        let has = |is: fn(&Reason) -> bool| self.not_remediated.iter().any(|(_, it)| is(it));
        let severity = if has(Reason::is_urgent) { severity.max(Severity::High) } else { severity };
        let is_only = self.not_remediated.iter().all(|(_, reason)| reason.is_of_event())
            && !is(FAILED)
            && !is(WEAKENED)
            && !is(PROTECTED);
        let verb = match verb {
            _ if is_only && has(|it| matches!(it, Reason::NameIsFree(_))) => {
                "reports that a bucket in use was deleted:"
            }
            _ if is_only && has(|it| matches!(it, Reason::KeyLost(..))) => "reports a lost key of",
            _ if is_only && has(|it| matches!(it, Reason::SwitchedOff(_))) => {
                "reports a protection switched off in"
            }
            _ if is_only && has(|it| matches!(it, Reason::ByEvent(_))) => "reports a change of",
            "protected" | "reverted a weakening of" if self.is_own => "put back its own bucket",
            verb => verb,
        };
        (if self.is_public || self.is_own { Severity::Critical } else { severity }, verb)
    }
}

/// Whether it is a change of one of the stack's own buckets, not by a deployer.
fn is_not_by_a_deployer(finding: &Finding) -> bool {
    match finding {
        Finding::Weak { was, .. } => was.ends_with(NOT_BY_A_DEPLOYER),
        Finding::NotRemediated { reason, .. } => matches!(reason, Reason::NotByADeployer(_)),
        Finding::Later { .. } => false,
    }
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
    const OWNS: &str = "PutBucketOwnershipControls";
    let names = || calls.iter().map(|call| call.event_name.as_str());
    let weakening =
        names().filter(|name| ![OWNS, "CreateBucket"].contains(name) && !watch::is_of_tags(name));
    let mut changed = watch::touched(weakening);
    changed.extend(names().any(|name| name == OWNS).then_some(Aspect::Ownership));
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
