//! EventBridge: rules by pattern or by schedule, their targets, and what a pattern matches.

mod matching;
mod pattern;

use serde::Serialize;

pub use matching::{KnownPattern, Mismatch};
pub use pattern::{EventPattern, Filter};

use crate::cfn::{
    Value,
    kind::{QueueArn, ScheduleExpression},
};

/// `AWS::Events::Rule`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rule {
    /// When the rule fires.
    #[serde(flatten)]
    pub trigger: Trigger,
    /// What receives the event, at most five.
    pub targets: Vec<Target>,
    /// The purpose of the rule.
    pub description: &'static str,
    /// `ENABLED`, or `DISABLED`.
    pub state: &'static str,
}

resource! {
    Rule = "AWS::Events::Rule";
    get {
        /// The rule's ARN.
        arn: RuleArn = "Arn"
    }
}

/// When a rule fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Trigger {
    /// For each event that matches.
    #[serde(rename = "EventPattern")]
    Pattern(EventPattern),
    /// At these times.
    #[serde(rename = "ScheduleExpression")]
    Schedule(Value<ScheduleExpression>),
}

/// A queue that receives the events of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// The queue. Its policy must allow the rule to send.
    pub arn: Value<QueueArn>,
    /// The target's name, unique within the rule.
    pub id: &'static str,
    /// A fixed text instead of the event.
    pub input: Option<&'static str>,
    /// How often, and for how long, EventBridge retries.
    pub retry_policy: RetryPolicy,
    /// Where events go that could not be sent.
    pub dead_letter_config: DeadLetterConfig,
}

/// How often, and for how long, EventBridge retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RetryPolicy {
    /// How often, 0 to 185.
    #[serde(rename = "MaximumRetryAttempts")]
    pub retries_max: u32,
    /// For how long, 60 to 86400.
    #[serde(rename = "MaximumEventAgeInSeconds")]
    pub event_age_seconds_max: u32,
}

/// Where events go that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeadLetterConfig {
    /// The dead-letter queue. Its policy must allow the rule to send.
    pub arn: Value<QueueArn>,
}
