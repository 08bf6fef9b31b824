//! EventBridge: rules, by pattern or by schedule, their targets, and what a pattern matches.

mod matching;
mod pattern;

use serde::Serialize;

pub use matching::Mismatch;
pub use pattern::{EventPattern, Filter};

use super::Tag;
use crate::cfn::{
    Value,
    kind::{AnyArn, QueueArn, RoleArn, ScheduleExpression, Text},
};

/// `AWS::Events::Rule`
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rule {
    /// When the rule fires.
    #[serde(flatten)]
    pub trigger: Trigger,
    /// What happens then. Ids are unique within the rule; at most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// What it is for.
    pub description: Option<&'static str>,
    /// The bus it listens to; the account's default bus where it is not said.
    pub event_bus_name: Option<Value<Text>>,
    /// Its name; CloudFormation finds one that is free.
    pub name: Option<Value<Text>>,
    /// Whether it fires at all.
    pub state: Option<State>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Rule = "AWS::Events::Rule";
    ref {
        /// The rule's name.
        name: RuleName
    }
    get {
        /// The rule's ARN.
        arn: RuleArn = "Arn"
    }
}

impl Rule {
    /// A rule that does nothing yet when it fires.
    pub fn new(trigger: Trigger) -> Self {
        Self {
            trigger,
            targets: Vec::new(),
            description: None,
            event_bus_name: None,
            name: None,
            state: None,
            tags: Vec::new(),
        }
    }
}

/// When a rule fires.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Trigger {
    /// For each event that looks so.
    #[serde(rename = "EventPattern")]
    Pattern(EventPattern),
    /// At these times.
    #[serde(rename = "ScheduleExpression")]
    Schedule(Value<ScheduleExpression>),
}

choices! {
    /// Whether a rule fires.
    pub enum State {
        /// It does
        Enabled = "ENABLED",
        /// It does not
        Disabled = "DISABLED",
        /// It does, and for CloudTrail's read-only calls, too
        EnabledWithAllCloudTrailManagementEvents = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
    }
}

/// What happens when a rule fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// What gets the event. A queue's policy has to let the rule send; a function has to permit it.
    pub arn: Value<AnyArn>,
    /// Its name within the rule.
    pub id: &'static str,
    /// A fixed text instead of the event.
    pub input: Option<String>,
    /// A part of the event instead of the whole.
    pub input_path: Option<String>,
    /// The role that EventBridge takes on to send.
    pub role_arn: Option<Value<RoleArn>>,
    /// How often, and for how long, it is tried again.
    pub retry_policy: Option<RetryPolicy>,
    /// Where events go that could not be sent.
    pub dead_letter_config: Option<DeadLetterConfig>,
}

impl Target {
    /// A target that gets the event as it is.
    pub fn new(id: &'static str, arn: impl Into<Value<AnyArn>>) -> Self {
        Self {
            arn: arn.into(),
            id,
            input: None,
            input_path: None,
            role_arn: None,
            retry_policy: None,
            dead_letter_config: None,
        }
    }
}

/// How often, and for how long, a target is tried again.
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
    /// The queue for them, whose policy has to let the rule send.
    pub arn: Value<QueueArn>,
}
