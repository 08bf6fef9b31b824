//! What the guard tells the owner of a bucket that it looked at.

use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

use crate::notice::{Attributes, TEXT_BYTES_MAX};
use crate::text::subject;
use crate::{Action, Baseline, BucketId, BucketName, Finding, Notice, Record, Region, Trigger};

mod body;
mod coverage;
mod exemptions;
mod matter;
mod tug_of_war;

pub use coverage::coverage_gap;
pub use exemptions::exemptions_ending;
pub(crate) use matter::ACTIONS;
pub use tug_of_war::{TugOfWar, tug_of_war};

use matter::{EXEMPT, Matter};

/// What was found in one bucket and what came of it.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The bucket.
    pub id: &'a BucketId,
    /// The guard's stack, and where it is: the command that undoes has to be told.
    pub stack: (&'a str, &'a Region),
    /// What it is held to.
    pub baseline: &'a Baseline,
    /// Why it was looked at.
    pub trigger: &'a Trigger,
    /// What was found.
    pub findings: &'a [Finding],
    /// What was done about it, with what the ledger keeps of it.
    pub done: &'a [(Action, Record)],
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
/// counted, and an alarm counts with it. What waits for `CloudFormation` is told when it is done or given up. That the
/// guard has stopped is told by [`tug_of_war`], once.
pub fn notice(report: &Report<'_>) -> Option<Notice> {
    let matter = Matter::of(report);
    let is_done = !report.done.is_empty();
    let is_told = match report.trigger {
        Trigger::Sweep => is_done,
        Trigger::Calls(_) if !matter.later.is_empty() => is_done,
        // What an interrupted look has done is told by nobody else.
        Trigger::Calls(_) => {
            !matter.actions.is_empty()
                && (matter.actions != [EXEMPT] || matter::touches_exempt(report))
        }
    };
    if !is_told {
        return None;
    }
    let (severity, verb) = matter.severity_and_verb(report.id);
    let attributes = Attributes {
        kind: "bucket",
        severity,
        actions: matter.actions.iter().map(|&action| action.to_owned()).collect(),
        buckets: vec![report.id.name.to_string()],
        account: &report.id.account,
        region: &report.id.region,
    };
    let text = body::text(report, &matter);
    Some(made(&format!("s3guard {verb} {}", called(report.id)), text, attributes))
}

/// How the bucket, or the account in its place, is called in a sentence.
fn called(id: &BucketId) -> &str {
    if id.name.is_account() { "the account's public access block" } else { id.name.as_str() }
}

/// The line that says what a notice is about.
fn about(id: &BucketId) -> String {
    let BucketId { name, account, region } = id;
    if name.is_account() {
        format!("Account {account}, public access block of all its buckets")
    } else {
        format!("Bucket  {name} ({region}, account {account})")
    }
}

/// A time as people read it, in UTC, to the second.
pub fn shown_time(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_else(|_| time.to_string())
}

/// The page of a bucket, or of the account's public access block, in AWS's console, in the Region's own partition.
pub fn console_link(region: &Region, bucket: &BucketName) -> String {
    let host = match region.as_str() {
        china if china.starts_with("cn-") => "console.amazonaws.cn",
        gov if gov.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    if bucket.is_account() {
        return format!("https://{region}.{host}/s3/settings?region={region}");
    }
    format!("https://{region}.{host}/s3/buckets/{bucket}?region={region}&tab=permissions")
}

/// A notice that SNS takes.
fn made(title: &str, mut text: String, attributes: Attributes<'_>) -> Notice {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    Notice { subject: subject(title), text, attributes: attributes.into() }
}

/// A title with lines under it; nothing without lines.
fn section(title: &str, lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { format!("\n{title}\n  {}\n", lines.join("\n  ")) }
}

#[cfg(test)]
mod tests;
