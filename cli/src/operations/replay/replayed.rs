//! What form of a recorded event, for people and for programs.

use std::fmt;

use s3guard_posture::contract::Channel;
use s3guard_posture::events::OwnMessage;
use s3guard_posture::flow::{Delayed, Seen, memory::Sent};
use s3guard_posture::model::finding::STACK_IN_PROGRESS;
use s3guard_posture::notify::notification::document::Body;
use s3guard_posture::reconcile::memory::Step;
use s3guard_posture::{Aspect, BucketName, Finding, Grade, Notification, Question, Setting};
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ui::lines::cut;
use crate::ui::text::{Printable, Text};

const WORDS_MAX: usize = 1000;
/// What a question is about where its call is not one on the bucket.
const NOT_OF_BUCKET: [(Question, &str); 5] = [
    (Question::AccountBlock, " (account)"),
    (Question::Key, " (key)"),
    (Question::BucketKey, " (key of the bucket)"),
    (Question::Stack, " (stack)"),
    (Question::History, " (ledger)"),
];

/// A recorded event, and what form of it: an element of the result of `s3guard replay --output json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Replayed {
    pub(crate) number: usize,
    pub(crate) place: String,
    #[serde(flatten)]
    pub(crate) head: Head,
    pub(crate) delivery: Delivery,
    /// What the guard's triage makes of it; none if it is not delivered.
    pub(crate) task: Option<&'static str>,
    /// How long a new bucket is left alone before the event is handled.
    pub(crate) settles_seconds: Option<u16>,
    /// What the event does not contain and was assumed, in words.
    pub(crate) assumed: Vec<String>,
    pub(crate) reconciliations: Vec<Reconciled>,
    /// The notification, if it does not belong to a reconciliation.
    pub(crate) notification: Option<RenderedNotification>,
    pub(crate) outcome: ReplayOutcome,
}

/// What an event says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Head {
    pub(crate) name: Option<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) time: Option<String>,
    pub(crate) principal: Option<String>,
    pub(crate) tool: Option<String>,
}

/// Whether an event is delivered to the guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Delivery {
    /// This rule of the template matches.
    Matches { rule: &'static str },
    /// The rule for such events does not match, because of this first mismatch.
    DoesNotMatch { rule: &'static str, reason: String },
    /// EventBridge does not deliver it to the guard's rules.
    NotDelivered { reason: String },
    /// No rule applies: it is already in a queue of the guard.
    InQueue,
    /// No account sends this.
    Never,
}

/// One pass over a bucket, or over the account's public access block.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reconciled {
    pub(crate) time: String,
    grade: Grade,
    grade_reason: String,
    /// The calls that read, one list for each round; the calls of a round are made together.
    reads: Vec<Vec<String>>,
    findings: Vec<ReplayedFinding>,
    pub(crate) writes: Vec<Written>,
    waits_seconds: Option<u16>,
    /// When its report is published, as part of a summary.
    summary_seconds: Option<u16>,
    stops_after_writes: Option<u32>,
    notification: Option<RenderedNotification>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReplayedFinding {
    aspect: Aspect,
    /// `remediated`, `later` or `not-remediated`.
    result: &'static str,
    text: String,
}

/// A call that wrote, and the calls that read the setting again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Written {
    pub(crate) call: &'static str,
    #[serde(rename = "to")]
    setting: Setting,
    reads: Vec<Vec<String>>,
}

/// A notification, as each channel has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RenderedNotification {
    subject: String,
    text: String,
    sms: String,
    /// `schemas/notification.schema.json`.
    document: Json,
    /// The message for Amazon Q Developer in chat applications.
    chat: Json,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum ReplayOutcome {
    Done,
    Ignored {
        reason: String,
    },
    /// The guard cannot read it: after five deliveries it is in the dead-letter queue.
    DeadLetter {
        reason: String,
    },
    /// No account sends this.
    NoEvent {
        reason: String,
    },
}

impl Reconciled {
    pub(crate) fn new(
        bucket: &BucketName,
        seen: &Seen,
        sent: &Sent,
        steps: &[Step],
        now: OffsetDateTime,
    ) -> Self {
        // A conflict is shown by the number of writes.
        let is_shown =
            |notification: &&Notification| !matches!(notification.document.body, Body::Conflict(_));
        let notification = sent.notifications.iter().find(is_shown);
        let (mut reads, mut writes) = (Vec::new(), Vec::<Written>::new());
        for step in steps {
            match step {
                Step::Read(questions) => {
                    let round = questions.iter().copied().map(asked).collect();
                    writes.last_mut().map_or(&mut reads, |call| &mut call.reads).push(round);
                }
                Step::Wrote(setting) => writes.push(Written {
                    call: setting.kind().call(),
                    setting: setting.clone(),
                    reads: Vec::new(),
                }),
                Step::Kept(_) => {}
            }
        }
        let summary = OwnMessage::Reconcile { bucket: bucket.clone(), known: None }.body();
        let end = OwnMessage::AfterConflict { bucket: bucket.clone() }.body();
        let seconds = |is: &dyn Fn(&Delayed) -> bool| {
            let mut later = sent.messages.iter().filter(|message| message.delay_seconds > 0);
            later.find(|message| is(message)).map(|message| message.delay_seconds)
        };
        Self {
            time: now.format(&Rfc3339).unwrap_or_else(|_| now.to_string()),
            grade: seen.baseline.grade,
            grade_reason: seen.baseline.grade_reason.clone(),
            reads,
            findings: seen.findings.iter().map(ReplayedFinding::from).collect(),
            writes,
            waits_seconds: seconds(&|message| message.body != summary && message.body != end),
            summary_seconds: seconds(&|message| message.body == summary),
            stops_after_writes: seen
                .findings
                .iter()
                .filter_map(Finding::stopped)
                .map(|(_, of)| of)
                .max(),
            notification: notification.map(RenderedNotification::from),
        }
    }
}

fn asked(question: Question) -> String {
    let of = NOT_OF_BUCKET.iter().find(|(of, _)| *of == question).map_or("", |(_, of)| of);
    format!("{}{of}", question.name())
}

impl From<&Finding> for ReplayedFinding {
    fn from(finding: &Finding) -> Self {
        let aspect = finding.aspect();
        let (result, text) = match finding {
            Finding::Weak { was, remediate, .. } => {
                ("remediated", format!("{was} (wanted: {remediate})"))
            }
            Finding::Later { .. } => ("later", STACK_IN_PROGRESS.to_owned()),
            Finding::NotRemediated { reason, .. } => ("not-remediated", reason.to_string()),
        };
        Self { aspect, result, text: format!("{}: {text}", aspect.words()) }
    }
}

impl From<&Notification> for RenderedNotification {
    fn from(notification: &Notification) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            subject: notification.subject.clone(),
            text: notification.text.clone(),
            sms: notification.sms.clone(),
            document: json(&notification.document.json()),
            chat: json(&notification.message(Channel::Chat)),
        }
    }
}

impl ReplayOutcome {
    /// Why it could not be understood, if it could not.
    pub(crate) fn misunderstood(&self) -> Option<&str> {
        match self {
            Self::DeadLetter { reason } | Self::NoEvent { reason } => Some(reason),
            Self::Done | Self::Ignored { .. } => None,
        }
    }
}

impl Printable for Replayed {
    fn print(&self, text: &mut Text) {
        let place = &self.place;
        let place = if place.is_empty() { String::new() } else { format!("  ({place})") };
        text.line(format_args!("event {}  {}{place}", self.number, self.head));
        match &self.delivery {
            Delivery::Matches { rule } => line(text, "rule", &format!("matches {rule}")),
            Delivery::DoesNotMatch { rule, reason } => {
                line(text, "rule", &format!("{rule} does not match: {reason}"));
            }
            Delivery::NotDelivered { reason } => line(text, "rule", &format!("none: {reason}")),
            Delivery::InQueue => line(text, "rule", "none: already in the queue"),
            Delivery::Never => {}
        }
        if let Some(seconds) = self.settles_seconds {
            let words = format!("{seconds} s, so that its creator can finish setting it up");
            line(text, "waits", &words);
        }
        match self.task {
            Some("sweep") => line(text, "sweeps", "all buckets of the Region"),
            Some("close") => line(text, "closes", "the state of the bucket, which was deleted"),
            Some("reconcile-account") => line(text, "checks", "the account's public access block"),
            Some(_) | None => {}
        }
        for assumed in &self.assumed {
            line(text, "assumed", assumed);
        }
        for one in &self.reconciliations {
            one.print(text);
        }
        if let Some(notification) = &self.notification {
            notification.print(text);
        }
        let (outcome, reason) = match &self.outcome {
            ReplayOutcome::Done => return,
            ReplayOutcome::Ignored { reason } => ("ignored", reason),
            ReplayOutcome::DeadLetter { reason } => ("dead letter", reason),
            ReplayOutcome::NoEvent { reason } => ("no event", reason),
        };
        text.line(format_args!("  {outcome}: {}", cut(reason, WORDS_MAX)));
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, bucket, region: _, time, principal, tool } = self;
        f.write_str(name.as_deref().unwrap_or("?"))?;
        for part in [bucket, time].into_iter().flatten() {
            write!(f, "  {part}")?;
        }
        if let Some(principal) = principal {
            write!(f, "  by {principal}")?;
        }
        tool.as_ref().map_or(Ok(()), |tool| write!(f, " with {tool}"))
    }
}

impl Printable for Reconciled {
    fn print(&self, text: &mut Text) {
        let grade = format!("{} ({}), at {}", self.grade, self.grade_reason, self.time);
        line(text, "grade", &grade);
        let reads = |text: &mut Text, rounds: &[Vec<String>]| {
            for round in rounds {
                line(text, "reads", &round.join(", "));
            }
        };
        reads(text, &self.reads);
        for found in &self.findings {
            line(text, "finds", &found.text);
        }
        if self.findings.is_empty() {
            let is_settling = self.waits_seconds.is_some();
            let words = if is_settling { "nothing that cannot wait" } else { "nothing: compliant" };
            line(text, "finds", words);
        }
        for written in &self.writes {
            let setting = breakable(&whole(&written.setting));
            text.line(format_args!("  {:<9}{} {setting}", "calls", written.call));
            reads(text, &written.reads);
        }
        if let Some(seconds) = self.waits_seconds {
            line(text, "waits", &format!("{seconds} s, for the bucket's creator"));
        }
        if let Some(seconds) = self.summary_seconds {
            line(text, "folds", &format!("its report into a summary in {seconds} s"));
        }
        if let Some(writes) = self.stops_after_writes {
            line(text, "stops", &format!("after {writes} writes within an hour; reported once"));
        }
        if let Some(notification) = &self.notification {
            notification.print(text);
        }
    }
}

impl Printable for RenderedNotification {
    fn print(&self, text: &mut Text) {
        line(text, "notifies", &self.subject);
        for line in self.text.lines() {
            text.line(format!("    | {line}").trim_end());
        }
    }
}

fn line(text: &mut Text, label: &str, words: &str) {
    text.line(format_args!("  {label:<9}{}", cut(words, WORDS_MAX)));
}

/// JSON or XML with spaces where a line may end.
fn breakable(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    let (mut is_in_string, mut is_escaped) = (false, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        all.push(character);
        let is_quote = character == '"' && !is_escaped;
        is_in_string ^= is_quote;
        is_escaped = character == '\\' && !is_escaped;
        let next = characters.peek();
        let ends_tag = character == '>' && next == Some(&'<');
        let ends_item = character == ',' && next.is_some_and(|next| !next.is_whitespace());
        if !is_in_string && (ends_tag || ends_item) {
            all.push(' ');
        }
    }
    all
}

/// A setting in full, as it is written.
fn whole(setting: &Setting) -> String {
    if let Setting::Policy(Some(text)) = setting {
        return text.clone();
    }
    if let Setting::Notifications(notifications) = setting {
        return notifications.xml.clone();
    }
    let json = serde_json::to_value(setting).unwrap_or_default();
    json.get("value").map_or_else(String::new, Json::to_string)
}
