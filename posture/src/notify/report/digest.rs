//! The notification about what was not published at once: made from documents in the ledger, whose texts are not used.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{SUMMARY, SWEPT, labelled, owner_line, section, titled};
use crate::model::names::ACCOUNT;
use crate::model::severity::Severity;
use crate::notify::notification::document::{
    AspectResult, Body, Bucket, BucketReport, Document, Joined, OfAspect, OneCall, Outcome,
};
use crate::notify::notification::{Attribute, Draft, Origin, SEPARATOR, led, signed, sms};
use crate::text::{shown_time, unbroken, unlinked, unlinked_json, wrapped};
use crate::{Aspect, Notification};

/// Up to so many are reported with all that is known; of more, each has a line.
const WHOLE_MAX: usize = 10;
const VERSION: u32 = 1;

/// A notification as the ledger has it until it is published with others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folded {
    version: u32,
    /// The values of the attribute `action`.
    actions: Vec<String>,
    document: Document,
}

impl Folded {
    /// What is kept of a notification.
    pub fn of(notification: &Notification) -> Self {
        let actions = match notification.attributes.get("action") {
            Some(Attribute::Many(actions)) => actions.clone(),
            Some(Attribute::One(action)) => vec![action.clone()],
            None => Vec::new(),
        };
        Self { version: VERSION, actions, document: notification.document.clone() }
    }

    /// Its name in the ledger: the same for each delivery of the notification.
    pub fn name(&self) -> String {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || "-._@+:".contains(*c);
        let plain = self.document.id.chars().map(|c| if is_plain(&c) { c } else { '_' });
        plain.take(400).collect()
    }

    /// As it is written.
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it has only texts, numbers and lists")
    }

    /// Reads what was written.
    pub fn read(json: &[u8]) -> Option<Self> {
        let folded: Self = serde_json::from_slice(json).ok()?;
        (folded.version == VERSION).then_some(folded)
    }
}

/// A part of a digest: a report about a bucket, or another notification.
struct Part<'a> {
    severity: Severity,
    bucket: Option<&'a Bucket>,
    of: Of<'a>,
}

enum Of<'a> {
    Report(&'a BucketReport),
    Other(&'a Document),
}

/// One notification about all of these, the worst first; none about none. `whole` is the key of their list in the ledger.
pub fn digest(
    folded: &[Folded],
    origin: &Origin<'_>,
    id: &str,
    whole: &str,
) -> Option<Notification> {
    let mut folded: Vec<&Folded> = folded.iter().collect();
    folded.sort_by_key(|one| std::cmp::Reverse(one.document.severity));
    let worst = folded.first()?.document.severity;
    let parts: Vec<Part<'_>> = folded.iter().flat_map(|one| parts(&one.document)).collect();
    let (before, name, after) = headline(&parts[0]);
    let title = match &parts[..] {
        [_] => format!("{before}{name}{after}"),
        [_, more @ ..] => led(&format!("{before}{name}{after}"), more.len()),
        [] => return None,
    };
    let more =
        if parts.len() > 1 { format!(" (and {} more)", parts.len() - 1) } else { String::new() };
    let place = format!("{after}{more}. {} {}", origin.account, origin.region);
    let text = text(&parts, origin, whole);
    let mut buckets: BTreeMap<&str, Bucket> = BTreeMap::new();
    for bucket in folded.iter().flat_map(|one| &one.document.buckets) {
        buckets.entry(&bucket.name).or_insert_with(|| bucket.clone());
    }
    let actions: BTreeSet<&String> = folded.iter().flat_map(|one| &one.actions).collect();
    let (id, body) = match &folded[..] {
        [one] => (one.document.id.clone(), one.document.body.clone()),
        _ => (id.to_owned(), Body::Joined(joined(&parts, whole))),
    };
    let draft = Draft {
        origin: *origin,
        id,
        severity: worst,
        actions: Vec::new(),
        buckets: buckets.into_values().collect(),
        title,
        text,
        sms: sms(&signed(&before), &name, &place),
        body,
    };
    let mut notification = Notification::from(draft);
    if !actions.is_empty() {
        let actions = actions.into_iter().cloned().collect();
        notification.attributes.insert("action".to_owned(), Attribute::Many(actions));
    }
    Some(notification)
}

fn parts<'a>(document: &'a Document) -> Vec<Part<'a>> {
    let bucket = |name: &str| document.buckets.iter().find(|bucket| bucket.name == name);
    let part = |report: &'a BucketReport| Part {
        severity: document.severity,
        bucket: bucket(&report.bucket),
        of: Of::Report(report),
    };
    match &document.body {
        Body::BucketReport(report) => vec![part(report)],
        Body::Joined(joined) => joined.reports.iter().map(part).collect(),
        Body::Conflict(_)
        | Body::CoverageGap(_)
        | Body::ExemptionsEnding(_)
        | Body::SuppressionsUsed(_)
        | Body::ForeignObjects(_)
        | Body::Flood(_)
        | Body::UnguardedRegions(_)
        | Body::Alarm(_)
        | Body::Test(_)
        | Body::Objects(_) => {
            vec![Part { severity: document.severity, bucket: None, of: Of::Other(document) }]
        }
    }
}

fn joined(parts: &[Part<'_>], whole: &str) -> Joined {
    let (mut reports, mut others) = (Vec::new(), Vec::new());
    for part in parts {
        match part.of {
            Of::Report(report) => reports.push(report.clone()),
            Of::Other(document) => others.push(document.body.clone()),
        }
    }
    Joined { reports, others, whole: Some(whole.to_owned()) }
}

/// What stands before the name of the bucket in the subject, the name, and what stands behind it.
fn headline(part: &Part<'_>) -> (String, String, String) {
    match part.of {
        Of::Report(report) => {
            let (before, name, after) = report.title(part.severity);
            (before, name.to_owned(), after)
        }
        Of::Other(document) => {
            let (what, name) = what(&document.body);
            let mark = if part.severity == Severity::Critical { "CRITICAL: " } else { "" };
            (format!("{mark}s3guard: {what}"), name, String::new())
        }
    }
}

/// What a notification is about that is no report, and the name in it.
fn what(body: &Body) -> (&'static str, String) {
    let names = |names: Vec<String>| names.join(", ");
    match body {
        Body::Conflict(conflict) => ("conflict with another party over ", conflict.bucket.clone()),
        Body::CoverageGap(gap) => ("no event was received about ", names(gap.buckets.clone())),
        Body::ExemptionsEnding(ending) => {
            let buckets = ending.exemptions.iter().map(|one| one.buckets.clone()).collect();
            ("an exemption ends: ", names(buckets))
        }
        Body::SuppressionsUsed(used) => ("a suppression is applied to ", used.bucket.clone()),
        Body::ForeignObjects(foreign) => {
            let keys = foreign.objects.iter().map(|one| one.key.clone()).collect();
            ("a foreign object in the ledger: ", names(keys))
        }
        Body::Flood(flood) => ("very many calls by ", flood.who.clone()),
        Body::UnguardedRegions(unguarded) => {
            let regions = unguarded.regions.iter().map(|one| one.region.clone()).collect();
            ("buckets in Regions without a guard: ", names(regions))
        }
        Body::Alarm(alarm) => ("an alarm has changed: ", alarm.name.clone()),
        Body::BucketReport(_) | Body::Joined(_) | Body::Test(_) | Body::Objects(_) => {
            ("a notification", String::new())
        }
    }
}

fn text(parts: &[Part<'_>], origin: &Origin<'_>, whole: &str) -> String {
    let Origin { account, region, stack, .. } = *origin;
    if parts.len() <= WHOLE_MAX {
        let all: Vec<String> = parts.iter().map(|part| block(part, origin)).collect();
        return all.join(SEPARATOR);
    }
    let mut text = format!("Account {account}, {region}\n");
    for severity in Severity::ALL.into_iter().rev() {
        let of_severity = parts.iter().filter(|part| part.severity == severity);
        let lines: Vec<String> = of_severity.map(|part| format!("  {}", line(part))).collect();
        text += &titled(&format!("{}: {}", severity.name(), lines.len()), lines);
    }
    let advice = [
        format!("Of each bucket: s3guard history BUCKET --stack {stack} --region {region}"),
        format!("The list of all is in the ledger: {whole}"),
    ];
    text + &section("More", advice)
}

/// A part in one line.
fn line(part: &Part<'_>) -> String {
    let Of::Report(report) = part.of else {
        let (before, name, _) = headline(part);
        return unlinked(&format!("{before}{name}"), 200);
    };
    let name = if report.bucket == ACCOUNT { "the account" } else { &report.bucket };
    let with = |results: &[AspectResult]| {
        let aspects = report.aspects.iter().filter(|one| results.contains(&one.result));
        let aspects: BTreeSet<Aspect> = aspects.map(|one| one.aspect).collect();
        let words: Vec<&str> = aspects.into_iter().map(Aspect::words).collect();
        words.join(", ")
    };
    let all = [
        ("done", with(&[AspectResult::Remediated, AspectResult::Written])),
        ("not done", with(&[AspectResult::Failed])),
        ("left", with(&[AspectResult::NotRemediated])),
        ("exempt", with(&[AspectResult::Exempt])),
    ];
    let all = all.into_iter().filter(|(_, aspects)| !aspects.is_empty());
    let all: Vec<String> = all.map(|(what, aspects)| format!("{what}: {aspects}")).collect();
    let by = match report.calls.last() {
        Some(call) => {
            format!(" ({} by {})", unlinked(&call.event_name, 80), unlinked(&call.who, 120))
        }
        None => String::new(),
    };
    format!("{}: {}{by}", unlinked(name, 63), all.join("; "))
}

/// A part with all that is known of it.
fn block(part: &Part<'_>, origin: &Origin<'_>) -> String {
    let Of::Report(report) = part.of else {
        return format!("Account {}, {}\n\n{}\n", origin.account, origin.region, line(part));
    };
    let Origin { account, region, .. } = *origin;
    let is_of_event = matches!(report.outcome, Outcome::KeyLost | Outcome::Changed);
    let mut text = if report.bucket == ACCOUNT && is_of_event {
        labelled("Account", account.as_str()) + "\n"
    } else if report.bucket == ACCOUNT {
        format!("Account {account}, public access block of all its buckets\n")
    } else {
        labelled(
            "Bucket",
            &format!("{} ({region}, account {account})", unlinked(&report.bucket, 63)),
        ) + "\n"
    };
    let mut add = |line: String| text.extend([line.as_str(), "\n"]);
    if let Some(owner) = part.bucket.and_then(|bucket| bucket.owner.as_deref()) {
        add(owner_line(owner));
    }
    for call in &report.calls {
        add(call_lines(call));
    }
    if report.calls.is_empty() {
        let is_summary = report.outcome == Outcome::MoreSwitchedOff;
        let words = if is_summary { SUMMARY } else { SWEPT };
        add(words.to_owned());
    }
    if let (Some(grade), Some(reason)) =
        (part.bucket.and_then(|bucket| bucket.grade), &report.grade_reason)
    {
        add(labelled("Grade", &format!("{grade} ({})", unlinked(reason, 200))));
    }
    let with = |results: &[AspectResult], words: fn(&OfAspect) -> String| -> Vec<String> {
        let aspects = report.aspects.iter().filter(|one| results.contains(&one.result));
        // A write of several aspects is one line.
        let mut lines: Vec<String> = aspects.map(words).collect();
        lines.dedup();
        lines
    };
    text += &titled("Done", with(&[AspectResult::Remediated, AspectResult::Written], done));
    text += &titled("Not done", with(&[AspectResult::Failed], not_done));
    text += &titled("Later", with(&[AspectResult::Later], left));
    text += &titled(report.title_of_rest(), with(&[AspectResult::NotRemediated], left));
    text += &titled("Exempt", with(&[AspectResult::Exempt], left));
    if report.times_within_hour > 1 {
        let times = report.times_within_hour;
        write!(text, "\nRemediated {times} times within the hour, this time included.\n")
            .expect("a string takes everything");
    }
    if let Some(bucket) = part.bucket.filter(|_| !report.deleted) {
        text.extend(["\n", bucket.console.as_str(), "\n"]);
    }
    text
}

fn call_lines(call: &OneCall) -> String {
    let OneCall { event_name, time, principal, who, tool, source_ip, .. } = call;
    let (event, who) = (unlinked(event_name, 80), unlinked(who, 300));
    let from = source_ip.as_ref().map(|ip| format!(", from {}", unlinked(ip, 60)));
    let from = from.unwrap_or_default();
    let (tool, time) = (unbroken(&unlinked(tool, 60)), unbroken(&read_time(time)));
    let lines = labelled("Event", &format!("{event} by {who} with {tool}, {time}{from}"));
    let principal = unlinked(principal, 300);
    if who.contains(&principal) { lines } else { format!("{lines}\n        {principal}") }
}

/// A time of a document, as single notifications show it.
fn read_time(time: &str) -> String {
    OffsetDateTime::parse(time, &Rfc3339).map_or_else(|_| unlinked(time, 40), shown_time)
}

fn done(one: &OfAspect) -> String {
    let [wanted, was] =
        [&one.wanted, &one.was].map(|text| unlinked(text.as_deref().unwrap_or(""), 300));
    let done = wrapped(&format!("{wanted} (was: {was})"), "  ", "    ");
    let undo = one
        .undo
        .as_deref()
        .unwrap_or("manually, because the record could not be written to the ledger");
    format!("{done}\n    undo: {}", unlinked(undo, 400))
}

fn not_done(one: &OfAspect) -> String {
    let cause = unlinked(one.cause.as_deref().unwrap_or(""), 600);
    let not_done = match &one.wanted {
        Some(wanted) => format!("{cause} (wanted: {})", unlinked(wanted, 300)),
        None => format!("{}: {cause}", one.aspect.words()),
    };
    with_advice(wrapped(&not_done, "  ", "    "), one)
}

/// With the advice on its own line, which is not wrapped: it may be JSON to copy.
fn with_advice(text: String, one: &OfAspect) -> String {
    match &one.advice {
        Some(advice) => format!("{text}\n    {}", unlinked_json(advice)),
        None => text,
    }
}

fn left(one: &OfAspect) -> String {
    let cause = unlinked(one.cause.as_deref().unwrap_or(""), 600);
    let until = one.until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
    with_advice(wrapped(&format!("{}{until}: {cause}", one.aspect.words()), "  ", "    "), one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_done_has_its_cause_and_what_to_do() {
        let of = |wanted: Option<&str>, advice: Option<&str>| OfAspect {
            cause: Some("AWS refused it".to_owned()),
            wanted: wanted.map(str::to_owned),
            advice: advice.map(str::to_owned),
            ..OfAspect::new(Aspect::Tls, AspectResult::Failed)
        };
        let wanted = of(Some("a statement"), Some("Make the call."));
        let shown = "  AWS refused it (wanted: a statement)\n    Make the call.";
        assert_eq!(not_done(&wanted), shown);
        assert_eq!(not_done(&of(None, None)), "  TLS only: AWS refused it");
        let json = r#"Add to the policy again: {"Resource":"a b"}"#;
        let left = left(&of(None, Some(json)));
        assert_eq!(left, format!("  TLS only: AWS refused it\n    {json}"));
    }
}
