//! Judges a bucket and plans what would mend it.
//!
//! Each aspect is judged by itself, from what was read so far: it is right, or something has to be read first, or it is
//! weaker than wanted. Encryption is ordered, SSE-S3 < KMS < DSSE, and never lowered; another customer's key stays. The
//! public access block only ever gains switches, and gains none where a website, a public policy or a public ACL shows
//! that somebody means the bucket to be public. What cannot be read is not changed. Where a write may break what nobody
//! can see, only what a call has just weakened is mended, and what the owner insists on (`Baseline::holds_back`).

use time::Date;

use crate::model::baseline::Baseline;
use crate::model::observed::{Observed, Reading};
use crate::model::setting::{Setting, SettingKind};
use crate::{Action, Aspect, Finding, LeftBecause, Mode, Plan, Question, WaitBecause};

mod access;
mod encryption;
mod keeping;
mod policy;

pub use policy::STACK_TAG;

/// What is to be said of one aspect, from what was read so far.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Judgement {
    /// It is as wanted.
    Right,
    /// These have to be read before one can tell whether it is.
    Ask(Vec<Question>),
    /// It is weaker than wanted, and these have to be read before one can tell what may be done.
    AskWhatBreaks(Vec<Question>),
    /// It is weaker than wanted: what there is, and what should be.
    Weak { was: String, mend: Setting },
    /// It is weaker than wanted, and may be mended later.
    Later(WaitBecause),
    /// It is not as wanted and stays so.
    Left(LeftBecause),
}

impl Judgement {
    /// The judgement about a reading that is wanted: unread it has to be read, denied it is left.
    fn read<T>(reading: &Reading<T>, question: Question) -> Result<Option<&T>, Self> {
        match reading {
            Reading::Known(value) => Ok(Some(value)),
            Reading::Absent => Ok(None),
            Reading::Unread => Err(Self::Ask(vec![question])),
            Reading::Denied => Err(Self::Left(LeftBecause::NotReadable(question))),
        }
    }
}

/// What has still to be read before [`assess`] can tell. Nothing, when all is known that matters.
///
/// The first round asks for what the baseline wants; the second only for what a change could break, and for what the
/// ledger says. So a bucket that is right costs one round.
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
            Judgement::Right | Judgement::Later(_) | Judgement::Left(_) => {}
        }
    }
    if baseline.needs_tags && observed.tags.is_unread() {
        ask.push(Question::Tags);
    }
    if is_weak && observed.history.is_unread() {
        ask.push(Question::History);
    }
    ask.sort_unstable();
    ask.dedup();
    ask
}

/// Judges a bucket: what is weaker than wanted, and what is left and why.
///
/// Settings that were not read are not judged; [`questions`] says which those are.
pub fn assess(observed: &Observed, baseline: &Baseline) -> Vec<Finding> {
    let finding = |(aspect, judgement)| match judgement {
        Judgement::Right | Judgement::Ask(_) | Judgement::AskWhatBreaks(_) => None,
        Judgement::Weak { was, mend } => {
            let kind = mend.kind();
            let too_many = too_many_writes(observed, baseline, kind);
            Some(match (undone(observed, aspect), too_many) {
                (Some(until), _) => Finding::Left { aspect, because: LeftBecause::Undone(until) },
                (None, Some(writes)) => {
                    Finding::Left { aspect, because: LeftBecause::TooManyWrites(kind, writes) }
                }
                (None, None) => Finding::Weak { aspect, was, mend },
            })
        }
        Judgement::Later(because) => Some(Finding::Later { aspect, because }),
        Judgement::Left(because) => Some(Finding::Left { aspect, because }),
    };
    judge(observed, baseline).into_iter().filter_map(finding).collect()
}

/// What would be written first, as far as can be told before everything is read.
pub(crate) fn first_write(observed: &Observed, baseline: &Baseline) -> Option<SettingKind> {
    let written = |(aspect, judgement)| match judgement {
        Judgement::Weak { mend, .. } => Some(mend.kind()),
        Judgement::AskWhatBreaks(_) => setting_of(aspect),
        Judgement::Right | Judgement::Ask(_) | Judgement::Later(_) | Judgement::Left(_) => None,
    };
    judge(observed, baseline).into_iter().filter_map(written).min()
}

/// The setting that is written to mend an aspect.
fn setting_of(aspect: Aspect) -> Option<SettingKind> {
    match aspect {
        Aspect::Encryption | Aspect::SseC => Some(SettingKind::Encryption),
        Aspect::PublicAccess => Some(SettingKind::PublicAccessBlock),
        Aspect::Tls => Some(SettingKind::Policy),
        Aspect::Ownership => Some(SettingKind::Ownership),
        Aspect::Versioning => Some(SettingKind::Versioning),
        Aspect::AccessLogs => Some(SettingKind::AccessLogs),
        Aspect::Notifications => Some(SettingKind::Notifications),
        Aspect::AccountPublicAccess => Some(SettingKind::AccountPublicAccessBlock),
        Aspect::Policy
        | Aspect::Acl
        | Aspect::Replication
        | Aspect::Lifecycle
        | Aspect::ObjectLock => None,
    }
}

/// Plans the writes that mend what is weak, one for each setting.
pub fn plan(findings: &[Finding]) -> Plan {
    let mut actions: Vec<Action> = Vec::new();
    for finding in findings {
        let Finding::Weak { aspect, mend, .. } = finding else { continue };
        match actions.iter_mut().find(|action| action.kind() == mend.kind()) {
            Some(action) => action.aspects.push(*aspect),
            None => actions.push(Action { set: mend.clone(), aspects: vec![*aspect] }),
        }
    }
    actions.sort_by_key(Action::kind);
    Plan { actions }
}

fn judge(observed: &Observed, baseline: &Baseline) -> Vec<(Aspect, Judgement)> {
    let mut judged = encryption::judge(observed, baseline);
    for aspect in Aspect::ALL {
        let mode = baseline.mode(aspect);
        if mode == Mode::Off {
            continue;
        }
        let judgement = match aspect {
            // Both are parts of one setting.
            Aspect::Encryption | Aspect::SseC => continue,
            // It is judged once, not with each bucket.
            Aspect::AccountPublicAccess if !observed.id.name.is_account() => continue,
            Aspect::AccountPublicAccess => access::account_block(observed),
            Aspect::PublicAccess => {
                let of_block = access::block(observed, baseline).into_iter();
                judged.extend(of_block.map(|judgement| (aspect, only_reported(judgement, mode))));
                continue;
            }
            Aspect::Ownership => access::ownership(observed, baseline),
            Aspect::Acl => access::acl(observed),
            Aspect::Tls => policy::tls(observed, baseline),
            Aspect::Policy => policy::others(observed),
            Aspect::Versioning => keeping::versioning(observed),
            Aspect::AccessLogs => keeping::access_logs(observed, baseline),
            Aspect::Notifications => keeping::notifications(observed),
            Aspect::Replication => keeping::replication(observed),
            Aspect::Lifecycle => keeping::lifecycle(observed),
            Aspect::ObjectLock => keeping::object_lock(observed),
        };
        judged.push((aspect, only_reported(judgement, mode)));
    }
    judged
}

/// What would be mended is told, where that is what is wanted.
fn only_reported(judgement: Judgement, mode: Mode) -> Judgement {
    match (judgement, mode) {
        (Judgement::Weak { was, mend }, Mode::Report) => {
            let wanted = if let Setting::Policy(_) = mend {
                "one that denies what does not come by TLS".to_owned()
            } else {
                mend.value()
            };
            Judgement::Left(LeftBecause::ReportOnly(format!("{was} (wanted: {wanted})")))
        }
        (judgement, Mode::Off | Mode::Report | Mode::Keep) => judgement,
    }
}

fn undone(observed: &Observed, aspect: Aspect) -> Option<Date> {
    let history = observed.history.known()?;
    history.undone.iter().filter(|(of, _)| *of == aspect).map(|(_, until)| *until).max()
}

/// Each setting has a count of its own: a tug of war over one leaves the others guarded.
fn too_many_writes(observed: &Observed, baseline: &Baseline, kind: SettingKind) -> Option<u32> {
    let history = observed.history.known()?;
    let writes = history.writes_of(kind);
    let is_open = history.stopped.contains(&kind) || writes >= baseline.writes_max;
    is_open.then_some(writes)
}

/// What there is, in words.
fn words<T: std::fmt::Display>(reading: &Reading<T>) -> String {
    match reading {
        Reading::Known(value) => value.to_string(),
        Reading::Absent => "not set".to_owned(),
        Reading::Denied | Reading::Unread => "not known".to_owned(),
    }
}

#[cfg(test)]
mod tests;
