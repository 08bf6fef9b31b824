//! What the guard tells the owner of a bucket that it looked at.

use std::collections::BTreeSet;
use std::time::Duration;

use time::OffsetDateTime;

use super::links::console_link;
use crate::model::attributes::EXEMPT;
use crate::model::principal::known_as;
use crate::model::setting::Tags;
use crate::model::severity::Severity;
use crate::notify::notification::document::{Body, Bucket};
use crate::notify::notification::{Draft, Origin, sms};
use crate::text::{shown, wrapped};
use crate::{
    Action, Baseline, BucketId, Finding, Notice, Reading, Record, Region, SettingKind, Trigger,
};

mod alarm;
mod body;
mod coverage;
mod document;
mod exemptions;
mod matter;
mod tug_of_war;

pub use alarm::alarm;
pub use coverage::coverage_gap;
pub use exemptions::exemptions_ending;
pub use matter::told_of;
pub use tug_of_war::{TugOfWar, tug_of_war};

use matter::Matter;

/// The tag of a bucket that names who is responsible for it: an address or a name.
pub const OWNER_TAG: &str = "s3guard:owner";

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
    /// The ids of the records that the ledger has.
    pub kept: &'a BTreeSet<String>,
    /// What was not done, with the causes.
    pub failed: &'a [(Action, String)],
    /// From the first of the calls to the last write.
    pub took: Option<Duration>,
    /// Whether the bucket was looked at before for the same calls, and that look ended midway.
    pub is_again: bool,
    /// Whom the bucket's tags name, if they were read; see [`owner`].
    pub owner: Option<&'a str>,
    /// How often within the hour the guard has mended what it has mended now, with this time; of several settings the one
    /// that it has mended the least often.
    pub times_within_hour: u32,
    /// The time.
    pub now: OffsetDateTime,
}

/// Says what the owner should hear; nothing of a bucket that is right.
///
/// Of what a sweep finds left as it is the caller gives only what is news ([`crate::reconcile::reported`]): it is told. A write of a sweep
/// that failed is counted, and an alarm counts with it. What waits for `CloudFormation` is told when it is done or given
/// up. That the guard has stopped is told by [`tug_of_war`], once.
pub fn notice(report: &Report<'_>) -> Option<Notice> {
    let matter = Matter::of(report);
    let is_done = !report.done.is_empty();
    let is_told = match report.trigger {
        Trigger::Sweep => is_done || !matter.left.is_empty(),
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
    if severity < Severity::High && !is_told_again(report.times_within_hour) {
        return None;
    }
    let BucketId { name, account, region } = report.id;
    let baseline = report.baseline;
    let bucket = Bucket {
        name: name.to_string(),
        grade: (!name.is_account()).then_some(baseline.grade),
        owner: report.owner.map(|owner| shown(owner, 256)),
        console: console_link(region, name),
    };
    let before = format!("s3guard {verb} ");
    let draft = Draft {
        origin: Origin { account, region, stack: report.stack.0, now: report.now },
        id: document::id(report, &matter),
        severity,
        actions: matter.actions.clone(),
        buckets: vec![bucket],
        title: format!("{before}{}", called(report.id)),
        text: body::text(report, &matter),
        sms: sms(&before, called(report.id), &sms_rest(report)),
        body: Body::BucketReport(document::of(report, &matter)),
    };
    Some(draft.into())
}

/// Whom the tags of a bucket name as its owner, if they were read.
pub fn owner(tags: &Reading<Tags>) -> Option<&str> {
    let owner = tags.known()?.get(OWNER_TAG)?;
    (!owner.trim().is_empty()).then_some(owner)
}

/// How often within the hour the guard has mended what it has mended now, with this time: of several settings the least,
/// so that what is new is told. `written_before` says how often it had written a setting before.
pub fn times_within_hour(
    done: &[(Action, Record)],
    written_before: impl Fn(SettingKind) -> u32,
) -> u32 {
    let times = done.iter().map(|(action, _)| written_before(action.kind()).saturating_add(1));
    times.min().unwrap_or(1)
}

/// Whether it is told that the guard has mended the same thing once more within the hour: the first time, the second, the
/// fourth, the eighth and so on. Whoever was told the first time knows of it; that it goes on they should hear, but not
/// each time.
pub fn is_told_again(times_within_hour: u32) -> bool {
    times_within_hour.max(1).is_power_of_two()
}

/// What an SMS says behind the bucket: who did what, and where.
fn sms_rest(report: &Report<'_>) -> String {
    let BucketId { account, region, .. } = report.id;
    let event = match report.trigger.calls().last() {
        Some(call) => {
            let who = known_as(&call.principal, account);
            format!("{} by {who}", shown(&call.event_name, 80))
        }
        None => "found by the sweep".to_owned(),
    };
    format!(": {event}. {account} {region}")
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
        labelled("Bucket", &format!("{name} ({region}, account {account})"))
    }
}

fn labelled(label: &str, words: &str) -> String {
    wrapped(words, &format!("{label:<8}"), "        ")
}

/// A title with items under it, each of them prose; nothing without items.
fn section(title: &str, items: impl IntoIterator<Item = String>) -> String {
    titled(title, items.into_iter().map(|item| wrapped(&item, "  ", "    ")))
}

/// A title with lines under it, as they are; nothing without lines.
fn titled(title: &str, lines: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<String> = lines.into_iter().collect();
    if lines.is_empty() { String::new() } else { format!("\n{title}\n{}\n", lines.join("\n")) }
}

#[cfg(test)]
mod tests;
