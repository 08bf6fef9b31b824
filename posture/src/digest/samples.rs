//! One notification of each kind, to test whether notifications arrive and what they look like.

use std::time::Duration;

use crate::config::{Day, Ending};
use crate::contract::alarms::ALARMS;
use crate::digest::objects::notification_of;
use crate::events::alarm::{AlarmEvent, AlarmState};
use crate::events::object_event::ObjectEvent;
use crate::model::change::Change;
use crate::model::setting::PublicAccessBlock;
use crate::model::severity::Severity;
use crate::notify::notification::document::{self, Body, Test};
use crate::notify::notification::{Draft, Notification, Origin, sms};
use crate::notify::report::{self, ConflictReport, Report, UsedSuppression};
use crate::reconcile::inspect::Inspection;
use crate::reconcile::ledger::suppression::{Note, Suppression};
use crate::reconcile::ledger::{self, ForeignObject, RecordId};
use crate::reconcile::state;
use crate::text::subject;
use crate::{
    Action, Aspect, Baseline, BucketId, BucketName, Call, Finding, Grade, Observed, Reason, Record,
    Setting, SettingKind, Tool, Trigger, plan,
};

/// The beginning of every text.
const MARK: &str = "TEST: nothing happened. This is a test of the notifications of s3guard.\n\n";
/// The owner of the sample bucket.
const OWNER: &str = "owner@example.com";

/// One notification of each kind, marked as a test in every channel.
pub fn samples(origin: &Origin<'_>) -> Vec<Notification> {
    let [reports, photos] = ["s3guard-test-reports", "s3guard-test-photos"].map(|name| BucketId {
        name: name.parse().expect("it is a name"),
        account: origin.account.clone(),
        region: origin.region.clone(),
    });
    let by_call = Trigger::Calls(vec![call(origin)]);
    let swept = [&reports, &photos].map(|id| of_bucket(id, &Trigger::Sweep, &weak(), origin));
    let public =
        Finding::NotRemediated { aspect: Aspect::PublicAccess, reason: Reason::PublicPolicy };
    let mut samples = vec![arrival(origin)];
    samples.extend(of_bucket(&reports, &by_call, &weak(), origin));
    samples.extend(of_bucket(&reports, &by_call, &public, origin));
    samples.extend(Notification::joined(swept.into_iter().flatten().collect()));
    samples.push(conflict(&reports, by_call.calls(), origin));
    samples.push(report::coverage_gap(&[photos.name], origin));
    samples.push(report::exemptions_ending(&[ending(&reports.name, origin)], origin));
    samples.push(report::suppressions_used(&reports, &[suppression(&reports, origin)], origin));
    samples.push(report::foreign_objects(&[foreign(&reports)], origin));
    samples.push(report::flood(&call(origin).principal, (300, 5), origin));
    let elsewhere = ("eu-north-1".parse().expect("it is a Region"), vec![reports.name.clone()]);
    samples.push(report::unguarded_regions(
        &[elsewhere].into(),
        std::slice::from_ref(origin.region),
        origin,
    ));
    samples.push(report::alarm(&dead_letters(origin), origin));
    samples.push(notification_of(&deleted(reports.name, origin), origin));
    samples.into_iter().map(marked).collect()
}

/// A suppression by an operator.
fn suppression(id: &BucketId, origin: &Origin<'_>) -> UsedSuppression {
    let made = origin.now;
    let until = made.date().saturating_add(time::Duration::days(30));
    let suppression = Suppression { aspect: Aspect::Tls, made, until };
    let note = Note {
        undone: RecordId { bucket: id.name.clone(), time: made, kind: SettingKind::Policy }
            .to_string(),
        reason: "the scanner speaks no TLS (TICKET-7)".to_owned(),
        by: format!("arn:aws:iam::{}:user/mary", origin.account),
        ..Note::default()
    };
    UsedSuppression { key: suppression.key(&id.name), suppression, note }
}

/// An object of the ledger that another principal has written.
fn foreign(id: &BucketId) -> ForeignObject {
    ForeignObject {
        key: state::key(&id.name),
        etag: "\"0f1e2d3c\"".to_owned(),
        cause: "its encryption is AES256, and not aws:kms with the stack's key".to_owned(),
    }
}

/// Marks a notification as a test in every channel.
fn marked(mut notification: Notification) -> Notification {
    notification.subject = subject(&format!("TEST: {}", notification.subject));
    notification.text.insert_str(0, MARK);
    let said = notification.sms.strip_prefix("s3guard").unwrap_or(&notification.sms);
    notification.sms = sms("s3guard TEST", "", said);
    notification.document.test = true;
    notification.document.id.insert_str(0, "test:");
    notification.fitted()
}

/// The notification that notifications arrive.
fn arrival(origin: &Origin<'_>) -> Notification {
    let Origin { account, region, stack, now } = *origin;
    let message = "Notifications of s3guard arrive here.";
    let draft = Draft {
        origin: *origin,
        id: format!("{account}:{region}:{}", document::time(now)),
        severity: Severity::Info,
        actions: vec!["test"],
        buckets: Vec::new(),
        title: "s3guard: notifications arrive here".to_owned(),
        text: format!("Account {account}, {region}, stack {stack}\n\n{message}\n"),
        sms: sms("s3guard: notifications arrive here. ", "", &format!("{account} {region}")),
        body: Body::Test(Test { message: message.to_owned() }),
    };
    draft.into()
}

fn call(origin: &Origin<'_>) -> Call {
    Call {
        event_name: "DeleteBucketPublicAccessBlock".to_owned(),
        event_id: None,
        time: origin.now,
        principal: format!("arn:{}:iam::{}:user/test", origin.region.partition(), origin.account),
        principal_arn: None,
        tool: Tool::Cli,
        source_ip: Some("192.0.2.1".to_owned()),
        exposes: false,
        opens_sse_c: false,
        makes_default_bucket: false,
        policy: None,
        effect: crate::model::deed::Effect::default(),
    }
}

fn weak() -> Finding {
    Finding::Weak {
        aspect: Aspect::PublicAccess,
        was: "off".to_owned(),
        remediate: Setting::PublicAccessBlock(Some(PublicAccessBlock::ALL)),
    }
}

/// The report of a bucket with one finding, which was remediated if possible.
fn of_bucket(
    id: &BucketId,
    trigger: &Trigger,
    finding: &Finding,
    origin: &Origin<'_>,
) -> Option<Notification> {
    let baseline = Baseline::new(Grade::Speed, None);
    let findings = vec![finding.clone()];
    let plan = plan(&findings);
    let observed = Observed::unread(id.clone());
    let inspection =
        Inspection { observed, baseline, findings, plan, read_last: Vec::new(), reads: 0 };
    let record = |action: &Action| {
        let mut record = Record::begun(&inspection, action, trigger, origin.now);
        record.end(crate::reconcile::record::State::Verified, trigger, origin.now);
        record
    };
    let done: Vec<(Action, Record)> =
        inspection.plan.actions.iter().map(|action| (action.clone(), record(action))).collect();
    let kept = done.iter().map(|(_, record)| record.id.clone()).collect();
    report::notification(&Report {
        id,
        stack: (origin.stack, origin.region),
        baseline: &inspection.baseline,
        trigger,
        findings: &inspection.findings,
        done: &done,
        failed: &[],
        took: (!trigger.calls().is_empty()).then_some(Duration::from_secs(4)),
        is_again: false,
        owner: Some(OWNER),
        times_within_hour: 1,
        sequence: None,
        is_gone: false,
        kept: &kept,
        now: origin.now,
    })
}

fn conflict(id: &BucketId, calls: &[Call], origin: &Origin<'_>) -> Notification {
    report::conflict(&ConflictReport {
        id,
        calls,
        last: None,
        aspects: &[Aspect::Tls],
        kind: SettingKind::Policy,
        writes: 20,
        still_until: ledger::still_until(origin.now),
        grade: Some(Grade::Speed),
        owner: Some(OWNER),
        stack: origin.stack,
        now: origin.now,
    })
}

fn ending(bucket: &BucketName, origin: &Origin<'_>) -> Ending {
    Ending {
        number: 1,
        buckets: bucket.to_string(),
        aspects: vec![Aspect::Tls],
        reason: "a test".to_owned(),
        until: Day((origin.now + time::Duration::DAY).date()),
        is_over: false,
    }
}

fn dead_letters(origin: &Origin<'_>) -> AlarmEvent {
    let (id, description) = ALARMS[0];
    AlarmEvent {
        id: None,
        name: format!("{}-{id}", origin.stack),
        description,
        state: AlarmState::Alarm,
        previous: Some(AlarmState::Ok),
        since: origin.now,
    }
}

fn deleted(bucket: BucketName, origin: &Origin<'_>) -> ObjectEvent {
    ObjectEvent {
        id: "test".to_owned(),
        change: Change::Deleted,
        bucket,
        key: "test/report.pdf".to_owned(),
        version_id: None,
        size_bytes: None,
        sequencer: Some("0055AED6DCD90281E5".to_owned()),
        retention: None,
        is_acl_unchecked: false,
        requester: Some(origin.account.to_string()),
        source_ip: Some("192.0.2.1".to_owned()),
        time: origin.now,
    }
}
