//! What form of a recorded event, for people and for programs.

use std::fmt;

use s3guard_posture::flow::{Seen, TaskResult, memory::Sent};
use s3guard_posture::model::finding::STACK_IN_PROGRESS;
use s3guard_posture::notify::notification::document::Body;
use s3guard_posture::reconcile::memory::Step;
use s3guard_posture::text::shown;
use s3guard_posture::{Aspect, Finding, Grade, Notification, Question, Setting};
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The most of a setting that is shown: a policy has at most 20 KiB.
const SETTING_CHARACTERS_MAX: usize = 24 * 1024;
const WORDS_CHARACTERS_MAX: usize = 1000;
/// What a question is about where its call is not one on the bucket.
const NOT_OF_BUCKET: [(Question, &str); 4] = [
    (Question::AccountBlock, " (account)"),
    (Question::Key, " (key)"),
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
        seen: &Seen,
        result: &TaskResult,
        sent: &Sent,
        steps: &[Step],
        now: OffsetDateTime,
    ) -> Self {
        // A conflict is shown by the number of writes.
        let is_shown =
            |notification: &&Notification| !matches!(notification.document.body, Body::Conflict(_));
        let notification =
            sent.notifications.iter().find(is_shown).or(result.notification.as_ref());
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
        Self {
            time: now.format(&Rfc3339).unwrap_or_else(|_| now.to_string()),
            grade: seen.baseline.grade,
            grade_reason: seen.baseline.grade_reason.clone(),
            reads,
            findings: seen.findings.iter().map(ReplayedFinding::from).collect(),
            writes,
            waits_seconds: sent.messages.first().map(|message| message.delay_seconds),
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
            chat: json(&notification.chat()),
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

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}  {}", self.number, self.head)?;
        if !self.place.is_empty() {
            write!(f, "  ({})", shown(&self.place, 300))?;
        }
        writeln!(f)?;
        match &self.delivery {
            Delivery::Matches { rule } => line(f, "rule", &format!("matches {rule}"))?,
            Delivery::DoesNotMatch { rule, reason } => {
                line(f, "rule", &format!("{rule} does not match: {reason}"))?;
            }
            Delivery::NotDelivered { reason } => line(f, "rule", &format!("none: {reason}"))?,
            Delivery::InQueue => line(f, "rule", "none: already in the queue")?,
            Delivery::Never => {}
        }
        if let Some(seconds) = self.settles_seconds {
            line(
                f,
                "waits",
                &format!("{seconds} s, so that its creator can finish setting it up"),
            )?;
        }
        match self.task {
            Some("sweep") => line(f, "sweeps", "all buckets of the Region")?,
            Some("reconcile-account") => line(f, "checks", "the account's public access block")?,
            Some(_) | None => {}
        }
        for assumed in &self.assumed {
            line(f, "assumed", assumed)?;
        }
        for one in &self.reconciliations {
            one.fmt(f)?;
        }
        if let Some(notification) = &self.notification {
            notification.fmt(f)?;
        }
        let (outcome, reason) = match &self.outcome {
            ReplayOutcome::Done => return Ok(()),
            ReplayOutcome::Ignored { reason } => ("ignored", reason),
            ReplayOutcome::DeadLetter { reason } => ("dead letter", reason),
            ReplayOutcome::NoEvent { reason } => ("no event", reason),
        };
        writeln!(f, "  {outcome}: {}", shown(reason, WORDS_CHARACTERS_MAX))
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, bucket, region: _, time, principal, tool } = self;
        f.write_str(&shown(name.as_deref().unwrap_or("?"), 80))?;
        for part in [bucket, time].into_iter().flatten() {
            write!(f, "  {}", shown(part, 300))?;
        }
        if let Some(principal) = principal {
            write!(f, "  by {}", shown(principal, 300))?;
        }
        tool.as_ref().map_or(Ok(()), |tool| write!(f, " with {tool}"))
    }
}

impl fmt::Display for Reconciled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = format!("{} ({}), at {}", self.grade, self.grade_reason, self.time);
        line(f, "grade", &grade)?;
        let reads = |f: &mut fmt::Formatter<'_>, rounds: &[Vec<String>]| {
            rounds.iter().try_for_each(|round| line(f, "reads", &round.join(", ")))
        };
        reads(f, &self.reads)?;
        for found in &self.findings {
            line(f, "finds", &found.text)?;
        }
        if self.findings.is_empty() {
            line(f, "finds", "nothing: compliant")?;
        }
        for written in &self.writes {
            let setting = shown(&whole(&written.setting), SETTING_CHARACTERS_MAX);
            writeln!(f, "  {:<9}{} {setting}", "calls", written.call)?;
            reads(f, &written.reads)?;
        }
        if let Some(seconds) = self.waits_seconds {
            line(f, "waits", &format!("{seconds} s, for the bucket's stack"))?;
        }
        if let Some(writes) = self.stops_after_writes {
            line(f, "stops", &format!("after {writes} writes within an hour; reported once"))?;
        }
        self.notification.as_ref().map_or(Ok(()), |notification| notification.fmt(f))
    }
}

impl fmt::Display for RenderedNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "notifies", &self.subject)?;
        for text in self.text.lines() {
            let text = format!("           | {}", shown(text, SETTING_CHARACTERS_MAX));
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    writeln!(f, "  {label:<9}{}", shown(text, WORDS_CHARACTERS_MAX))
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
