//! What form of a recorded event, for people and for programs.

use std::fmt;

use s3guard_posture::flow::{Seen, TaskResult, memory::Sent};
use s3guard_posture::model::finding::STACK_IN_PROGRESS;
use s3guard_posture::notify::notification::document::Body;
use s3guard_posture::reconcile::memory::Step;
use s3guard_posture::{Aspect, Finding, Grade, Notice, Question, Setting};
use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ui::lines::cut;
use crate::ui::text::{Printable, Text};

const WORDS_MAX: usize = 1000;
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
    #[serde(rename = "delivery")]
    pub(crate) heard: Delivery,
    /// What the guard's triage makes of it; none if it is not delivered.
    pub(crate) task: Option<&'static str>,
    /// How long a new bucket is left alone before the event is handled.
    pub(crate) settles_seconds: Option<u16>,
    /// What the event does not contain and was assumed, in words.
    pub(crate) assumed: Vec<String>,
    #[serde(rename = "reconciliations")]
    pub(crate) looks: Vec<Reconciled>,
    /// The notification, if it does not belong to a look.
    #[serde(rename = "notification")]
    pub(crate) says: Option<Notification>,
    pub(crate) outcome: Outcome,
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
    DoesNotMatch {
        rule: &'static str,
        #[serde(rename = "reason")]
        because: String,
    },
    /// EventBridge does not deliver it to the guard's rules.
    NotDelivered {
        #[serde(rename = "reason")]
        because: String,
    },
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
    grade_because: String,
    /// The calls that read, one list for each round; the calls of a round are made together.
    reads: Vec<Vec<String>>,
    #[serde(rename = "findings")]
    finds: Vec<Found>,
    #[serde(rename = "writes")]
    pub(crate) calls: Vec<Written>,
    waits_seconds: Option<u16>,
    stops_after_writes: Option<u32>,
    #[serde(rename = "notification")]
    says: Option<Notification>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Found {
    aspect: Aspect,
    /// `remediated`, `later` or `not-remediated`.
    fate: &'static str,
    #[serde(rename = "text")]
    words: String,
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
pub(crate) struct Notification {
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
pub(crate) enum Outcome {
    Done,
    Ignored {
        #[serde(rename = "reason")]
        because: String,
    },
    /// The guard cannot read it: after five deliveries it is in the dead-letter queue.
    DeadLetter {
        #[serde(rename = "reason")]
        because: String,
    },
    /// No account sends this.
    NoEvent {
        #[serde(rename = "reason")]
        because: String,
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
        let is_shown = |notice: &&Notice| !matches!(notice.document.body, Body::Conflict(_));
        let notice = sent.notifications.iter().find(is_shown).or(result.notification.as_ref());
        let (mut reads, mut calls) = (Vec::new(), Vec::<Written>::new());
        for step in steps {
            match step {
                Step::Read(questions) => {
                    let round = questions.iter().copied().map(asked).collect();
                    calls.last_mut().map_or(&mut reads, |call| &mut call.reads).push(round);
                }
                Step::Wrote(setting) => calls.push(Written {
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
            grade_because: seen.baseline.grade_because.clone(),
            reads,
            finds: seen.findings.iter().map(Found::from).collect(),
            calls,
            waits_seconds: sent.messages.first().map(|message| message.delay_seconds),
            stops_after_writes: seen
                .findings
                .iter()
                .filter_map(Finding::stopped)
                .map(|(_, of)| of)
                .max(),
            says: notice.map(Notification::from),
        }
    }
}

fn asked(question: Question) -> String {
    let of = NOT_OF_BUCKET.iter().find(|(of, _)| *of == question).map_or("", |(_, of)| of);
    format!("{}{of}", question.name())
}

impl From<&Finding> for Found {
    fn from(finding: &Finding) -> Self {
        let aspect = finding.aspect();
        let (fate, words) = match finding {
            Finding::Weak { was, mend, .. } => ("remediated", format!("{was} (wanted: {mend})")),
            Finding::Later { .. } => ("later", STACK_IN_PROGRESS.to_owned()),
            Finding::Left { because, .. } => ("not-remediated", because.to_string()),
        };
        Self { aspect, fate, words: format!("{}: {words}", aspect.words()) }
    }
}

impl From<&Notice> for Notification {
    fn from(notice: &Notice) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            subject: notice.subject.clone(),
            text: notice.text.clone(),
            sms: notice.sms.clone(),
            document: json(&notice.document.json()),
            chat: json(&notice.chat()),
        }
    }
}

impl Outcome {
    /// Why it could not be understood, if it could not.
    pub(crate) fn misunderstood(&self) -> Option<&str> {
        match self {
            Self::DeadLetter { because } | Self::NoEvent { because } => Some(because),
            Self::Done | Self::Ignored { .. } => None,
        }
    }
}

impl Printable for Replayed {
    fn print(&self, text: &mut Text) {
        let place = &self.place;
        let place = if place.is_empty() { String::new() } else { format!("  ({place})") };
        text.line(format_args!("event {}  {}{place}", self.number, self.head));
        match &self.heard {
            Delivery::Matches { rule } => line(text, "rule", &format!("matches {rule}")),
            Delivery::DoesNotMatch { rule, because } => {
                line(text, "rule", &format!("{rule} does not match: {because}"));
            }
            Delivery::NotDelivered { because } => line(text, "rule", &format!("none: {because}")),
            Delivery::InQueue => line(text, "rule", "none: already in the queue"),
            Delivery::Never => {}
        }
        if let Some(seconds) = self.settles_seconds {
            let words = format!("{seconds} s, so that its creator can finish setting it up");
            line(text, "waits", &words);
        }
        match self.task {
            Some("sweep") => line(text, "sweeps", "all buckets of the Region"),
            Some("reconcile-account") => line(text, "checks", "the account's public access block"),
            Some(_) | None => {}
        }
        for assumed in &self.assumed {
            line(text, "assumed", assumed);
        }
        for look in &self.looks {
            look.print(text);
        }
        if let Some(notification) = &self.says {
            notification.print(text);
        }
        let (outcome, because) = match &self.outcome {
            Outcome::Done => return,
            Outcome::Ignored { because } => ("ignored", because),
            Outcome::DeadLetter { because } => ("dead letter", because),
            Outcome::NoEvent { because } => ("no event", because),
        };
        text.line(format_args!("  {outcome}: {}", cut(because, WORDS_MAX)));
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
        let grade = format!("{} ({}), at {}", self.grade, self.grade_because, self.time);
        line(text, "grade", &grade);
        let reads = |text: &mut Text, rounds: &[Vec<String>]| {
            for round in rounds {
                line(text, "reads", &round.join(", "));
            }
        };
        reads(text, &self.reads);
        for found in &self.finds {
            line(text, "finds", &found.words);
        }
        if self.finds.is_empty() {
            line(text, "finds", "nothing: compliant");
        }
        for written in &self.calls {
            let setting = whole(&written.setting);
            text.line(format_args!("  {:<9}{} {setting}", "calls", written.call));
            reads(text, &written.reads);
        }
        if let Some(seconds) = self.waits_seconds {
            line(text, "waits", &format!("{seconds} s, for the bucket's stack"));
        }
        if let Some(writes) = self.stops_after_writes {
            line(text, "stops", &format!("after {writes} writes within an hour; reported once"));
        }
        if let Some(notification) = &self.says {
            notification.print(text);
        }
    }
}

impl Printable for Notification {
    fn print(&self, text: &mut Text) {
        line(text, "notifies", &self.subject);
        for line in self.text.lines() {
            text.line(format!("           | {line}").trim_end());
        }
    }
}

fn line(text: &mut Text, label: &str, words: &str) {
    text.line(format_args!("  {label:<9}{}", cut(words, WORDS_MAX)));
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
