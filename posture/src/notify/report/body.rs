//! The text of the report about one bucket.

use std::fmt::{self, Write as _};

use super::content::{CALLS_MAX, ReportContent, was};
use super::document::undo;
use super::{
    Report, SUMMARY, SWEPT, about, is_of_block, labelled, owner_line, section, sequence, titled,
};
use crate::model::baseline::Exempt;
use crate::model::principal::known_as;
use crate::notify::iac_snippet::snippet;
use crate::notify::links::console_link;
use crate::reconcile::record::State;
use crate::text::{shown_time, unbroken, unlinked, unlinked_json, wrapped};
use crate::{AccountId, Action, Aspect, Baseline, Call, Reason, Record, Tool, Trigger};

const AGAIN: &str = "s3guard retries with the bucket's next event, and with the sweep.";

pub(super) fn text(
    report: &Report<'_>,
    content: &ReportContent<'_>,
    title_of_rest: &'static str,
) -> String {
    let mut text = head(report).expect("a string takes everything");
    text += &sequence::section(report);
    text += &titled("Done", report.done.iter().map(|done| item(report, done)));
    text += &permanent(report);
    let failed = report.failed.iter().map(|(action, cause)| {
        format!("{} (wanted: {})", unlinked(cause, 600), unlinked(&action.to_string(), 300))
    });
    let again = (!report.failed.is_empty()).then(|| AGAIN.to_owned());
    let (refused, left): (Vec<_>, Vec<_>) =
        content.not_remediated.iter().partition(|(_, reason)| reason.is_refused());
    let refused = refused.into_iter().map(with_reason);
    text += &section("Not done", failed.chain(again).chain(refused));
    let later = content.later.iter();
    text += &section("Later", later.map(|(it, reason)| format!("{}: {reason}", it.words())));
    text += &section(title_of_rest, left.into_iter().map(with_reason));
    text += &for_the_stack(report, content);
    let lost = content.not_remediated.iter().filter_map(|(_, reason)| reason.lost_statements());
    text += &snippets("To add to the policy again", lost.map(unlinked_json));
    text += &section("Exempt", content.exempt.iter().map(|exempt| exempt_line(exempt)));
    tail(report, &mut text).expect("a string takes everything");
    text
}

fn with_reason((aspect, reason): &(Aspect, &Reason)) -> String {
    format!("{}: {}", aspect.words(), unlinked(&reason.to_string(), 600))
}

/// The call, the caller, the tool, the time and the source; then the ARN of the caller.
fn call_lines(call: &Call, account: &AccountId) -> String {
    let (event, who) = (unlinked(&call.event_name, 80), known_as(&call.principal, account));
    let (tool, time) = (unbroken(&call.tool.to_string()), unbroken(&shown_time(call.time)));
    let mut words = format!("{event} by {who} with {tool}, {time}");
    if let Some(source_ip) = &call.source_ip {
        words = format!("{words}, from {}", unlinked(source_ip, 60));
    }
    let lines = labelled("Event", &words);
    if who.contains(&call.principal) || unlinked(&call.principal, 300) == who {
        return lines;
    }
    format!("{lines}\n        {}", unlinked(&call.principal, 300))
}

fn exempt_line(exempt: &Exempt) -> String {
    let until = match exempt.until {
        Some(until) => format!("until {until}"),
        None => "without an end".to_owned(),
    };
    format!("{}, {until}: {}", exempt.aspect.words(), unlinked(&exempt.reason, 300))
}

fn head(report: &Report<'_>) -> Result<String, fmt::Error> {
    let mut text = String::new();
    if is_of_block(report) {
        writeln!(text, "{}", about(report.id))?;
    } else {
        let account = &report.id.account;
        writeln!(text, "{}", labelled("Account", &account.to_string()))?;
    }
    if let Some(owner) = report.owner {
        writeln!(text, "{}", owner_line(owner))?;
    }
    match report.trigger {
        Trigger::Calls(calls) => {
            for call in calls.iter().take(CALLS_MAX) {
                writeln!(text, "{}", call_lines(call, &report.id.account))?;
            }
        }
        Trigger::Sweep if report.sequence.is_some() => writeln!(text, "{SUMMARY}")?,
        Trigger::Sweep => writeln!(text, "{SWEPT}")?,
    }
    let Baseline { grade, grade_reason, .. } = report.baseline;
    if !report.id.name.is_account() {
        let words = format!("{grade} ({})", unlinked(grade_reason, 200));
        writeln!(text, "{}", labelled("Grade", &words))?;
    }
    Ok(text)
}

fn tail(report: &Report<'_>, text: &mut String) -> fmt::Result {
    let (is_done, has_failed) = (!report.done.is_empty(), !report.failed.is_empty());
    if report.is_again && !is_done && !has_failed {
        let words = "An earlier run was interrupted, maybe after a remediation.";
        writeln!(text, "\n{words}")?;
        if report.findings.is_empty() {
            writeln!(text, "The bucket is compliant now.")?;
        }
    }
    if let (Some(took), true, false) = (report.took, is_done, has_failed) {
        // The time of an event has no fraction of a second.
        let seconds = took.as_secs_f64().round().max(1.0);
        writeln!(text, "\nProtected about {seconds} s after the event.")?;
    }
    if report.times_within_hour > 1 {
        let times = report.times_within_hour;
        writeln!(text, "\nRemediated {times} times within the hour, this time included.")?;
    }
    if report.is_gone {
        return Ok(());
    }
    writeln!(text, "\n{}", console_link(&report.id.region, &report.id.name))
}

/// A write, the value before it, and how to revert it. The command is one line, so that it can be copied.
fn item(report: &Report<'_>, (action, record): &(Action, Record)) -> String {
    let unseen = match record.state {
        State::Written => ", not yet returned by S3 when it was read again",
        State::Begun | State::Verified | State::Failed => "",
    };
    let (is, was) = (unlinked(&action.to_string(), 300), was(report.findings, action.kind()));
    let done = wrapped(&format!("{is} (was: {was}){unseen}"), "  ", "    ");
    let by_hand = || "manually, because the record could not be written to the ledger".to_owned();
    format!("{done}\n    undo: {}", undo(report, record).unwrap_or_else(by_hand))
}

/// What to configure in the tool of the latest call, whose next run reverts the remediation otherwise.
fn permanent(report: &Report<'_>) -> String {
    let Some(tool) = report.trigger.calls().last().map(|call| call.tool) else {
        return String::new();
    };
    let done = report.done.iter().filter(|(action, _)| !action.restores_policy());
    let done = done.filter_map(|(action, _)| snippet(tool, report.id, action));
    snippets(&format!("To make it permanent in {tool}"), done)
}

/// What the template of the bucket's stack should have, where the setting was left to it, no matter who made the call.
fn for_the_stack(report: &Report<'_>, content: &ReportContent<'_>) -> String {
    let not_remediated = content.not_remediated.iter().filter_map(|(aspect, reason)| {
        let action = Action { set: reason.for_the_stack()?, aspects: vec![*aspect] };
        snippet(Tool::CloudFormation, report.id, &action)
    });
    snippets("For the template of its stack", not_remediated)
}

fn snippets(title: &str, snippets: impl Iterator<Item = String>) -> String {
    let snippets = snippets.map(|snippet| format!("  {}", snippet.replace('\n', "\n  ")));
    titled(title, snippets).replace("\n  \n", "\n\n")
}
