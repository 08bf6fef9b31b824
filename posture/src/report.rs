//! What the guard tells the owner of a bucket that it looked at.

use std::fmt::Write as _;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

use crate::notice::{Attributes, Severity, TEXT_BYTES_MAX};
use crate::text::{shown, subject};
use crate::{AccountId, Action, BucketName, Finding, Grade, LeftBecause, Notice, Reading, Region};

/// The most calls that a notice names: as many as a batch can hold.
const CALLS_TOLD_MAX: usize = 10;

/// Why the guard looked at a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Somebody made these calls. Events of a bucket that come together are looked at once.
    Calls(Vec<Call>),
    /// Nobody told us: the sweep looks at every bucket.
    Sweep,
}

/// A call as CloudTrail reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// CloudTrail's name of the call.
    pub event_name: String,
    /// When it was made.
    pub time: OffsetDateTime,
    /// Who made it: an ARN, or the kind of caller where there is none.
    pub principal: String,
}

/// What was found in one bucket and what came of it.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The bucket.
    pub bucket: &'a BucketName,
    /// Its owner.
    pub account: &'a AccountId,
    /// Where it is.
    pub region: &'a Region,
    /// The grade it is held to.
    pub grade: Grade,
    /// Why it was looked at.
    pub trigger: &'a Trigger,
    /// What was found.
    pub findings: &'a [Finding],
    /// What was done about it.
    pub done: &'a [Action],
    /// What was not done, with the causes.
    pub failed: &'a [(Action, String)],
    /// From the first of the calls to the last write.
    pub took: Option<Duration>,
    /// Whether the bucket was looked at before for the same calls, and that look ended midway.
    pub is_again: bool,
}

/// Says what the owner should hear; nothing of a bucket that is right.
///
/// Of what a sweep finds and does not change nothing is told: each sweep would tell it again. What it cannot mend is
/// counted, and an alarm counts with it.
pub fn notice(report: &Report<'_>) -> Option<Notice> {
    let left: Vec<&LeftBecause> = report.findings.iter().filter_map(left).collect();
    let (done, failed) = (!report.done.is_empty(), !report.failed.is_empty());
    let told = match report.trigger {
        Trigger::Sweep => done,
        // What an interrupted look has done is told by nobody else.
        Trigger::Calls(_) => done || failed || !left.is_empty() || report.is_again,
    };
    if !told {
        return None;
    }
    let (severity, verb) = match (done, failed, left.is_empty()) {
        (false, true, _) => (Severity::High, "could not protect"),
        (true, true, _) => (Severity::High, "could not wholly protect"),
        (true, false, false) => (Severity::Warning, "protected in part:"),
        (false, false, false) => (Severity::Warning, "left a bucket as it is:"),
        (false, false, true) => (Severity::Info, "looked again at"),
        (true, false, true) => (Severity::Info, "protected"),
    };
    let actions = [
        (done, "protected"),
        (failed, "failed"),
        (!left.is_empty(), "left"),
        (report.is_again, "again"),
    ];
    let attributes = Attributes {
        kind: "bucket",
        severity,
        actions: actions.iter().filter(|(is, _)| *is).map(|(_, name)| (*name).to_owned()).collect(),
        buckets: vec![report.bucket.to_string()],
        account: report.account,
        region: report.region,
    };
    let mut text = text(report, &left).expect("a string takes everything");
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    let subject = subject(&format!("s3guard {verb} {}", report.bucket));
    Some(Notice { subject, text, attributes: attributes.into() })
}

/// A time as people read it, in UTC, to the second.
pub fn shown_time(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_else(|_| time.to_string())
}

/// The page of a bucket in AWS's console, in the Region's own partition.
pub fn console_link(region: &Region, bucket: &BucketName) -> String {
    let host = match region.as_str() {
        china if china.starts_with("cn-") => "console.amazonaws.cn",
        gov if gov.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{region}.{host}/s3/buckets/{bucket}?region={region}&tab=permissions")
}

fn text(report: &Report<'_>, left: &[&LeftBecause]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let Report { bucket, account, region, grade, .. } = report;
    writeln!(text, "Bucket  {bucket} ({region}, account {account})")?;
    match report.trigger {
        Trigger::Calls(calls) => {
            for call in calls.iter().take(CALLS_TOLD_MAX) {
                let principal = shown(&call.principal, 300);
                let when = shown_time(call.time);
                writeln!(text, "Event   {} by {principal}, {when}", shown(&call.event_name, 80))?;
            }
        }
        Trigger::Sweep => writeln!(text, "Event   none: found by the sweep")?,
    }
    writeln!(text, "Grade   {grade}")?;
    let section = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            String::new()
        } else {
            format!("\n{title}\n  {}\n", lines.join("\n  "))
        }
    };
    let was = |action: &Action| format!("{action} (was: {})", seen(report.findings, action));
    text += &section("Done", report.done.iter().map(was).collect());
    let failed =
        |(action, cause): &(Action, String)| format!("{} (wanted: {})", shown(cause, 600), action);
    text += &section("Not done", report.failed.iter().map(failed).collect());
    text += &section("Left as it is", left.iter().map(ToString::to_string).collect());
    if report.is_again && report.done.is_empty() && report.failed.is_empty() {
        writeln!(text, "\nAn earlier look was interrupted, maybe after it had mended something.")?;
        if report.findings.is_empty() {
            writeln!(text, "The bucket is as it should be now.")?;
        }
    }
    if let (Some(took), false, true) =
        (report.took, report.done.is_empty(), report.failed.is_empty())
    {
        writeln!(text, "\nProtected {:.1} s after the event.", took.as_secs_f64())?;
    }
    writeln!(text, "\n{}", console_link(region, bucket))?;
    Ok(text)
}

/// What there was before an action, in words.
fn seen(findings: &[Finding], action: &Action) -> String {
    let words = |finding: &Finding| match (finding, action) {
        (Finding::WeakEncryption { seen, .. }, Action::SetEncryption(_)) => Some(words(seen)),
        (Finding::OpenToPublic { seen, .. }, Action::SetPublicAccessBlock(_)) => Some(words(seen)),
        (
            Finding::WeakEncryption { .. } | Finding::OpenToPublic { .. } | Finding::Left(_),
            Action::SetEncryption(_) | Action::SetPublicAccessBlock(_),
        ) => None,
    };
    findings.iter().find_map(words).unwrap_or_else(|| "not known".to_owned())
}

fn words<T: std::fmt::Display>(reading: &Reading<T>) -> String {
    match reading {
        Reading::Known(value) => value.to_string(),
        Reading::Absent => "not set".to_owned(),
        Reading::Denied | Reading::Unread => "not known".to_owned(),
    }
}

fn left(finding: &Finding) -> Option<&LeftBecause> {
    match finding {
        Finding::Left(because) => Some(because),
        Finding::WeakEncryption { .. } | Finding::OpenToPublic { .. } => None,
    }
}

#[cfg(test)]
mod tests;
