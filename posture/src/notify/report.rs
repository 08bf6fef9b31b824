//! Reports about buckets and the guard itself.

use std::collections::BTreeSet;
use std::time::Duration;

use time::OffsetDateTime;

use super::links::{buckets_link, console_link};
use crate::evaluate::downgrade::Sequence;
use crate::model::attributes::EXEMPT;
use crate::model::principal::known_as;
use crate::model::setting::Tags;
use crate::model::severity::Severity;
use crate::notify::notification::document::{Body, Bucket};
use crate::notify::notification::{Draft, Origin, signed, sms};
use crate::text::{shown, unlinked, wrapped};
use crate::{
    Action, Aspect, Baseline, BucketId, Finding, Notification, Reading, Record, Region,
    SettingKind, Trigger,
};

mod alarm;
mod body;
mod conflict;
mod content;
mod coverage;
mod digest;
mod document;
mod exemptions;
mod flood;
mod foreign;
mod sequence;
mod suppressed;
mod unguarded;

pub use alarm::alarm;
pub use conflict::{ConflictReport, conflict};
pub use content::reported_of;
pub use coverage::coverage_gap;
pub use digest::{Folded, digest};
pub use exemptions::exemptions_ending;
pub use flood::flood;
pub use foreign::foreign_objects;
pub use suppressed::{UsedSuppression, suppressions_used};
pub use unguarded::unguarded_regions;

use content::ReportContent;

/// The tag of a bucket that names its owner: an address or a name.
pub const OWNER_TAG: &str = "s3guard:owner";

/// What was found in one bucket, and the result.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The bucket.
    pub id: &'a BucketId,
    /// The guard's stack and its Region, for the command that reverts a write.
    pub stack: (&'a str, &'a Region),
    /// Its baseline.
    pub baseline: &'a Baseline,
    /// Why it was reconciled.
    pub trigger: &'a Trigger,
    /// What was found.
    pub findings: &'a [Finding],
    /// The writes with their records in the ledger.
    pub done: &'a [(Action, Record)],
    /// The ids of the records that are in the ledger.
    pub kept: &'a BTreeSet<String>,
    /// The failed writes with the causes.
    pub failed: &'a [(Action, String)],
    /// From the first of the calls to the last write.
    pub took: Option<Duration>,
    /// Whether an earlier run for the same calls was interrupted.
    pub is_again: bool,
    /// The owner by the bucket's tags, if they were read; see [`owner`].
    pub owner: Option<&'a str>,
    /// How often the guard has remediated the same setting within the hour, this time included; the minimum of several
    /// settings.
    pub times_within_hour: u32,
    /// Whether one principal has switched off several protections in a short time.
    pub sequence: Option<&'a Sequence>,
    /// Whether the bucket was deleted.
    pub is_gone: bool,
    /// The time.
    pub now: OffsetDateTime,
}

/// The notification about a bucket; none if it is compliant.
///
/// Of what a sweep leaves as it is, the caller passes only what is new ([`crate::reconcile::state`]). A failed write of a
/// sweep is counted by a metric with an alarm. What waits for `CloudFormation` is reported when it is done or given up.
/// A stop of the guard is reported by [`conflict`], once.
pub fn notification(report: &Report<'_>) -> Option<Notification> {
    let content = ReportContent::of(report);
    let is_done = !report.done.is_empty();
    let is_reported = match report.trigger {
        _ if report.sequence.is_some() => true,
        Trigger::Sweep => is_done || !content.not_remediated.is_empty(),
        Trigger::Calls(_) if !content.later.is_empty() => is_done,
        // The writes of an interrupted run are not reported otherwise.
        Trigger::Calls(_) => {
            !content.actions.is_empty()
                && (content.actions != [EXEMPT] || content::touches_exempt(report))
        }
    };
    if !is_reported {
        return None;
    }
    let (severity, _) = content.severity_and_outcome();
    // No sweep finds again what only an event shows.
    let is_of_event = content.not_remediated.iter().any(|(_, reason)| reason.is_of_event());
    let is_rest = severity < Severity::High && !is_of_event;
    if is_rest && !is_reported_again(report.times_within_hour) {
        return None;
    }
    let BucketId { name, account, region } = report.id;
    let baseline = report.baseline;
    let bucket = Bucket {
        name: name.to_string(),
        grade: (!name.is_account()).then_some(baseline.grade),
        owner: report.owner.map(|owner| shown(owner, 256)),
        console: if report.is_gone { buckets_link(region) } else { console_link(region, name) },
    };
    let document = document::of(report, &content);
    let (before, name, after) = document.title(severity);
    let draft = Draft {
        origin: Origin { account, region, stack: report.stack.0, now: report.now },
        id: document::id(report, &content),
        severity,
        actions: content.actions.clone(),
        buckets: vec![bucket],
        title: format!("{before}{name}{after}"),
        text: body::text(report, &content, document.title_of_rest()),
        sms: sms(&signed(&before), name, &format!("{after}{}", sms_rest(report))),
        body: Body::BucketReport(document),
    };
    Some(draft.into())
}

/// The owner of a bucket by its tags, if they were read.
pub fn owner(tags: &Reading<Tags>) -> Option<&str> {
    let owner = tags.known()?.get(OWNER_TAG)?;
    (!owner.trim().is_empty()).then_some(owner)
}

/// How often the guard has remediated the same setting within the hour, this time included: the minimum of several settings,
/// so that a new one is reported. `written_before` is how often it had written a setting before.
pub fn times_within_hour(
    done: &[(Action, Record)],
    written_before: impl Fn(SettingKind) -> u32,
) -> u32 {
    let times = done.iter().map(|(action, _)| written_before(action.kind()).saturating_add(1));
    times.min().unwrap_or(1)
}

/// The line of what the sweep has found, in place of the calls.
const SWEPT: &str = "Event   none: found by the sweep";
/// The line of a summary, in place of the calls.
const SUMMARY: &str = "Event   several calls, named below";

/// Whether a repeated remediation of the same setting within the hour is reported: the first time, the second, the fourth,
/// the eighth and so on, to limit the number of notifications.
pub fn is_reported_again(times_within_hour: u32) -> bool {
    times_within_hour.max(1).is_power_of_two()
}

/// The end of the SMS, after the bucket: the call, the caller, the account and the Region.
fn sms_rest(report: &Report<'_>) -> String {
    let BucketId { account, region, .. } = report.id;
    let event = match report.trigger.calls().last() {
        Some(call) => {
            let who = known_as(&call.principal, account);
            format!("{} by {who}", unlinked(&call.event_name, 80))
        }
        None if report.sequence.is_some() => "several calls".to_owned(),
        None => "found by the sweep".to_owned(),
    };
    format!(": {event}. {account} {region}")
}

/// The bucket, or the account in its place, in a sentence.
fn called(id: &BucketId) -> &str {
    if id.name.is_account() { "the account's public access block" } else { id.name.as_str() }
}

/// Whether a report about the account is about its public access block. One about a bucket counts as such.
fn is_of_block(report: &Report<'_>) -> bool {
    let touched = report.trigger.touched();
    !report.id.name.is_account()
        || touched.is_empty()
        || touched.contains(&Aspect::AccountPublicAccess)
}

/// The line with the bucket.
fn about(id: &BucketId) -> String {
    let BucketId { name, account, region } = id;
    if name.is_account() {
        format!("Account {account}, public access block of all its buckets")
    } else {
        labelled("Bucket", &format!("{name} ({region}, account {account})"))
    }
}

/// The owner as the tag names it: the principal that tags the bucket chooses the text.
fn owner_line(owner: &str) -> String {
    labelled("Owner", &format!("tag says \"{}\"", unlinked(owner, 256)))
}

fn labelled(label: &str, words: &str) -> String {
    wrapped(words, &format!("{label:<8}"), "        ")
}

/// A title with items of prose; empty without items.
fn section(title: &str, items: impl IntoIterator<Item = String>) -> String {
    titled(title, items.into_iter().map(|item| wrapped(&item, "  ", "    ")))
}

/// A title with lines; empty without lines.
fn titled(title: &str, lines: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<String> = lines.into_iter().collect();
    if lines.is_empty() { String::new() } else { format!("\n{title}\n{}\n", lines.join("\n")) }
}

#[cfg(test)]
mod tests;
