//! What came of a recorded event. [`Replayed`] is the form of `s3guard replay --output json`; fields are only added.

use clap::ValueEnum;
use s3guard_posture::{Aspect, Grade, Notice, Setting};
use serde::Serialize;
use serde_json::Value as Json;

/// A recorded event, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replayed {
    /// Its number in the order of time, from 1.
    pub(crate) number: usize,
    /// Where it stood in what was read.
    pub(crate) place: String,
    /// What it is at first sight.
    #[serde(flatten)]
    pub(crate) head: Head,
    /// Whether it comes to the guard at all.
    pub(crate) heard: Heard,
    /// What the guard's triage makes of it; none where it does not come so far.
    pub(crate) task: Option<Task>,
    /// How long it is left to whoever is setting the bucket up, in seconds.
    pub(crate) settles_seconds: Option<u16>,
    /// What the event does not say and was taken to be so, in words.
    pub(crate) assumed: Vec<String>,
    /// The looks at the bucket that it led to.
    pub(crate) looks: Vec<Look>,
    /// What is told of it, if that does not belong to a look.
    pub(crate) says: Option<Told>,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// What an event is at first sight. What it does not say is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    /// The call, the type of the event, or the kind of the guard's own message.
    pub(crate) name: Option<String>,
    /// The bucket, as it stands there.
    pub(crate) bucket: Option<String>,
    /// Where it came.
    pub(crate) region: Option<String>,
    /// When it happened.
    pub(crate) time: Option<String>,
    /// Who made the call.
    pub(crate) principal: Option<String>,
    /// With what.
    pub(crate) tool: Option<String>,
}

/// Whether an event comes to the guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub(crate) enum Heard {
    /// A rule lets it through.
    Matches {
        /// The rule, as the template calls it.
        rule: &'static str,
    },
    /// The rule for such events does not.
    DoesNotMatch {
        /// The rule, as the template calls it.
        rule: &'static str,
        /// The first mismatch, in words.
        because: String,
    },
    /// `EventBridge` does not deliver it to the guard's rules.
    NotDelivered {
        /// Why, in words.
        because: String,
    },
    /// No rule is asked: it is in a queue of the guard already.
    InQueue,
    /// It is nothing that an account sends.
    Never,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Task {
    /// Look at a bucket.
    Look,
    /// Look at the account's public access block.
    LookAtAccount,
    /// List the Region's buckets.
    Sweep,
    /// Publish a notice again.
    Tell,
    /// Tell of an object.
    TellOfObject,
    /// Nothing.
    Nothing,
}

/// A look at a bucket, or at the account.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Look {
    /// When.
    pub(crate) time: String,
    /// What the bucket is held to.
    pub(crate) grade: Grade,
    /// Why.
    pub(crate) grade_because: String,
    /// The calls that read, one list for each round; the calls of a round are made together.
    pub(crate) reads: Vec<Vec<String>>,
    /// What was found.
    pub(crate) finds: Vec<Found>,
    /// The calls that write, in their order.
    pub(crate) calls: Vec<Called>,
    /// How long it waits for the bucket's stack before it looks again, in seconds.
    pub(crate) waits_seconds: Option<u16>,
    /// The guard has written so often within an hour that it stops.
    pub(crate) stops_after_writes: Option<u32>,
    /// What is told.
    pub(crate) says: Option<Told>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    /// What it is about.
    pub(crate) aspect: Aspect,
    /// What becomes of it.
    pub(crate) fate: Fate,
    /// In words.
    pub(crate) words: String,
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Fate {
    /// It is mended.
    Mended,
    /// It is looked at again later.
    Later,
    /// It is left.
    Left,
}

/// A call that wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Called {
    /// The call.
    pub(crate) call: &'static str,
    /// What it wrote, whole.
    pub(crate) setting: Setting,
    /// The calls that read it again.
    pub(crate) reads: Vec<Vec<String>>,
    /// Whether it was seen to be so then.
    pub(crate) is_verified: bool,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    /// The subject of the mail.
    pub(crate) subject: String,
    /// The text of the mail.
    pub(crate) text: String,
    /// The text of the SMS.
    pub(crate) sms: String,
    /// What programs get: `schemas/notification.schema.json`.
    pub(crate) document: Json,
    /// What Amazon Q Developer in chat applications gets.
    pub(crate) chat: Json,
    /// What people are shown of it.
    #[serde(skip)]
    pub(crate) channel: Channel,
}

/// How a notification is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Channel {
    /// The email
    #[default]
    Email,
    /// The SMS
    Sms,
    /// The JSON document that queues, functions and web endpoints get
    Document,
    /// The message of the topic for chats
    Chat,
}

impl Replayed {
    /// Shows what is told as it is read by this channel.
    #[must_use]
    pub(crate) fn by(mut self, channel: Channel) -> Self {
        let of_looks = self.looks.iter_mut().filter_map(|look| look.says.as_mut());
        of_looks.chain(&mut self.says).for_each(|told| told.channel = channel);
        self
    }
}

/// What came of an event: exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub(crate) enum Outcome {
    /// The guard has done with it what was to do.
    Done,
    /// There was nothing to do.
    Ignored {
        /// Why, in words.
        because: String,
    },
    /// It comes to the guard, who cannot read it: after five times it is a dead letter.
    DeadLetter {
        /// Why, in words.
        because: String,
    },
    /// It is nothing that an account sends.
    NoEvent {
        /// Why, in words.
        because: String,
    },
}

impl Outcome {
    /// Why it is no event that could be understood, if it is none.
    pub(crate) fn misunderstood(&self) -> Option<&str> {
        match self {
            Self::DeadLetter { because } | Self::NoEvent { because } => Some(because),
            Self::Done | Self::Ignored { .. } => None,
        }
    }
}

impl From<&Notice> for Told {
    fn from(notice: &Notice) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            subject: notice.subject.clone(),
            text: notice.text.clone(),
            sms: notice.sms.clone(),
            document: json(&notice.document.json()),
            chat: json(&notice.chat()),
            channel: Channel::default(),
        }
    }
}
