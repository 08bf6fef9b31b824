//! What the guard tells the owner of a bucket that it looked at.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

use crate::notice::{Attribute, Severity, TEXT_BYTES_MAX};
use crate::text::{shown, subject};
use crate::{AccountId, Action, BucketName, Finding, Grade, LeftBecause, Notice, Reading, Region};

/// Why the guard looked at a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Somebody made this call.
    Call(Call),
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
    /// From the event to the last write.
    pub took: Option<Duration>,
}

/// Says what the owner should hear; nothing of a bucket that is right.
///
/// What a sweep merely finds and leaves is not told either: it would be told again by each sweep.
pub fn notice(report: &Report<'_>) -> Option<Notice> {
    let left: Vec<&LeftBecause> = report.findings.iter().filter_map(left).collect();
    let quiet = report.done.is_empty() && report.failed.is_empty();
    if quiet && (left.is_empty() || *report.trigger == Trigger::Sweep) {
        return None;
    }
    let (severity, action, verb) = if !report.failed.is_empty() {
        (Severity::High, "failed", "could not protect")
    } else if !left.is_empty() {
        (Severity::Warning, "left", "left a bucket as it is:")
    } else {
        (Severity::Info, "protected", "protected")
    };
    let attributes = BTreeMap::from(
        [
            ("account", Attribute::One(report.account.to_string())),
            ("action", Attribute::Many(vec![action.to_owned()])),
            ("bucket", Attribute::Many(vec![report.bucket.to_string()])),
            ("kind", Attribute::One("bucket".to_owned())),
            ("region", Attribute::One(report.region.to_string())),
            ("severity", Attribute::One(severity.name().to_owned())),
        ]
        .map(|(name, attribute)| (name.to_owned(), attribute)),
    );
    let mut text = text(report, &left).expect("a string takes everything");
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    Some(Notice {
        subject: subject(&format!("s3guard {verb} {}", report.bucket)),
        text,
        attributes,
    })
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
        Trigger::Call(call) => {
            let principal = shown(&call.principal, 300);
            let when = shown_time(call.time);
            writeln!(text, "Event   {} by {principal}, {when}", shown(&call.event_name, 80))?;
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
