//! Protections that were switched off: what is reported of them, and when several are one alarm.
//!
//! The first two that a principal switches off are reported one by one. The third within ten minutes is one critical
//! alarm. What comes after it is part of one summary two minutes later, unless it is severe by itself.

use time::Duration;

use super::pass::Conclusion;
use super::{Delayed, Flow, Ledger, Outgoing};
use crate::evaluate::downgrade::{self, Downgrade, Fall, MINUTES, Sequence};
use crate::events::OwnMessage;
use crate::model::protection;
use crate::model::severity::Severity;
use crate::reconcile::account::CallError;
use crate::reconcile::protections::{KnownFall, ProtectionUpdate};
use crate::{Account, Baseline, BucketName, Finding, Mode, Notification, Reason, Record, Trigger};

/// After how many seconds what was folded is reported.
const SUMMARY_SECONDS: u16 = 120;

/// What was switched off in a bucket, and how it is reported.
#[derive(Debug, Default)]
pub(super) struct Fallen {
    /// What is reported.
    pub(super) findings: Vec<Finding>,
    /// Whether it is one of several.
    pub(super) sequence: Option<Sequence>,
    /// Whether the report waits for the summary, if it is not severe.
    waits: bool,
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Finds what was switched off, and notes it for the state; `earlier` are the writes of runs before that this report
    /// contains. A bucket that is new, or of which nothing is known, has no last values.
    pub(super) fn fallen(
        &self,
        end: &mut Conclusion<'_>,
        earlier: &[Record],
        is_unknown: bool,
    ) -> Fallen {
        let calls = end.pass.task.trigger.calls();
        let is_new = is_unknown && calls.iter().any(|call| call.event_name == "CreateBucket");
        let known = end.known.as_ref().map(|known| known.protections.clone()).unwrap_or_default();
        let time = end.update.time;
        let read = (&end.seen.protections, time);
        let compared = downgrade::compare(&known.values, is_new, calls, read);
        let written = end.seen.done.iter().flat_map(|(action, _)| protection::of(&action.set));
        let mut values = compared.changed;
        values.extend(downgrade::known(written, time));
        let is_known = |one: &Downgrade| {
            let fall = one.fall();
            known.falls.iter().any(|known| fall.as_ref() == Some(&known.fall))
        };
        let downgrades: Vec<Downgrade> = compared
            .downgrades
            .into_iter()
            .filter(|one| !is_known(one) && !is_otherwise(one, end))
            .collect();
        let new: Vec<KnownFall> = downgrades
            .iter()
            .filter_map(|one| {
                let said = is_remediated(one, end, earlier);
                Some(KnownFall { fall: one.fall()?, words: one.words(), notified: true, said })
            })
            .collect();
        let findings =
            downgrades.iter().filter(|one| !is_said(one, end, earlier)).map(finding).collect();
        let mut fallen = Fallen { findings, ..Fallen::default() };
        let bucket = &end.pass.id.name;
        let mut falls = self.account.recent_falls();
        falls.extend(known.falls.iter().map(|known| (bucket.clone(), known.fall.clone())));
        falls.extend(new.iter().map(|new| (bucket.clone(), new.fall.clone())));
        let principals = new.iter().map(|new| new.fall.principal.as_str());
        let sequences = principals.filter_map(|one| Sequence::of(one, bucket, &falls));
        let mut alarms = Vec::new();
        if let Some(sequence) = sequences.max_by_key(|sequence| sequence.count) {
            let of_state = known.alarms.get(&sequence.principal).map(|alarm| alarm.time);
            let last = of_state.max(self.account.alarm(&sequence.principal));
            if last.is_some_and(|last| sequence.until - last <= Duration::minutes(MINUTES)) {
                fallen.waits = true;
            } else {
                self.account.alarmed(&sequence.principal, sequence.until);
                alarms.push((sequence.principal.clone(), sequence.until));
                fallen.sequence = Some(sequence);
            }
        }
        self.account.fell(bucket, new.iter().map(|new| new.fall.clone()));
        let mut reported = new;
        if !fallen.waits {
            reported.extend(Self::summary(&mut fallen, bucket, (&known.falls, &falls)));
        }
        let website = end.seen.website.or(set_website(calls));
        end.update.protections = ProtectionUpdate { values, falls: reported, alarms, website };
        fallen
    }

    /// Adds what was folded before.
    fn summary(
        fallen: &mut Fallen,
        bucket: &BucketName,
        (known, falls): (&[KnownFall], &[(BucketName, Fall)]),
    ) -> Vec<KnownFall> {
        let folded: Vec<KnownFall> = known
            .iter()
            .filter(|known| !known.notified)
            .map(|known| KnownFall { notified: true, ..known.clone() })
            .collect();
        let reason = |known: &KnownFall| Finding::NotRemediated {
            aspect: known.fall.protection.aspect(),
            reason: Reason::SwitchedOff(known.words.clone()),
        };
        fallen.findings.extend(folded.iter().filter(|known| !known.said).map(reason));
        if let Some(last) = folded.last().filter(|_| fallen.sequence.is_none()) {
            let sequence = Sequence::of(&last.fall.principal, bucket, falls);
            fallen.sequence = sequence.map(|all| Sequence { is_later: true, ..all });
        }
        folded
    }

    /// Keeps a report back for the summary, unless it is severe.
    pub(super) async fn folded(
        &self,
        end: &mut Conclusion<'_>,
        notification: Option<Notification>,
        fallen: &Fallen,
    ) -> Option<Notification> {
        let is_severe =
            notification.as_ref().is_some_and(|one| one.document.severity >= Severity::High);
        if !fallen.waits || is_severe || matches!(end.pass.task.trigger, Trigger::Sweep) {
            return notification;
        }
        let bucket = end.pass.id.name.clone();
        let body = OwnMessage::Reconcile { bucket, known: None }.body();
        let summary = Delayed { body, delay_seconds: SUMMARY_SECONDS };
        if let Err(error) = self.outgoing.send(&[summary]).await {
            tracing::error!(%error, "a summary could not be queued, so the report is published");
            return notification;
        }
        end.update.fold(end.seen.done.iter().map(|(_, record)| record.id.clone()));
        None
    }
}

/// Whether it is reported otherwise: the owner has asked for it by an undo, the guard has stopped because of a conflict, or
/// it is one of the stack's own buckets.
fn is_otherwise(one: &Downgrade, end: &Conclusion<'_>) -> bool {
    let is_own = end.seen.baseline.as_ref().is_some_and(|baseline| baseline.own.is_some());
    is_own
        || end.seen.findings.iter().any(|finding| {
            let is_undone =
                matches!(finding, Finding::NotRemediated { reason: Reason::Undone(_), .. });
            finding.aspect() == one.protection.aspect()
                && (is_undone || finding.stopped().is_some())
        })
}

/// Whether the report says it anyway: it was remediated, or is reported as a setting that the mode only reports.
fn is_said(one: &Downgrade, end: &Conclusion<'_>, earlier: &[Record]) -> bool {
    let aspect = one.protection.aspect();
    // Without what it was before, there is nothing to add.
    let is_reported = (aspect.setting().is_some() || one.from.is_none())
        && end.seen.baseline.as_ref().is_some_and(|baseline| baseline.mode(aspect) == Mode::Report);
    let is_found = one.protection != protection::Protection::MfaDelete
        && end.seen.findings.iter().any(|finding| match finding {
            Finding::NotRemediated { aspect: of, reason } if *of == aspect => {
                let is_only_reported =
                    matches!(reason, Reason::ReportOnly(_) | Reason::NeverWritten(_));
                let is_demanded = matches!(reason, Reason::PolicyDemands(_));
                (is_only_reported && is_reported && one.by.is_some())
                    || (is_demanded && one.from.is_none())
            }
            Finding::NotRemediated { .. } | Finding::Weak { .. } | Finding::Later { .. } => false,
        });
    is_found || is_remediated(one, end, earlier)
}

/// Whether it was remediated, now or by a run before: the record of that says so, whenever it is reported.
fn is_remediated(one: &Downgrade, end: &Conclusion<'_>, earlier: &[Record]) -> bool {
    let aspect = one.protection.aspect();
    let call = one.by.as_ref().and_then(|call| call.event_id.as_deref());
    let is_recorded = earlier.iter().any(|record| {
        let mut calls = record.events.iter().map(|event| event.event_id.as_deref());
        record.aspects.contains(&aspect) && calls.any(|of| of.is_some() && of == call)
    });
    let is_weak =
        |finding: &Finding| matches!(finding, Finding::Weak { aspect: of, .. } if *of == aspect);
    one.protection != protection::Protection::MfaDelete
        && (is_recorded || is_retried(one, end) || end.seen.findings.iter().any(is_weak))
}

/// Whether it is back, and the guard may have done that in a run that was interrupted before it noted it: then the report
/// says so.
fn is_retried(one: &Downgrade, end: &Conclusion<'_>) -> bool {
    let now = end.seen.protections.get(&one.protection);
    let is_back = match (&one.from, now) {
        (Some(from), Some(now)) => !downgrade::has_fallen(from, now),
        (None, Some(now)) => *now != one.to,
        (_, None) => false,
    };
    let enforces = |baseline: &Baseline| baseline.mode(one.protection.aspect()).enforces();
    end.pass.task.is_again && is_back && end.seen.baseline.as_ref().is_some_and(enforces)
}

fn finding(one: &Downgrade) -> Finding {
    let reason = Reason::SwitchedOff(one.words());
    Finding::NotRemediated { aspect: one.protection.aspect(), reason }
}

/// Whether calls have made a website of the bucket, or ended that.
fn set_website(calls: &[crate::Call]) -> Option<bool> {
    calls.iter().rev().find_map(|call| match call.event_name.as_str() {
        "PutBucketWebsite" => Some(true),
        "DeleteBucketWebsite" => Some(false),
        _ => None,
    })
}
