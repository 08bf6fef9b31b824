//! Judges a bucket and plans its remediation.
//!
//! Each aspect is judged by itself, from what was read so far. Encryption is ordered, SSE-S3 < KMS < DSSE, and never
//! lowered; another customer managed key stays. The public access block only gains switches, and gains none where a
//! bucket that was public before. What cannot be read is not changed. What clients may notice (`model::effect`) is changed
//! in a new bucket, where the setting was weakened, and with `enforce` (`licence`).

use time::Date;

use crate::evaluate::refused::has_name_of_control_tower;
use crate::model::baseline::Baseline;
use crate::model::effect::SettingChange;
use crate::model::observed::{Observed, Reading};
use crate::model::refusal::RefusedWrite;
use crate::model::setting::{Setting, SettingKind};
use crate::{Action, Aspect, Finding, Mode, Plan, Question, Reason};

mod access;
mod encryption;
mod keeping;
mod licence;
mod own;
mod policy;

pub use access::effective as effective_block;
pub use access::{Exposure, Reach, is_public};
pub use licence::owed;
pub use policy::STACK_TAG;

/// The judgement of one aspect, from what was read so far.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Judgement {
    /// It is as wanted.
    Right,
    /// These have to be read before it can be judged.
    Ask(Vec<Question>),
    /// It is weaker than wanted, and these have to be read before it can be remediated.
    AskWhatBreaks(Vec<Question>),
    /// It is weaker than wanted: what there is, and what should be.
    Weak { was: String, change: SettingChange, remediate: Setting },
    /// It is weaker than wanted, and waits for the bucket's stack.
    Later,
    /// It is not as wanted and stays so.
    NotRemediated(Reason),
}

/// A judgement; an error is one that ends the judging early.
type Judged = Result<Judgement, Judgement>;

impl Judgement {
    /// What a setting is, or the judgement about one that is unread or denied.
    fn read<T>(reading: &Reading<T>, question: Question) -> Result<Option<&T>, Self> {
        match reading {
            Reading::Known(value) => Ok(Some(value)),
            Reading::Absent => Ok(None),
            Reading::Unread => Err(Self::Ask(vec![question])),
            Reading::Denied => Err(Self::NotRemediated(Reason::NotReadable(question))),
        }
    }

    /// The same for what a write could break: it is asked for only once something is weak.
    fn read_what_breaks<T>(reading: &Reading<T>, question: Question) -> Result<Option<&T>, Self> {
        Self::ask_what_breaks([(reading.is_unread(), question)])?;
        Self::read(reading, question)
    }

    /// Asks for those that are unread, together.
    fn ask_what_breaks<const N: usize>(unread: [(bool, Question); N]) -> Result<(), Self> {
        let unread = unread.into_iter().filter(|(is_unread, _)| *is_unread);
        let ask: Vec<Question> = unread.map(|(_, question)| question).collect();
        if ask.is_empty() { Ok(()) } else { Err(Self::AskWhatBreaks(ask)) }
    }

    fn weak<T: std::fmt::Display>(
        reading: &Reading<T>,
        change: SettingChange,
        remediate: Setting,
    ) -> Self {
        let was = match reading {
            Reading::Known(value) => value.to_string(),
            Reading::Absent => "not set".to_owned(),
            Reading::Denied | Reading::Unread => "not known".to_owned(),
        };
        Self::Weak { was, change, remediate }
    }
}

/// What has still to be read before [`assess`] can judge the bucket.
///
/// The first round asks for what the baseline wants; the second only for what a change could break, and for the ledger's
/// history, which is asked for at once after a call that may have weakened the bucket. So a compliant bucket costs one
/// round, and so does the remediation of most calls.
pub fn questions(observed: &Observed, baseline: &Baseline) -> Vec<Question> {
    let mut ask = Vec::new();
    let mut is_weak = false;
    for (_, judgement) in judge(observed, baseline) {
        match judgement {
            Judgement::Ask(questions) => ask.extend(questions),
            Judgement::AskWhatBreaks(questions) => {
                ask.extend(questions);
                is_weak = true;
            }
            Judgement::Weak { .. } => is_weak = true,
            Judgement::Right | Judgement::Later | Judgement::NotRemediated(_) => {}
        }
    }
    if baseline.needs_tags && observed.tags.is_unread() {
        ask.push(Question::Tags);
    }
    // After a call that may have weakened it, the write needs no second round.
    let changed = &baseline.call_context.changed;
    let is_changed = changed.iter().any(|aspect| baseline.mode(*aspect).enforces());
    if (is_weak || (is_changed && !ask.is_empty())) && observed.history.is_unread() {
        ask.push(Question::History);
    }
    ask.sort_unstable();
    ask.dedup();
    ask
}

/// Judges a bucket: what is weaker than wanted, and what is left and why.
///
/// Settings that were not read are not judged; [`questions`] returns those.
pub fn assess(observed: &Observed, baseline: &Baseline) -> Vec<Finding> {
    let finding = |(aspect, judgement)| match judgement {
        Judgement::Right | Judgement::Ask(_) | Judgement::AskWhatBreaks(_) => None,
        Judgement::Weak { was, remediate, .. } => {
            let kind = remediate.kind();
            let suppressed = suppressed(observed, aspect).map(Reason::Undone);
            let too_many = || too_many_writes(observed, baseline, kind);
            let reason = suppressed
                .or_else(|| too_many().map(|writes| Reason::TooManyWrites(kind, writes)))
                .or_else(|| refused(observed, baseline, kind));
            Some(match reason {
                Some(reason) => Finding::NotRemediated { aspect, reason },
                None => Finding::Weak { aspect, was, remediate },
            })
        }
        Judgement::Later => Some(Finding::Later { aspect }),
        Judgement::NotRemediated(reason) => Some(Finding::NotRemediated { aspect, reason }),
    };
    judge(observed, baseline).into_iter().filter_map(finding).collect()
}

/// What would be written first, as far as it is known before everything is read.
pub(crate) fn first_write(observed: &Observed, baseline: &Baseline) -> Option<SettingKind> {
    let written = |(aspect, judgement): (Aspect, _)| match judgement {
        Judgement::Weak { remediate, .. } => Some(remediate.kind()),
        Judgement::AskWhatBreaks(_) => aspect.setting(),
        Judgement::Right | Judgement::Ask(_) | Judgement::Later | Judgement::NotRemediated(_) => {
            None
        }
    };
    judge(observed, baseline).into_iter().filter_map(written).min()
}

/// Plans the writes that remediate what is weak, one for each setting.
pub fn plan(findings: &[Finding]) -> Plan {
    let mut actions: Vec<Action> = Vec::new();
    for finding in findings {
        let Finding::Weak { aspect, remediate, .. } = finding else { continue };
        match actions.iter_mut().find(|action| action.kind() == remediate.kind()) {
            Some(action) => action.aspects.push(*aspect),
            None => actions.push(Action { set: remediate.clone(), aspects: vec![*aspect] }),
        }
    }
    actions.sort_by_key(Action::kind);
    Plan { actions }
}

fn judge(observed: &Observed, baseline: &Baseline) -> Vec<(Aspect, Judgement)> {
    // The account has one setting, which is judged once, not with each bucket. What its calls did to keys is in the events.
    let is_account = observed.id.name.is_account();
    let mut judged = if is_account { Vec::new() } else { encryption::judge(observed, baseline) };
    for aspect in Aspect::ALL {
        let is_elsewhere = (aspect == Aspect::AccountPublicAccess) != is_account;
        // Both are parts of one setting, and were judged.
        let is_judged = matches!(aspect, Aspect::Encryption | Aspect::SseC);
        if baseline.mode(aspect) == Mode::Off || is_elsewhere || is_judged {
            continue;
        }
        if aspect == Aspect::Notifications {
            judged.extend(keeping::targets(observed, baseline).map(|one| (aspect, one)));
        }
        let judgements = if aspect == Aspect::PublicAccess {
            access::block(observed, baseline)
        } else {
            one(aspect, observed, baseline).map(|one| vec![one])
        };
        let by_mode = |judgement| (aspect, licence::by_mode(judgement, aspect, observed, baseline));
        judged.extend(judgements.unwrap_or_else(|one| vec![one]).into_iter().map(by_mode));
    }
    if has_name_of_control_tower(&observed.id) {
        let judged = judged.into_iter();
        return judged.map(|(aspect, one)| (aspect, left_to_control_tower(aspect, one))).collect();
    }
    let Some(own) = &baseline.own else { return judged };
    let own = own::judge(observed, baseline, own);
    // What is put back is judged afterwards.
    let is_put_back = |kind| {
        own.iter().any(
            |(_, one)| matches!(one, Judgement::Weak { remediate, .. } if remediate.kind() == kind),
        )
    };
    judged.retain(|(aspect, _)| !aspect.setting().is_some_and(is_put_back));
    judged.extend(own);
    judged
}

/// Judges one aspect of its own setting.
fn one(aspect: Aspect, observed: &Observed, baseline: &Baseline) -> Judged {
    match aspect {
        // The first three are judged elsewhere, the others are reported by events alone.
        Aspect::Encryption
        | Aspect::SseC
        | Aspect::PublicAccess
        | Aspect::AccessPoints
        | Aspect::Exports => Ok(Judgement::Right),
        Aspect::AccountPublicAccess => access::account_block(observed),
        Aspect::Ownership => access::ownership(observed, baseline),
        Aspect::Acl => access::acl(observed),
        Aspect::Tls => policy::tls(observed, baseline),
        Aspect::Policy => policy::others(observed, baseline),
        Aspect::Versioning => keeping::versioning(observed),
        Aspect::AccessLogs => keeping::access_logs(observed, baseline),
        Aspect::Notifications => keeping::notifications(observed),
        Aspect::Replication => keeping::replication(observed, baseline),
        Aspect::Lifecycle => keeping::lifecycle(observed),
        Aspect::ObjectLock => keeping::object_lock(observed, baseline),
    }
}

/// Leaves what Control Tower lets no other principal write. Anyone may give a bucket such a name, so its public access is
/// guarded all the same.
fn left_to_control_tower(aspect: Aspect, judgement: Judgement) -> Judgement {
    match judgement {
        Judgement::Weak { .. } | Judgement::AskWhatBreaks(_) | Judgement::Later
            if aspect != Aspect::PublicAccess =>
        {
            Judgement::NotRemediated(Reason::OfControlTower)
        }
        Judgement::Right
        | Judgement::Ask(_)
        | Judgement::AskWhatBreaks(_)
        | Judgement::Weak { .. }
        | Judgement::Later
        | Judgement::NotRemediated(_) => judgement,
    }
}

/// Why a write is not tried again now: AWS has refused it. The stack's own buckets are put back as soon as they can be.
fn refused(observed: &Observed, baseline: &Baseline, kind: SettingKind) -> Option<Reason> {
    let refused = &observed.history.known().filter(|_| baseline.own.is_none())?.refused;
    let (_, refusal) = refused.get(&kind)?;
    let write = RefusedWrite::new(kind, observed.id.name.clone(), refusal.clone());
    Some(Reason::Refused(Box::new(write)))
}

/// The first judgement of one aspect that is enforced, whichever setting it shares.
fn judge_aspect(aspect: Aspect, observed: &Observed, baseline: &Baseline) -> Option<Judgement> {
    let one = match aspect {
        Aspect::Encryption | Aspect::SseC => {
            let mut judged = encryption::judge(observed, baseline).into_iter();
            return judged.find(|(of, _)| *of == aspect).map(|(_, judgement)| judgement);
        }
        Aspect::PublicAccess => access::block(observed, baseline).map(|all| all.into_iter().next()),
        Aspect::Tls
        | Aspect::Ownership
        | Aspect::Versioning
        | Aspect::AccessLogs
        | Aspect::Notifications
        | Aspect::Policy
        | Aspect::Acl
        | Aspect::Replication
        | Aspect::Lifecycle
        | Aspect::ObjectLock
        | Aspect::AccountPublicAccess
        | Aspect::AccessPoints
        | Aspect::Exports => one(aspect, observed, baseline).map(Some),
    };
    one.unwrap_or_else(Some)
}

fn suppressed(observed: &Observed, aspect: Aspect) -> Option<Date> {
    let history = observed.history.known()?;
    history.suppressed.iter().filter(|(of, _)| *of == aspect).map(|(_, until)| *until).max()
}

/// Each setting has a count of its own: a conflict over one leaves the others guarded. Public access is closed each time.
fn too_many_writes(observed: &Observed, baseline: &Baseline, kind: SettingKind) -> Option<u32> {
    let history = observed.history.known().filter(|_| !kind.closes())?;
    let writes = history.writes.get(&kind).copied().unwrap_or_default();
    let is_open = history.stopped.contains(&kind) || writes >= baseline.writes_max;
    is_open.then_some(writes)
}

#[cfg(test)]
mod tests;
