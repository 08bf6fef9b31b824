//! What is reported beside the report about a bucket: earlier writes, the first use of a suppression, and objects of the
//! ledger that do not count.

use super::bucket_ledger::BucketLedger;
use super::pass::Conclusion;
use super::{Flow, Ledger, Outgoing, Tally};
use crate::contract::metrics::Metric;
use crate::notify::notification::Origin;
use crate::notify::report::{self, Report, UsedSuppression};
use crate::reconcile::account::CallError;
use crate::reconcile::ledger::{ForeignObject, RecordId, Stored};
use crate::reconcile::record::InvalidRecord;
use crate::{Account, Action, BucketId, Finding, Reason, Record, Trigger};

/// How many records of earlier writes are read in one pass.
const RECORDS_MAX: usize = 10;

/// What was read in place of a record.
enum Found {
    Record(Box<Record>),
    Foreign(ForeignObject),
    /// It is not there, or is not read: nothing can be reported of it.
    Nothing,
    /// It could not be read now.
    Unknown,
}

impl<A, L, O> Flow<'_, A, L, O>
where
    A: Account<Error: CallError>,
    L: Ledger,
    O: Outgoing,
{
    /// The origin of a notification.
    pub(super) fn origin(&self) -> Origin<'_> {
        let super::Settings { account, region, stack, .. } = self.settings;
        Origin { account, region, stack, now: self.now() }
    }

    /// Reads the writes that could not be reported before. Those of the same calls are returned, for the report of this
    /// pass; those of other calls are reported here.
    pub(super) async fn unreported(&self, end: &mut Conclusion<'_>) -> Vec<Record> {
        let Some(known) = end.known.as_ref().filter(|_| end.seen.baseline.is_some()) else {
            return Vec::new();
        };
        let ids: Vec<String> = known.unreported.iter().take(RECORDS_MAX).cloned().collect();
        let mut records = Vec::new();
        for id in ids {
            match self.earlier_record(&end.pass.id, &id, &mut end.result.tally).await {
                Found::Record(record) => records.push(*record),
                Found::Foreign(foreign) => {
                    end.update.reported.push(id);
                    end.foreign.push(foreign);
                }
                Found::Nothing => end.update.reported.push(id),
                Found::Unknown => {}
            }
        }
        let trigger = &end.pass.task.trigger;
        // What was folded is reported together.
        let is_folded = known.protections.falls.iter().any(|known| !known.notified);
        let (ours, mut others): (Vec<Record>, Vec<Record>) =
            records.into_iter().partition(|record| is_folded || is_of(record, trigger));
        while let Some(first) = others.first() {
            let events = first.events.clone();
            let same = others.extract_if(.., |record| record.events == events).collect();
            self.report_earlier(same, end).await;
        }
        ours
    }

    async fn earlier_record(&self, bucket: &BucketId, id: &str, tally: &mut Tally) -> Found {
        let Ok(id) = id.parse::<RecordId>() else { return Found::Nothing };
        if id.bucket != bucket.name {
            return Found::Nothing;
        }
        let key = id.key();
        let (etag, cause) = match self.ledger.read(&key).await {
            Ok(Stored::Absent) => return Found::Nothing,
            Ok(Stored::Ours { etag, body }) => match Record::read(&body, &id, &bucket.account) {
                Ok(record) => return Found::Record(Box::new(record)),
                Err(InvalidRecord::Newer(_)) => return Found::Unknown,
                Err(error) => (etag, error.to_string()),
            },
            Ok(Stored::Foreign { etag, cause }) => (etag, cause),
            Err(error) => {
                Self::not_readable(&error, tally);
                return Found::Unknown;
            }
        };
        tracing::error!(key, cause, "an object of the ledger does not count");
        tally.count(Metric::ForeignObject, 1);
        Found::Foreign(ForeignObject { key, etag, cause })
    }

    /// Reports earlier writes with one cause.
    async fn report_earlier(&self, records: Vec<Record>, end: &mut Conclusion<'_>) {
        let Some(baseline) = &end.seen.baseline else { return };
        let done: Vec<(Action, Record)> =
            records.iter().map(|record| (record.action(), record.clone())).collect();
        let findings: Vec<Finding> = records.iter().flat_map(Record::findings).collect();
        let notification = report::notification(&Report {
            id: &end.pass.id,
            stack: (&self.settings.stack, &self.settings.region),
            baseline,
            trigger: &records[0].trigger(),
            findings: &findings,
            done: &done,
            kept: &records.iter().map(|record| record.id.clone()).collect(),
            failed: &[],
            took: None,
            is_again: false,
            owner: end.seen.owner.as_deref(),
            times_within_hour: 1,
            sequence: None,
            is_gone: end.seen.bucket_is_gone,
            now: self.now(),
        });
        let is_reported = match notification {
            Some(notification) => self.publish(&notification).await,
            None => true,
        };
        if is_reported {
            end.update.reported.extend(records.into_iter().map(|record| record.id));
        } else {
            end.result.retry = true;
        }
    }

    /// Reports the first use of each suppression.
    pub(super) async fn report_used_suppressions(
        &self,
        ledger: &BucketLedger<'_, A, L>,
        end: &mut Conclusion<'_>,
    ) {
        let bucket = &end.pass.id.name;
        let mut used = Vec::new();
        for finding in &end.seen.findings {
            let Finding::NotRemediated { aspect, reason: Reason::Undone(_) } = finding else {
                continue;
            };
            let Some((suppression, note)) = ledger.suppression(*aspect) else { continue };
            let key = suppression.key(bucket);
            let is_seen =
                end.known.as_ref().is_some_and(|known| known.suppressions_seen.contains(&key));
            if !is_seen && !used.iter().any(|one: &UsedSuppression| one.key == key) {
                used.push(UsedSuppression { key, suppression, note });
            }
        }
        if used.is_empty() {
            return;
        }
        let notification = report::suppressions_used(&end.pass.id, &used, &self.origin());
        if self.publish(&notification).await {
            end.suppressed.extend(used.iter().map(|one| one.suppression.aspect));
            end.update.suppressions_seen.extend(used.into_iter().map(|one| one.key));
        } else {
            end.result.retry = true;
        }
    }

    /// Reports objects of the ledger that do not count, each version once.
    pub(super) async fn report_foreign(
        &self,
        ledger: &BucketLedger<'_, A, L>,
        end: &mut Conclusion<'_>,
    ) {
        let (mut foreign, tally) = ledger.take_found();
        end.result.tally.add(tally);
        foreign.append(&mut end.foreign);
        foreign.retain(|object| {
            end.known.as_ref().is_none_or(|known| !known.foreign_seen.contains(&object.id()))
        });
        if foreign.is_empty() {
            return;
        }
        if self.publish(&report::foreign_objects(&foreign, &self.origin())).await {
            end.update.foreign_seen.extend(foreign.iter().map(ForeignObject::id));
        } else {
            end.result.retry = true;
        }
    }
}

/// Whether a record is of calls of this trigger.
fn is_of(record: &Record, trigger: &Trigger) -> bool {
    match (record.trigger(), trigger) {
        (Trigger::Sweep, Trigger::Sweep) => true,
        (Trigger::Calls(calls), Trigger::Calls(ours)) => calls.iter().all(|call| {
            ours.iter()
                .any(|our| our.event_id == call.event_id && our.event_name == call.event_name)
        }),
        (Trigger::Sweep, Trigger::Calls(_)) | (Trigger::Calls(_), Trigger::Sweep) => false,
    }
}
