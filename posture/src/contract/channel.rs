//! The channels of notifications, each with a topic of its own.

/// A channel: its topic gets a text that fits what is subscribed to it.
///
/// SNS can carry a text for each protocol in one message, with `MessageStructure` `json`. But its guide describes the
/// attributes that subscriptions filter by for plain messages only.
///
/// Source: Amazon SNS Developer Guide, "Amazon SNS message attributes".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// A text with a subject.
    Email,
    /// One part of an SMS.
    Sms,
    /// The JSON document, for HTTPS, SQS, Lambda and other programs.
    Document,
    /// A custom notification for Amazon Q Developer in chat applications.
    Chat,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Email, Self::Sms, Self::Document, Self::Chat];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Document => "document",
            Self::Chat => "chat",
        }
    }

    /// The output of the stack with the ARN of its topic.
    pub const fn output(self) -> &'static str {
        match self {
            Self::Email => "EmailTopicArn",
            Self::Sms => "SmsTopicArn",
            Self::Document => "DocumentTopicArn",
            Self::Chat => "ChatTopicArn",
        }
    }

    /// The environment variable of the functions with the ARN of its topic.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Email => "S3GUARD_EMAIL_TOPIC",
            Self::Sms => "S3GUARD_SMS_TOPIC",
            Self::Document => "S3GUARD_DOCUMENT_TOPIC",
            Self::Chat => "S3GUARD_CHAT_TOPIC",
        }
    }
}
