//! What there is to tell of a bucket, and how much it matters.

use std::collections::BTreeSet;

use super::Report;
use crate::model::attributes::{AGAIN, EXEMPT, FAILED, LEFT, PROTECTED, WEAKENED};
use crate::model::baseline::Exempt;
use crate::model::finding::STACK_IN_PROGRESS;
use crate::model::severity::Severity;
use crate::model::watch;
use crate::text::shown;
use crate::{Aspect, BucketId, Call, Finding, LeftBecause, SettingKind};

/// The most calls that a notice names: as many as a batch can hold.
pub(super) const CALLS_TOLD_MAX: usize = 10;

/// What there is to tell.
pub(super) struct Matter<'a> {
    /// The values of the attribute `action`.
    pub(super) actions: Vec<&'static str>,
    /// What is left, and why.
    pub(super) left: Vec<(Aspect, &'a LeftBecause)>,
    /// What may be mended later.
    pub(super) later: Vec<(Aspect, &'static str)>,
    /// What the calls have touched and is exempt.
    pub(super) exempt: Vec<&'a Exempt>,
    /// Whether the public is, or may be, let in.
    is_public: bool,
}

impl<'a> Matter<'a> {
    pub(super) fn of(report: &Report<'a>) -> Self {
        let calls = report.trigger.calls();
        let left: Vec<_> = told_of(report.findings, calls).filter_map(left).collect();
        let later = report.findings.iter().filter_map(later).collect();
        let touched = report.trigger.touched();
        let exemptions = report.baseline.exemptions.iter();
        let exempt: Vec<&Exempt> =
            exemptions.filter(|exempt| touched.contains(&exempt.aspect)).collect();
        let actions = [
            (PROTECTED, !report.done.is_empty()),
            (WEAKENED, is_undone(report)),
            (FAILED, !report.failed.is_empty()),
            (LEFT, !left.is_empty()),
            (EXEMPT, !exempt.is_empty()),
            (AGAIN, report.is_again),
        ];
        let actions = actions.into_iter().filter(|(_, is)| *is).map(|(action, _)| action).collect();
        let is_public = left.iter().any(|(_, because)| because.leaves_public())
            || report
                .failed
                .iter()
                .any(|(action, _)| action.aspects.iter().copied().any(shuts_out));
        Self { actions, left, later, exempt, is_public }
    }

    /// How much it matters, and what was done, in the words of the subject.
    ///
    /// A bucket that stays public is always of weight, whatever else was mended.
    pub(super) fn severity_and_verb(&self, id: &BucketId) -> (Severity, &'static str) {
        let left = if id.name.is_account() { "left as it is:" } else { "left a bucket as it is:" };
        let is = |action| self.actions.contains(&action);
        // Who has undone something knows of it.
        let is_undone =
            |(_, because): &(_, &LeftBecause)| matches!(because, LeftBecause::Undone(_));
        let (severity, verb) = if is(FAILED) && is(PROTECTED) {
            (Severity::High, "could not wholly protect")
        } else if is(FAILED) {
            (Severity::High, "could not protect")
        } else if is(WEAKENED) {
            (Severity::Warning, "undid a weakening of")
        } else if is(PROTECTED) && is(LEFT) {
            (Severity::Warning, "protected in part:")
        } else if is(PROTECTED) {
            (Severity::Info, "protected")
        } else if is(LEFT) && self.left.iter().all(is_undone) {
            (Severity::Info, left)
        } else if is(LEFT) {
            (Severity::Warning, left)
        } else if is(EXEMPT) {
            (Severity::Info, "left an exempt bucket as it is:")
        } else {
            (Severity::Info, "looked again at")
        };
        (if self.is_public { Severity::Critical } else { severity }, verb)
    }
}

/// Whether an aspect is what keeps the public out.
fn shuts_out(aspect: Aspect) -> bool {
    matches!(aspect, Aspect::PublicAccess | Aspect::AccountPublicAccess)
}

/// Whether somebody has changed something that is exempt. A new bucket and its tags are no news.
pub(super) fn touches_exempt(report: &Report<'_>) -> bool {
    let touched = changed(report.trigger.calls());
    report.baseline.exemptions.iter().any(|exempt| touched.contains(&exempt.aspect))
}

/// Whether what was mended is what a call has weakened: not that a new bucket lacked something.
fn is_undone(report: &Report<'_>) -> bool {
    let calls = report.trigger.calls();
    let touched = changed(calls);
    let is_new = calls.iter().any(|call| call.event_name == "CreateBucket");
    let mut mended = report.done.iter().flat_map(|(action, _)| &action.aspects);
    !is_new && mended.any(|aspect| touched.contains(aspect))
}

/// What calls have changed in a bucket that was there: making it and tagging it changes no setting of it. Whoever says who
/// owns its objects opens no block; it is read again because more of it can be closed then.
fn changed(calls: &[Call]) -> BTreeSet<Aspect> {
    const OWNS: &str = "PutBucketOwnershipControls";
    let names = || calls.iter().map(|call| call.event_name.as_str());
    let weakening =
        names().filter(|name| ![OWNS, "CreateBucket"].contains(name) && !name.contains("Tag"));
    let mut changed = watch::touched(weakening);
    changed.extend(names().any(|name| name == OWNS).then_some(Aspect::Ownership));
    changed
}

/// What is told of what was found after these calls.
pub fn told_of<'a>(findings: &'a [Finding], calls: &[Call]) -> impl Iterator<Item = &'a Finding> {
    let only_tags = only_tags(calls);
    findings.iter().filter(move |finding| {
        let is_of_stack = matches!(finding, Finding::Left { because: LeftBecause::OfStack(_), .. });
        !is_of_stack || !only_tags
    })
}

/// Whether calls only tag the bucket. `CloudFormation` does so right after it has made it, and what is left to the stack is
/// told by the call that made it.
fn only_tags(calls: &[Call]) -> bool {
    !calls.is_empty() && calls.iter().all(|call| call.event_name.contains("Tag"))
}

fn left(finding: &Finding) -> Option<(Aspect, &LeftBecause)> {
    match finding {
        Finding::Left { aspect, because } => {
            let is_stop = matches!(because, LeftBecause::TooManyWrites(..));
            (!is_stop).then_some((*aspect, because))
        }
        Finding::Weak { .. } | Finding::Later { .. } => None,
    }
}

fn later(finding: &Finding) -> Option<(Aspect, &'static str)> {
    match finding {
        Finding::Later { aspect } => Some((*aspect, STACK_IN_PROGRESS)),
        Finding::Weak { .. } | Finding::Left { .. } => None,
    }
}

/// What there was before an action, in words.
pub(super) fn was(findings: &[Finding], kind: SettingKind) -> String {
    let was: Vec<&str> = findings.iter().filter_map(|finding| was_of(finding, kind)).collect();
    let same = was.first().filter(|first| was.iter().all(|other| other == *first));
    match same {
        Some(first) => shown(first, 300),
        None if was.is_empty() => "not known".to_owned(),
        None => shown(&was.join("; "), 300),
    }
}

fn was_of(finding: &Finding, kind: SettingKind) -> Option<&str> {
    match finding {
        Finding::Weak { was, mend, .. } if mend.kind() == kind => Some(was),
        Finding::Weak { .. } | Finding::Later { .. } | Finding::Left { .. } => None,
    }
}
