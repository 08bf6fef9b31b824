//! Judges a bucket and plans its remediation.
//!
//! Each aspect is judged by itself, from what was read so far. Encryption is ordered, SSE-S3 < KMS < DSSE, and never
//! lowered; another customer managed key stays. The public access block only gains switches, and gains none where a
//! website, a public policy or a public ACL shows that the bucket is meant to be public. What cannot be read is not
//! changed. Where a write may break access that cannot be seen, it is made only to revert a call that has just weakened
//! the setting, or if the mode is `enforce` (`Baseline::holds_back`).

use time::Date;

use crate::model::baseline::Baseline;
use crate::model::observed::{Observed, Reading};
use crate::model::setting::{Setting, SettingKind};
use crate::{Action, Aspect, Finding, Mode, Plan, Question, Reason};

mod access;
mod encryption;
mod keeping;
mod own;
mod policy;

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
    Weak { was: String, remediate: Setting },
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

    fn weak<T: std::fmt::Display>(reading: &Reading<T>, remediate: Setting) -> Self {
        let was = match reading {
            Reading::Known(value) => value.to_string(),
            Reading::Absent => "not set".to_owned(),
            Reading::Denied | Reading::Unread => "not known".to_owned(),
        };
        Self::Weak { was, remediate }
    }
}

/// What has still to be read before [`assess`] can judge the bucket.
///
/// The first round asks for what the baseline wants; the second only for what a change could break, and for the ledger's
/// history. So a compliant bucket costs one round.
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
    if is_weak && observed.history.is_unread() {
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
        Judgement::Weak { was, remediate } => {
            let kind = remediate.kind();
            let suppressed = suppressed(observed, aspect).map(Reason::Undone);
            let too_many = || too_many_writes(observed, baseline, kind);
            let reason =
                suppressed.or_else(|| too_many().map(|writes| Reason::TooManyWrites(kind, writes)));
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
    let mut judged = encryption::judge(observed, baseline);
    for aspect in Aspect::ALL {
        let mode = baseline.mode(aspect);
        if mode == Mode::Off {
            continue;
        }
        let result = match aspect {
            // Both are parts of one setting.
            Aspect::Encryption | Aspect::SseC => continue,
            // It is judged once, not with each bucket.
            Aspect::AccountPublicAccess if !observed.id.name.is_account() => continue,
            Aspect::AccountPublicAccess => access::account_block(observed),
            Aspect::PublicAccess => {
                let of_block = access::block(observed, baseline).unwrap_or_else(|one| vec![one]);
                let reported = of_block.into_iter().map(|one| (aspect, only_reported(one, mode)));
                judged.extend(reported);
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
            // They are reported by events alone.
            Aspect::AccessPoints | Aspect::Exports => continue,
        };
        let (Ok(judgement) | Err(judgement)) = result;
        judged.push((aspect, only_reported(judgement, mode)));
    }
    let Some(own) = &baseline.own else { return judged };
    let own = own::judge(observed, own);
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

/// Turns a remediation into a report, where the mode is to report.
fn only_reported(judgement: Judgement, mode: Mode) -> Judgement {
    match (judgement, mode) {
        (Judgement::Weak { was, remediate }, Mode::Report) => {
            let wanted = if let Setting::Policy(_) = remediate {
                "one that denies what does not come by TLS".to_owned()
            } else {
                remediate.value()
            };
            Judgement::NotRemediated(Reason::ReportOnly(format!("{was} (wanted: {wanted})")))
        }
        (judgement, Mode::Off | Mode::Report | Mode::EnforceNew | Mode::Enforce) => judgement,
    }
}

fn suppressed(observed: &Observed, aspect: Aspect) -> Option<Date> {
    let history = observed.history.known()?;
    history.suppressed.iter().filter(|(of, _)| *of == aspect).map(|(_, until)| *until).max()
}

/// Each setting has a count of its own: a conflict over one leaves the others guarded.
fn too_many_writes(observed: &Observed, baseline: &Baseline, kind: SettingKind) -> Option<u32> {
    let history = observed.history.known()?;
    let writes = history.writes.get(&kind).copied().unwrap_or_default();
    let is_open = history.stopped.contains(&kind) || writes >= baseline.writes_max;
    is_open.then_some(writes)
}

#[cfg(test)]
mod tests;
