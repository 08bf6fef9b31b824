//! What the events of calls say beside the settings of a bucket: it is reported, and nothing of it is read or written.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::bucket_ledger::{Base, BucketLedger};
use super::pass::{Conclusion, Pass, Reconciliation};
use super::{Flow, Ledger, Outgoing, PendingState, TaskResult};
use crate::model::deed::Deed;
use crate::model::trusted::Trusted;
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::Stored;
use crate::reconcile::state::{self, BucketState, Update};
use crate::{
    Account, AccountId, Aspect, Baseline, Call, Finding, KeyArn, Mode, Reason, Setting,
    SettingKind, Trigger,
};

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// The baseline of the account: its public access block, and what calls have done beside it.
    pub(super) fn account_baseline(&self, trigger: &Trigger) -> Baseline {
        let config = &self.settings.config;
        let touched = trigger.touched();
        let is_block = touched.is_empty() || touched.contains(&Aspect::AccountPublicAccess);
        let mode = if is_block { config.account_mode() } else { Mode::Off };
        let mut baseline = Baseline::of_account(mode);
        for aspect in touched.into_iter().filter(|one| *one != Aspect::AccountPublicAccess) {
            baseline.set_mode(aspect, config.mode_of_account(aspect));
        }
        baseline
    }

    /// What the calls have done, as far as the modes report it.
    pub(super) async fn by_event(&self, end: &Conclusion<'_>) -> Vec<Finding> {
        let Some(baseline) = &end.seen.baseline else { return Vec::new() };
        let mut findings: Vec<Finding> = Vec::new();
        for deed in
            end.pass.task.trigger.calls().iter().filter_map(|call| call.effect.deed.as_ref())
        {
            let Some((aspect, reason)) = self.reason(deed, &baseline.trusted).await else {
                continue;
            };
            let finding = Finding::NotRemediated { aspect, reason };
            // What ends a protection is reported in every mode.
            let is_end = matches!(deed, Deed::Key { .. } | Deed::Delivery { is_end: true, .. });
            if (is_end || baseline.mode(aspect) != Mode::Off) && !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        findings
    }

    async fn reason(&self, deed: &Deed, trusted: &Trusted) -> Option<(Aspect, Reason)> {
        match deed {
            Deed::Opened { aspect, what } => Some((*aspect, Reason::ByEvent(what.clone()))),
            Deed::Delivery { what, .. } => {
                Some((Aspect::AccessLogs, Reason::ByEvent((*what).to_owned())))
            }
            Deed::Exported { what, bucket, account: Some(account) } => {
                let is_known =
                    *account == self.settings.account || trusted.accounts.contains(account);
                let words = format!("{what} is sent to {bucket} of account {account}");
                (!is_known).then_some((Aspect::Exports, Reason::ByEvent(words)))
            }
            Deed::Exported { what, bucket, account: None } => {
                // A bucket with a state is one of this account and Region, as the destination has to be; the name of one
                // that was deleted may be another account's now.
                let key = state::key(bucket);
                let is_ours = match self.ledger.read(&key).await {
                    Ok(Stored::Ours { body, .. }) => {
                        let state = BucketState::read(&body, bucket, &self.settings.account);
                        state.is_ok_and(|state| state.closed.is_none())
                    }
                    Ok(Stored::Absent | Stored::Foreign { .. }) | Err(_) => false,
                };
                let words =
                    format!("{what} is sent to {bucket}, whose account the call does not name");
                (!is_ours).then_some((Aspect::Exports, Reason::ByEvent(words)))
            }
            Deed::Key { arn, what } => {
                let mut keys = self.settings.config.keys().chain(&self.settings.key);
                let key = keys.find(|key| is_key(key, arn, &self.settings.account))?.to_string();
                Some((
                    Aspect::Encryption,
                    match *what {
                        "has another policy" => Reason::ByEvent(format!("the key {key} {what}")),
                        _ => Reason::KeyLost(key, what),
                    },
                ))
            }
            Deed::Deleted => None,
        }
    }

    /// Closes the state of a bucket that was deleted, and reports what may still point to its name.
    ///
    /// Nothing of it is read: another account may have taken the name.
    pub(super) async fn deleted(
        &self,
        pass: &Pass<'_>,
        ledger: &BucketLedger<'_, A, L>,
        baseline: Baseline,
    ) -> TaskResult {
        let closed = pass.task.trigger.calls().last().map(|call| call.time);
        self.last_report(pass, ledger, baseline, closed).await
    }

    /// Reports what the calls have done to a bucket that is gone, and what was folded of it, and closes its state if the
    /// time of its end is known.
    pub(super) async fn last_report(
        &self,
        pass: &Pass<'_>,
        ledger: &BucketLedger<'_, A, L>,
        baseline: Baseline,
        closed: Option<OffsetDateTime>,
    ) -> TaskResult {
        let calls = pass.task.trigger.calls();
        ledger.read_state().await;
        let base = ledger.base();
        let known =
            if let Base::Read(state, _) = &base { Some(BucketState::clone(state)) } else { None };
        let free = closed.and_then(|_| pointed_to(calls, known.as_ref()));
        let findings = free.map(|what| Finding::NotRemediated {
            aspect: Aspect::PublicAccess,
            reason: Reason::NameIsFree(what.to_owned()),
        });
        let seen = Reconciliation {
            baseline: Some(baseline),
            findings: findings.into_iter().collect(),
            bucket_is_gone: true,
            ..Reconciliation::default()
        };
        let is_unknown = matches!(base, Base::Assumed | Base::Absent | Base::Closed(_));
        let mut end = Conclusion {
            pass,
            seen,
            known,
            update: Update { closed, ..Update::new(self.now()) },
            foreign: Vec::new(),
            result: TaskResult::default(),
            is_withheld: false,
            waits: Vec::new(),
            suppressed: BTreeSet::new(),
            is_last: true,
        };
        let earlier = self.unreported(&mut end).await;
        let mut fallen = self.fallen(&mut end, &earlier, is_unknown).await;
        fallen.end(end.known.as_ref());
        fallen.add_deeds(self.by_event(&end).await);
        let subscribed = self.subscribed_since(&end).await;
        let notification = self.notification(&mut end, &earlier, None, (subscribed, &fallen));
        let findings = fallen.findings.len() + end.seen.findings.len();
        tracing::info!(bucket = %pass.id.name, findings, "the bucket was deleted");
        let is_published = match notification {
            Some(notification) => self.publish(&notification).await,
            None => true,
        };
        self.next_alarm(&pass.id.name, &fallen).await;
        if !is_published {
            self.forget_alarms(&end.update);
        }
        let Conclusion { update, mut result, .. } = end;
        result.retry |= !is_published;
        // Of a bucket without a state there is nothing to close.
        if is_published && matches!(base, Base::Read(..)) {
            let (id, records) = (pass.id.clone(), Vec::new());
            let pending = PendingState { id, base, update, records, is_recent: false };
            result.tally.add(self.note(pending, true).await);
        }
        result
    }
}

/// What pointed to a bucket from outside, by the calls before its end and by its state.
fn pointed_to(calls: &[Call], known: Option<&BucketState>) -> Option<&'static str> {
    let by_calls = calls.iter().rev().find_map(|call| match call.event_name.as_str() {
        "PutBucketWebsite" => Some(true),
        "DeleteBucketWebsite" => Some(false),
        _ => None,
    });
    let by_state = known.and_then(|known| known.protections.website);
    if by_calls.or(by_state) == Some(true) {
        return Some("it was a website");
    }
    let policy = known?.settings.get(&SettingKind::Policy)?.read.as_ref()?.value.as_ref()?;
    let Setting::Policy(Some(policy)) = policy else { return None };
    policy.contains("cloudfront").then_some("its policy let CloudFront read it")
}

/// Whether a call is about this key: by its ARN, or by its id in this account.
fn is_key(key: &KeyArn, named: &str, account: &AccountId) -> bool {
    let arn = key.to_string();
    let is_id = arn.rsplit_once(":key/").is_some_and(|(_, id)| id == named);
    arn == named || (is_id && key.account() == account.as_str())
}
