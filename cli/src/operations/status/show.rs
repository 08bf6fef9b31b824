//! The status of a guard, as text and as JSON.

use s3guard_aws::alarms::Alarm;
use s3guard_aws::ledger::Suppressed;
use s3guard_aws::queues::Depth;
use s3guard_aws::stacks::Stack;
use s3guard_aws::stacks::drift::LastDrift;
use s3guard_posture::contract::output;
use s3guard_posture::reconcile::last_sweep::LastSweep;
use s3guard_posture::reconcile::ledger::RecordId;
use s3guard_posture::reconcile::state::OpenFinding;
use s3guard_posture::{Aspect, BucketName, Mode};
use serde::Serialize;
use time::Duration;

use crate::operations::deploy::step;
use crate::operations::rules::{Rule, RuleState};
use crate::operations::session::Account;
use crate::operations::status::drift::Drift;
use crate::operations::subscribers::{Declared, Subscriber};
use crate::operations::unguarded::UnguardedRegion;
use crate::ui::lines::{cut, utc_time};
use crate::ui::text::{Printable, Style, Text, TextLine};

mod exceptions;

pub(crate) use exceptions::ExceptionStatus;

/// How many open findings are listed.
const FINDINGS_SHOWN: usize = 20;
/// What to write about the account's public access block, which is no bucket's.
const ACCOUNT_ADVICE: &str = "`account-public-access` under `[aspects]` in `s3guard.toml` sets it with \"enforce\", and ends \
                              the finding with \"off\"";
/// A longer line about a finding is cut.
const FINDING_COLUMNS_MAX: usize = 300;

/// The status of a guard. What could not be read is `None` or left out, and named in `not_seen`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Status {
    pub(crate) stack: String,
    pub(crate) region: String,
    account: String,
    #[serde(rename = "status")]
    state: String,
    is_protected: bool,
    pub(crate) functions: Vec<FunctionStatus>,
    pub(crate) queues: Vec<QueueStatus>,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) subscriptions: Option<Vec<Subscriber>>,
    /// The subscriptions that the stack's template declares, as far as it can be read.
    #[serde(skip)]
    pub(crate) declared: Vec<Declared>,
    /// The trail that records the changes of buckets.
    pub(crate) trail: Option<String>,
    /// What is wrong with each trail, if none records the changes of buckets.
    pub(crate) trail_problems: Option<Vec<String>>,
    /// What is wrong with the stack's own trail, if it is not known whether another records the changes of buckets.
    #[serde(skip)]
    pub(crate) own_trail_problem: Option<String>,
    /// The result of the last drift detection.
    pub(crate) drift: Option<LastDrift>,
    /// The result of the drift detection that was asked for.
    #[serde(flatten)]
    pub(crate) drifted: Option<Drift>,
    /// Until when the guard is paused.
    pub(crate) paused_until: Option<String>,
    pub(crate) last_events: Vec<String>,
    /// The last sweep that has ended.
    pub(crate) last_sweep: Option<SweepStatus>,
    /// The guard's last writes, the newest first.
    pub(crate) last_writes: Vec<WriteStatus>,
    /// Whether the ledger is so large that newer ones may have been missed.
    pub(crate) are_writes_partly_seen: bool,
    /// What could not be read, and why.
    pub(crate) not_seen: Vec<String>,
    /// The number of buckets of the Region.
    pub(crate) buckets: Option<usize>,
    /// The number of findings that are open.
    pub(crate) findings: Option<usize>,
    /// The open findings.
    pub(crate) open_findings: Vec<FindingStatus>,
    /// What the configuration that was deployed leaves less protected, with the reasons; `None` if it is not known.
    pub(crate) exceptions: Option<Vec<ExceptionStatus>>,
    /// Regions with buckets and without a guard.
    pub(crate) unguarded_regions: Vec<UnguardedRegion>,
    /// What `s3guard undo` keeps the guard from remediating; `None` if it is not known.
    pub(crate) suppressions: Option<Vec<SuppressionStatus>>,
    /// The most that is done about any aspect, if the configuration limits it.
    pub(crate) mode: Option<Mode>,
    /// What a person has to do.
    pub(crate) to_do: Vec<String>,
    /// What is not as it will be, and is no problem.
    pub(crate) remarks: Vec<String>,
    /// Whether no part of the stack could be read.
    #[serde(skip)]
    pub(crate) is_blind: bool,
    /// How long ago the last sweep ended.
    #[serde(skip)]
    pub(crate) last_sweep_age: Option<Duration>,
    /// For how long the stack has been as it is without a sweep that ended.
    #[serde(skip)]
    pub(crate) unswept: Option<Duration>,
    /// How long ago the last write was.
    #[serde(skip)]
    pub(crate) last_write_age: Option<Duration>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct FunctionStatus {
    pub(crate) name: String,
    #[serde(rename = "problem")]
    pub(crate) trouble: Option<String>,
    /// Whether Lambda is creating or updating it.
    pub(crate) is_changing: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct QueueStatus {
    pub(crate) name: &'static str,
    #[serde(flatten)]
    pub(crate) depth: Depth,
    pub(crate) is_dead_letters: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SweepStatus {
    /// When it ended.
    time: String,
    /// The number of buckets of the Region at that time.
    pub(crate) buckets: usize,
}

impl SweepStatus {
    pub(crate) fn of(last: &LastSweep) -> Self {
        Self { time: utc_time(last.time), buckets: last.buckets }
    }
}

/// What is weaker than wanted in a bucket, and not remediated.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FindingStatus {
    bucket: String,
    aspect: Aspect,
    since: String,
    reason: String,
}

impl FindingStatus {
    pub(crate) fn of((bucket, found): &(BucketName, OpenFinding)) -> Self {
        Self {
            bucket: bucket.to_string(),
            aspect: found.aspect,
            since: utc_time(found.since),
            reason: found.reason.clone(),
        }
    }
}

/// An aspect that the guard does not remediate until a day.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SuppressionStatus {
    bucket: String,
    aspect: Aspect,
    /// The last day.
    until: String,
    /// The ARN of who has suppressed it.
    by: String,
    /// Why, if that was said.
    reason: String,
    /// The id of the record that was undone.
    record: String,
}

impl SuppressionStatus {
    pub(crate) fn of(Suppressed { bucket, suppression, note }: Suppressed) -> Self {
        Self {
            bucket: bucket.to_string(),
            aspect: suppression.aspect,
            until: suppression.until.to_string(),
            by: note.by,
            reason: note.reason,
            record: note.undone,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WriteStatus {
    /// The id for `s3guard undo`.
    id: String,
    bucket: String,
    setting: &'static str,
    time: String,
    has_failed: bool,
}

impl WriteStatus {
    pub(crate) fn of(id: &RecordId, has_failed: bool) -> Self {
        Self {
            id: id.to_string(),
            bucket: id.bucket.to_string(),
            setting: id.kind.name(),
            time: utc_time(id.time),
            has_failed,
        }
    }
}

impl Status {
    /// What is known without another call.
    pub(crate) fn new(stack: &str, account: &Account, seen: &Stack) -> Self {
        Self {
            stack: stack.to_owned(),
            region: account.connection.region().to_string(),
            account: account.caller.account.to_string(),
            state: seen.status.to_string(),
            is_protected: seen.protected,
            mode: seen.outputs.get(output::MODE).and_then(|mode| Mode::from_name(mode)),
            ..Self::default()
        }
    }

    /// The state of the guard in one line, as far as it is known.
    fn headline(&self) -> TextLine {
        let state = match self.to_do.len() {
            0 if self.is_blind => TextLine::bad("not known"),
            0 => match self.limited() {
                Some(limited) => TextLine::notable(limited),
                None => TextLine::good("healthy"),
            },
            1 => TextLine::bad("1 problem"),
            count => TextLine::bad(format_args!("{count} problems")),
        };
        let dead: u64 = self.dead_letters().map(|queue| queue.depth.waiting).sum();
        let off = self.alarms.iter().filter(|alarm| alarm.is_off()).count();
        let counted = |count: Option<usize>, one: &str, many: &str| {
            count.map(|count| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let limited = self.limited().filter(|_| !self.to_do.is_empty() || self.is_blind);
        let suppressed = self.suppressions.as_ref().map(Vec::len).filter(|count| *count > 0);
        let parts = [
            limited.map(str::to_owned),
            counted(self.buckets, "bucket", "buckets"),
            self.last_sweep_age.map(|ago| format!("last sweep {} ago", age(ago))),
            counted(self.findings, "open finding", "open findings"),
            counted(suppressed, "suppression", "suppressions"),
            (dead > 0).then(|| format!("{dead} in dead-letter queues")),
            (off > 0).then(|| format!("{off} of {} alarms firing", self.alarms.len())),
            self.last_write_age.map(|ago| format!("last write {} ago", age(ago))),
            (!self.not_seen.is_empty()).then(|| format!("{} not checked", self.not_seen.len())),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { state } else { state.and(format_args!(": {}", parts.join(", "))) }
    }

    /// What the configuration leaves of the guard, if it changes no bucket.
    pub(crate) fn limited(&self) -> Option<&'static str> {
        match self.mode? {
            Mode::Off => Some("off by configuration"),
            Mode::Report => Some("reports only"),
            Mode::EnforceNew | Mode::Enforce => None,
        }
    }

    /// The dead-letter queues that are not empty.
    pub(crate) fn dead_letters(&self) -> impl Iterator<Item = &QueueStatus> {
        self.queues.iter().filter(|queue| queue.is_dead_letters && queue.depth.waiting > 0)
    }

    /// Each part with its title and its lines; one without lines is not shown.
    fn sections(&self, columns: Option<usize>) -> Vec<(TextLine, Vec<TextLine>)> {
        let function =
            |FunctionStatus { name, trouble, is_changing }: &FunctionStatus| match trouble {
                None if *is_changing => {
                    TextLine::notable(format_args!("{name} is being created or updated"))
                }
                None => name.into(),
                Some(trouble) => TextLine::bad(format_args!("{name}: {trouble}")),
            };
        let is_table = columns.is_none_or(|columns| columns >= QueueStatus::WIDTH);
        let columns = if is_table { QueueStatus::COLUMNS } else { "" };
        let lines = |texts: &[String]| texts.iter().map(TextLine::from).collect();
        let mut sections = vec![
            (TextLine::notable("To do"), lines(&self.to_do)),
            (TextLine::hint("Functions"), self.functions.iter().map(function).collect()),
            (
                TextLine::hint("Queues").and(columns),
                self.queues.iter().map(|one| one.line(is_table)).collect(),
            ),
            (TextLine::hint("Rules"), self.rule_lines()),
            (TextLine::hint("Alarms"), self.alarm_lines()),
        ];
        if let Some(subscriptions) = &self.subscriptions {
            let mut lines: Vec<TextLine> = subscriptions.iter().map(subscribed).collect();
            if lines.is_empty() {
                lines.push("none".into());
            }
            sections.push((TextLine::hint("Subscriptions"), lines));
        }
        let trail = match (&self.trail, &self.trail_problems) {
            (Some(trail), _) => vec![trail.into()],
            (None, Some(_)) => vec![TextLine::bad("no trail that records the changes of buckets")],
            (None, None) => Vec::new(),
        };
        sections.push((TextLine::hint("Trail"), trail));
        if let Some(LastDrift { status, checked }) = &self.drift {
            let checked = checked.as_ref().map(|at| format!(", {at}")).unwrap_or_default();
            let line = format_args!("{status}{checked}").into();
            sections.push((TextLine::hint("Last drift detection"), vec![line]));
        }
        if let Some(drift) = &self.drifted {
            sections.push((TextLine::hint("Drift"), lines(&drift.lines())));
        }
        sections.push((TextLine::hint("Last stack events"), lines(&self.last_events)));
        let sweep = self.last_sweep.iter().map(|SweepStatus { time, buckets }| {
            let noun = if *buckets == 1 { "bucket" } else { "buckets" };
            format_args!("{time}, {buckets} {noun}").into()
        });
        sections.push((TextLine::hint("Last sweep"), sweep.collect()));
        sections.push((TextLine::hint("Open findings"), self.finding_lines()));
        sections
            .push((TextLine::hint("Exceptions"), exceptions::lines(self.exceptions.as_deref())));
        sections.push((TextLine::hint("Suppressions"), self.suppression_lines()));
        sections.push((TextLine::hint("Last writes of the guard"), self.write_lines()));
        for (title, texts) in [("Not checked", &self.not_seen), ("Remarks", &self.remarks)] {
            sections.push((TextLine::notable(title), lines(texts)));
        }
        sections
    }

    fn alarm_lines(&self) -> Vec<TextLine> {
        let off = self.alarms.iter().filter(|one| one.is_off());
        let off = off.map(|one| TextLine::bad(format_args!("{} is in state ALARM", one.name)));
        let mut lines: Vec<TextLine> = off.collect();
        let (all, quiet) = (self.alarms.len(), self.alarms.len() - lines.len());
        lines.extend((all > 0).then(|| format_args!("{quiet} of {all} quiet").into()));
        lines
    }

    fn rule_lines(&self) -> Vec<TextLine> {
        let off = self.rules.iter().filter(|rule| rule.state != RuleState::Enabled);
        let mut lines: Vec<TextLine> = off
            .map(|rule| {
                let state =
                    if rule.state == RuleState::Disabled { "is disabled" } else { "was deleted" };
                TextLine::bad(format_args!("{} {state}", rule.name))
            })
            .collect();
        let (all, on) = (self.rules.len(), self.rules.len() - lines.len());
        lines.extend((all > 0).then(|| format_args!("{on} of {all} enabled").into()));
        lines
    }

    fn finding_lines(&self) -> Vec<TextLine> {
        let account = BucketName::account().to_string();
        let shown = self.open_findings.iter().take(FINDINGS_SHOWN);
        let mut lines: Vec<TextLine> = shown
            .map(|FindingStatus { bucket, aspect, since, reason }| {
                let bucket = if *bucket == account { "the account" } else { bucket };
                let line = format!("{bucket}: {aspect} since {since}: {reason}");
                let line = cut(&line, FINDING_COLUMNS_MAX);
                // No rule and no exemption matches the account.
                if *aspect == Aspect::AccountPublicAccess {
                    format_args!("{line}; {ACCOUNT_ADVICE}").into()
                } else {
                    line.into()
                }
            })
            .collect();
        let more = self.open_findings.len() - lines.len();
        lines.extend((more > 0).then(|| format_args!("and {more} more").into()));
        lines
    }

    fn suppression_lines(&self) -> Vec<TextLine> {
        let all = self.suppressions.as_deref().unwrap_or_default();
        let place = step::place(&self.stack, &self.region);
        let shown = all.iter().take(FINDINGS_SHOWN).map(|one| {
            let SuppressionStatus { bucket, aspect, until, record, .. } = one;
            TextLine::from(format_args!(
                "{bucket}: {aspect} is not remediated until {until}: `s3guard undo {record} --end {place}` ends it"
            ))
        });
        let mut lines: Vec<TextLine> = shown.collect();
        let more = all.len() - lines.len();
        lines.extend((more > 0).then(|| format_args!("and {more} more").into()));
        lines
    }

    fn write_lines(&self) -> Vec<TextLine> {
        let writes = self.last_writes.iter().map(|write| {
            let WriteStatus { bucket, setting, time, has_failed, .. } = write;
            let (style, failed) =
                if *has_failed { (Style::Bad, " failed") } else { (Style::Plain, "") };
            TextLine::styled(style, format_args!("{time}  {setting} of {bucket}{failed}"))
        });
        let mut lines: Vec<TextLine> = writes.collect();
        if self.are_writes_partly_seen && !lines.is_empty() {
            let words = "the ledger is too large to read it all: newer writes may be missing";
            lines.push(words.into());
        }
        lines
    }
}

impl QueueStatus {
    const COLUMNS: &str = "                   waiting  in flight  delayed";
    /// The width of the table.
    const WIDTH: usize = 52;

    fn line(&self, is_table: bool) -> TextLine {
        let Self { name, depth: Depth { waiting, in_flight, delayed }, is_dead_letters } = self;
        let line = if is_table {
            format!("{name:22} {waiting:>7}  {in_flight:>9}  {delayed:>7}")
        } else {
            format!("{name}: {waiting} waiting, {in_flight} in flight, {delayed} delayed")
        };
        if *is_dead_letters && *waiting > 0 { TextLine::bad(line) } else { line.into() }
    }
}

fn subscribed(Subscriber { topic, subscription }: &Subscriber) -> TextLine {
    let line = TextLine::from(format_args!(
        "{topic:8} {:8} {}",
        subscription.protocol, subscription.endpoint
    ));
    if subscription.is_pending { line.and(TextLine::notable("  (not confirmed)")) } else { line }
}

/// A duration in its largest unit.
pub(crate) fn age(duration: Duration) -> String {
    let seconds = duration.whole_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

impl Printable for Status {
    fn print(&self, text: &mut Text) {
        let Self { stack, region, account, state, .. } = self;
        let protected = if self.is_protected { ", protected" } else { "" };
        text.line(self.headline());
        text.line(format_args!("stack {stack} ({region}, account {account}): {state}{protected}"));
        let sections = self.sections(text.columns).into_iter();
        for (title, lines) in sections.filter(|(_, lines)| !lines.is_empty()) {
            text.gap();
            text.line(title);
            for line in lines {
                text.line(TextLine::from("  ").and(line));
            }
        }
    }
}

#[cfg(test)]
mod tests;
