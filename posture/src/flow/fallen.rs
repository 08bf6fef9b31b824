//! Protections that were switched off: what is reported of them, and when several are one alarm.
//!
//! The first two that a principal switches off are reported one by one. The third within ten minutes is one critical
//! alarm. What comes after it is part of one summary two minutes later, unless it is severe by itself.

use std::collections::{BTreeMap, BTreeSet};

use time::Duration;

use super::bucket_ledger::Base;
use super::pass::Conclusion;
use super::{Delayed, Flow, Ledger, Outgoing};
use crate::evaluate::downgrade::{self, Downgrade, Fall, MINUTES, Sequence};
use crate::events::OwnMessage;
use crate::model::protection;
use crate::model::severity::Severity;
use crate::reconcile::account::CallError;
use crate::reconcile::protections::{KnownFall, ProtectionUpdate};
use crate::reconcile::state::BucketState;
use crate::text::shown_time;
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
    /// Whether something is reported that only the event of a call shows, and the state does not keep.
    has_deeds: bool,
    /// Whether another principal has switched off several, and has no alarm yet.
    is_another: bool,
}

impl Fallen {
    /// Adds what only the events show.
    pub(super) fn add_deeds(&mut self, findings: Vec<Finding>) {
        self.has_deeds |= !findings.is_empty();
        self.findings.extend(findings);
    }

    /// Leaves out what is no more than the end of a bucket: less than an alarm, and nothing of what was folded.
    pub(super) fn end(&mut self, known: Option<&BucketState>) {
        let is_folded =
            |known: &BucketState| known.protections.falls.iter().any(|one| !one.notified);
        if self.sequence.is_none() && !self.waits && !known.is_some_and(is_folded) {
            self.findings.clear();
        }
    }
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// Finds what was switched off, and notes it for the state; `earlier` are the writes of runs before that this report
    /// contains. A bucket that is new, or of which nothing is known, has no last values.
    pub(super) async fn fallen(
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
                let (fall, call) = (one.fall()?, one.by.as_ref()?);
                let time = shown_time(call.time);
                let words = format!("{} ({} at {time})", one.words(), call.event_name);
                let said = is_remediated(one, end, earlier);
                Some(KnownFall { fall, words, notified: true, said })
            })
            .collect();
        let findings =
            downgrades.iter().filter(|one| !is_said(one, end, earlier)).map(finding).collect();
        let mut fallen = Fallen { findings, ..Fallen::default() };
        let bucket = &end.pass.id.name;
        let together = self.fallen_together(end, &known.falls, &new).await;
        let mut falls = self.account.recent_falls();
        falls.extend(together);
        falls.extend(known.falls.iter().map(|known| (bucket.clone(), known.fall.clone())));
        falls.extend(new.iter().map(|new| (bucket.clone(), new.fall.clone())));
        // Of what two functions have noted at the same time, neither has seen all.
        let principals = known.falls.iter().chain(&new).map(|one| one.fall.principal.as_str());
        let principals: BTreeSet<&str> = principals.collect();
        let sequences = principals.into_iter().filter_map(|one| Sequence::of(one, bucket, &falls));
        let is_alarmed = |sequence: &Sequence| {
            let of_state = known.alarms.get(&sequence.principal).map(|alarm| alarm.time);
            let last = of_state.max(self.account.alarm(&sequence.principal));
            last.is_some_and(|last| sequence.until - last <= Duration::minutes(MINUTES))
        };
        let (alarmed, mut others): (Vec<Sequence>, Vec<Sequence>) = sequences.partition(is_alarmed);
        others.sort_by_key(|sequence| sequence.count);
        let mut alarms = Vec::new();
        if let Some(sequence) = others.pop() {
            self.account.alarmed(&sequence.principal, sequence.until);
            alarms.push((sequence.principal.clone(), sequence.until));
            fallen.sequence = Some(sequence);
            fallen.is_another = !others.is_empty();
        } else {
            let is_of = |one: &KnownFall| {
                alarmed.iter().any(|sequence| sequence.principal == one.fall.principal)
            };
            fallen.waits = !new.is_empty() && new.iter().all(is_of);
        }
        self.account.fell(bucket, new.iter().map(|new| new.fall.clone()));
        let mut reported = new;
        if !fallen.waits || end.is_last {
            reported.extend(Self::summary(&mut fallen, bucket, (&known.falls, &falls)));
        }
        let website = end.seen.website.or(set_website(calls));
        end.update.protections = ProtectionUpdate { values, falls: reported, alarms, website };
        fallen
    }

    /// Notes what was switched off with what other functions have noted, by principal. What is not known to have been on
    /// counts in its own bucket alone, so it is in the state.
    async fn fallen_together(
        &self,
        end: &Conclusion<'_>,
        known: &[KnownFall],
        new: &[KnownFall],
    ) -> Vec<(BucketName, Fall)> {
        let bucket = &end.pass.id.name;
        let mut by_principal = BTreeMap::<&str, Vec<Fall>>::new();
        // One that an earlier pass has noted may have no alarm yet, because a report has one.
        let since = end.update.time - Duration::minutes(MINUTES);
        for KnownFall { fall, .. } in known.iter().filter(|one| one.fall.time >= since) {
            by_principal.entry(&fall.principal).or_default();
        }
        for KnownFall { fall, .. } in new.iter().filter(|one| one.fall.was_on) {
            by_principal.entry(&fall.principal).or_default().push(fall.clone());
        }
        let mut together = Vec::new();
        for (principal, falls) in by_principal {
            together.extend(self.fell_together(principal, bucket, &falls).await);
        }
        together
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

    /// Keeps a report back for the summary, unless it is severe, or the state does not keep all of it.
    pub(super) async fn folded(
        &self,
        end: &mut Conclusion<'_>,
        base: &Base,
        notification: Option<Notification>,
        fallen: &Fallen,
    ) -> Option<Notification> {
        let notification = notification?;
        let is_severe = notification.document.severity >= Severity::High;
        let is_kept = !fallen.has_deeds && !matches!(base, Base::Unusable);
        let is_swept = matches!(end.pass.task.trigger, Trigger::Sweep);
        if !fallen.waits || is_severe || is_swept || !is_kept {
            return Some(notification);
        }
        // Before the state is written: the message of an interrupted run finds nothing more.
        if !self.reconcile_again(&end.pass.id.name, SUMMARY_SECONDS).await {
            return Some(notification);
        }
        let mut update = end.update.clone();
        update.fold(end.seen.done.iter().map(|(_, record)| record.id.clone()));
        let (is_written, tally) = self.write_state(&end.pass.id, base.clone(), &update).await;
        end.result.tally.add(tally);
        (!is_written).then_some(notification)
    }

    /// Queues the bucket once more if another principal has no alarm yet: a report has one.
    pub(super) async fn next_alarm(&self, bucket: &BucketName, fallen: &Fallen) {
        if fallen.is_another {
            self.reconcile_again(bucket, 0).await;
        }
    }

    /// Whether a principal has switched off several protections of a bucket, and the state has no alarm about it.
    pub(super) fn lacks_alarm(bucket: &BucketName, state: &BucketState) -> bool {
        let falls: Vec<(BucketName, Fall)> =
            state.protections.falls.iter().map(|one| (bucket.clone(), one.fall.clone())).collect();
        falls.iter().any(|(_, fall)| {
            Sequence::of(&fall.principal, bucket, &falls).is_some_and(|sequence| {
                let alarm = state.protections.alarms.get(&fall.principal);
                alarm.is_none_or(|last| sequence.until - last.time > Duration::minutes(MINUTES))
            })
        })
    }

    /// Queues the bucket once more. `false` if it could not be queued.
    pub(super) async fn reconcile_again(&self, bucket: &BucketName, delay_seconds: u16) -> bool {
        let body = OwnMessage::Reconcile { bucket: bucket.clone(), known: None }.body();
        let sent = self.outgoing.send(&[Delayed { body, delay_seconds }]).await;
        if let Err(error) = &sent {
            tracing::error!(%bucket, %error, "the bucket could not be queued once more");
        }
        sent.is_ok()
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
