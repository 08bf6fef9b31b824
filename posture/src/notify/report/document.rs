//! The document about one bucket.

use super::content::{CALLS_MAX, ReportContent, was};
use super::{Report, shown};
use crate::model::principal::known_as;
use crate::notify::notification::document::{self, AspectResult, BucketReport, OfAspect, OneCall};
use crate::reconcile::record::State;
use crate::text::unlinked_json;
use crate::{AccountId, Aspect, Call, Finding, Record};

const CAUSE_MAX: usize = 600;

pub(super) fn of(report: &Report<'_>, content: &ReportContent<'_>) -> BucketReport {
    let account = &report.id.account;
    let calls = report.trigger.calls().iter().take(CALLS_MAX);
    let took = report.took.filter(|_| !report.done.is_empty() && report.failed.is_empty());
    BucketReport {
        bucket: report.id.name.to_string(),
        grade_reason: (!report.id.name.is_account())
            .then(|| shown(&report.baseline.grade_reason, 200)),
        calls: calls.map(|call| of_call(call, account)).collect(),
        aspects: done(report).chain(failed(report)).chain(others(content)).collect(),
        took_milliseconds: took.and_then(|took| took.as_millis().try_into().ok()),
        times_within_hour: report.times_within_hour.max(1),
        again: report.is_again,
        deleted: report.is_gone,
        outcome: content.severity_and_outcome().1,
        public_by: content.public_by.clone(),
        worst: content.worst().map(|(aspect, _)| aspect),
    }
}

/// The id, which is the same for each delivery: from the first write, else from the first event.
pub(super) fn id(report: &Report<'_>, content: &ReportContent<'_>) -> String {
    let (name, actions) = (&report.id.name, content.actions.join("+"));
    let what = match (report.done.first(), report.trigger.calls().first()) {
        (Some((_, record)), _) => record.id.clone(),
        (None, Some(Call { event_id: Some(event_id), .. })) => shown(event_id, 100),
        (None, Some(call)) => document::time(call.time),
        (None, None) => document::time(report.now),
    };
    format!("bucket-report:{}:{name}:{actions}:{what}", report.id.account)
}

/// The command that reverts a write; none if the ledger has no record of it.
pub(super) fn undo(report: &Report<'_>, record: &Record) -> Option<String> {
    let (stack, region) = report.stack;
    let undo = || format!("s3guard undo {} --stack {stack} --region {region}", record.id);
    report.kept.contains(&record.id).then(undo)
}

fn of_call(call: &Call, account: &AccountId) -> OneCall {
    OneCall {
        event_name: call.event_name.clone(),
        event_id: call.event_id.clone(),
        time: document::time(call.time),
        principal: call.principal.clone(),
        who: known_as(&call.principal, account),
        tool: call.tool.to_string(),
        source_ip: call.source_ip.clone(),
    }
}

fn done<'a>(report: &'a Report<'_>) -> impl Iterator<Item = OfAspect> + 'a {
    report.done.iter().flat_map(move |(action, record)| {
        let result = match record.state {
            State::Written => AspectResult::Written,
            State::Begun | State::Verified | State::Failed => AspectResult::Remediated,
        };
        action.aspects.iter().map(move |&aspect| OfAspect {
            was: Some(was_of(report, aspect, action.kind())),
            wanted: Some(shown(&action.to_string(), 300)),
            record: Some(record.id.clone()),
            undo: undo(report, record),
            ..OfAspect::new(aspect, result)
        })
    })
}

fn failed<'a>(report: &'a Report<'_>) -> impl Iterator<Item = OfAspect> + 'a {
    report.failed.iter().flat_map(move |(action, cause)| {
        action.aspects.iter().map(move |&aspect| OfAspect {
            was: Some(was_of(report, aspect, action.kind())),
            wanted: Some(shown(&action.to_string(), 300)),
            cause: Some(shown(cause, CAUSE_MAX)),
            advice: Some(format!(
                "Fix the cause: s3guard retries with the bucket's next event, and with the sweep. Or make the call {} \
                 yourself.",
                action.kind().call()
            )),
            ..OfAspect::new(aspect, AspectResult::Failed)
        })
    })
}

fn others<'a>(content: &'a ReportContent<'_>) -> impl Iterator<Item = OfAspect> + 'a {
    let later = content.later.iter().map(|(aspect, reason)| OfAspect {
        cause: Some((*reason).to_owned()),
        ..OfAspect::new(*aspect, AspectResult::Later)
    });
    let not_remediated = content.not_remediated.iter().map(|(aspect, reason)| OfAspect {
        cause: Some(shown(&reason.to_string(), CAUSE_MAX)),
        advice: reason
            .lost_statements()
            .map(|lost| format!("Add to the policy again: {}", unlinked_json(lost))),
        ..OfAspect::new(
            *aspect,
            if reason.is_refused() { AspectResult::Failed } else { AspectResult::NotRemediated },
        )
    });
    let exempt = content.exempt.iter().map(|exempt| OfAspect {
        cause: Some(shown(&exempt.reason, 300)),
        until: exempt.until.map(|until| until.to_string()),
        ..OfAspect::new(exempt.aspect, AspectResult::Exempt)
    });
    later.chain(not_remediated).chain(exempt)
}

/// What was found of an aspect before a write; of the whole setting, if there is no finding of the aspect.
fn was_of(report: &Report<'_>, aspect: Aspect, kind: crate::SettingKind) -> String {
    let of_aspect = |finding: &Finding| match finding {
        Finding::Weak { aspect: other, was, .. } if *other == aspect => Some(shown(was, 300)),
        Finding::Weak { .. } | Finding::Later { .. } | Finding::NotRemediated { .. } => None,
    };
    report.findings.iter().find_map(of_aspect).unwrap_or_else(|| was(report.findings, kind))
}
