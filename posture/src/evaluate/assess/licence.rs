//! Whether a bucket's clients may be affected: in a new bucket, where a setting was weakened, and with `enforce`.

use std::collections::BTreeSet;

use time::Duration;

use super::{Judgement, judge_aspect};
use crate::model::baseline::Baseline;
use crate::model::effect::{Effect, SettingChange};
use crate::model::observed::{Observed, Reading};
use crate::model::setting::Setting;
use crate::{Action, Age, Aspect, Finding, History, Mode, Question, Reason};

/// By how much the guard's clock may be ahead of `CloudTrail`'s.
const CLOCKS_DIFFER: Duration = Duration::MINUTE;

/// Whether a change may be made although clients may notice it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Licence {
    Given,
    Refused,
    /// The history was not read yet.
    Unknown,
}

/// Whether an aspect may be remediated although clients may notice it.
pub(super) fn licence(observed: &Observed, baseline: &Baseline, aspect: Aspect) -> Licence {
    match baseline.mode(aspect) {
        Mode::Enforce => Licence::Given,
        Mode::Off | Mode::Report => Licence::Refused,
        Mode::EnforceNew => match is_new(observed, baseline) {
            Some(true) => Licence::Given,
            Some(false) => weakened(observed, baseline, aspect).into(),
            None => Licence::Unknown,
        },
    }
}

/// Whether a bucket that is public may be closed although it is in use: it was not public before.
pub(super) fn may_close(observed: &Observed, baseline: &Baseline) -> Licence {
    let by_mode = licence(observed, baseline, Aspect::PublicAccess);
    if by_mode != Licence::Refused || baseline.mode(Aspect::PublicAccess) != Mode::EnforceNew {
        return by_mode;
    }
    let was_public = observed.history.known().and_then(|history| history.was_public);
    (!was_public.unwrap_or(!baseline.call_context.exposes)).into()
}

/// Whether the bucket is new, so that nobody can depend on what is changed; `None` before its history is read.
fn is_new(observed: &Observed, baseline: &Baseline) -> Option<bool> {
    let age = baseline.call_context.age;
    match (&observed.history, age) {
        (_, Age::New)
        | (Reading::Known(History { is_new: true, .. }), _)
        | (Reading::Absent | Reading::Denied, Age::CreatedAgain(_)) => Some(true),
        (Reading::Unread, Age::Unknown | Age::CreatedAgain(_)) => None,
        (Reading::Known(history), Age::CreatedAgain(time)) => {
            Some(history.known_since.is_none_or(|since| since + CLOCKS_DIFFER >= time))
        }
        (Reading::Known(_) | Reading::Absent | Reading::Denied, Age::Unknown) => Some(false),
    }
}

/// Whether the setting of an aspect was right, and is not any more. If nothing is known of it, a call that has just
/// changed it counts as a weakening.
fn weakened(observed: &Observed, baseline: &Baseline, aspect: Aspect) -> bool {
    let is_changed = baseline.call_context.changed.contains(&aspect);
    let Some(history) = observed.history.known() else { return is_changed };
    if history.owed.contains(&aspect) {
        return true;
    }
    match aspect.setting().and_then(|kind| history.before.get(&kind)) {
        Some(before) => was_right(observed, baseline, aspect, before),
        None => is_changed,
    }
}

fn was_right(observed: &Observed, baseline: &Baseline, aspect: Aspect, before: &Setting) -> bool {
    let mut earlier = observed.clone();
    earlier.set(before);
    let mut enforced = baseline.clone();
    for other in Aspect::ALL {
        enforced.set_mode(other, if other == aspect { Mode::Enforce } else { Mode::Off });
    }
    judge_aspect(aspect, &earlier, &enforced).is_some_and(|judgement| {
        matches!(judgement, Judgement::Right | Judgement::NotRemediated(Reason::ForeignKey { .. }))
    })
}

/// What is still to be put back: it was weakened, or is weak in a new bucket, and could not be remediated now.
///
/// The state notes it, so that a later pass does not take the weak setting for one that was always so.
pub fn owed(
    observed: &Observed,
    baseline: &Baseline,
    findings: &[Finding],
    done: &[Action],
) -> BTreeSet<Aspect> {
    let is_owed = |finding: &Finding| match finding {
        Finding::Weak { aspect, .. } => !done.iter().any(|action| action.aspects.contains(aspect)),
        Finding::Later { .. }
        | Finding::NotRemediated {
            reason: Reason::TooManyWrites(..) | Reason::Undone(_), ..
        } => true,
        Finding::NotRemediated { aspect, .. } => {
            is_new(observed, baseline) == Some(false) && weakened(observed, baseline, *aspect)
        }
    };
    let writes = |finding: &&Finding| {
        baseline.mode(finding.aspect()) == Mode::EnforceNew && is_owed(finding)
    };
    findings.iter().filter(writes).map(Finding::aspect).collect()
}

/// What is done about something weak, by the mode of its aspect and by what the change does to clients.
pub(super) fn by_mode(
    judgement: Judgement,
    aspect: Aspect,
    observed: &Observed,
    baseline: &Baseline,
) -> Judgement {
    let Judgement::Weak { was, change, remediate } = judgement else { return judgement };
    match baseline.mode(aspect) {
        Mode::Off | Mode::Report => {
            let wanted = if let Setting::Policy(_) = remediate {
                "a policy that denies requests without TLS".to_owned()
            } else {
                remediate.value()
            };
            Judgement::NotRemediated(Reason::ReportOnly(format!("{was} (wanted: {wanted})")))
        }
        Mode::Enforce => Judgement::Weak { was, change, remediate },
        Mode::EnforceNew => match allowed(change, aspect, observed, baseline) {
            Licence::Given => Judgement::Weak { was, change, remediate },
            Licence::Unknown => Judgement::AskWhatBreaks(vec![Question::History]),
            Licence::Refused => Judgement::NotRemediated(left(change, was)),
        },
    }
}

/// Whether this change may be made, if its aspect is enforced.
pub(super) fn allowed(
    change: SettingChange,
    aspect: Aspect,
    observed: &Observed,
    baseline: &Baseline,
) -> Licence {
    // Another account's key only if a call has set it since the guard was installed.
    if change.effect() == Effect::Silent || change == SettingChange::ReplaceForeignKey {
        Licence::Given
    } else if change == SettingChange::ClosePublic {
        may_close(observed, baseline)
    } else {
        licence(observed, baseline, aspect)
    }
}

/// Why a change was not made that clients may notice.
pub(super) fn left(change: SettingChange, was: String) -> Reason {
    match change {
        SettingChange::BlockSseC => Reason::SseCInUse,
        SettingChange::DisableAcls => Reason::SharedObjects,
        SettingChange::BlockUsedAcls => Reason::PublicObjects,
        SettingChange::DefaultEncryption
        | SettingChange::CustomerKey
        | SettingChange::Dsse
        | SettingChange::ReplaceForeignKey
        | SettingChange::BucketKey
        | SettingChange::BlockPolicies
        | SettingChange::BlockUnusedAcls
        | SettingChange::ClosePublic
        | SettingChange::DenyWithoutTls
        | SettingChange::EnableVersioning
        | SettingChange::LogAccess
        | SettingChange::SendEvents
        | SettingChange::BlockAccount => Reason::InUse { change, was },
    }
}

impl From<bool> for Licence {
    fn from(is_given: bool) -> Self {
        if is_given { Self::Given } else { Self::Refused }
    }
}
