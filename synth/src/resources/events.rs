//! EventBridge: rules by pattern or by schedule, and what a pattern matches.

mod matching;
mod pattern;

use serde::{Serialize, Serializer};
use serde_json::json;

pub use matching::{KnownPattern, Mismatch};
pub use pattern::{EventPattern, Filter};

use crate::cfn::{
    Value,
    kind::{QueueArn, ScheduleExpression},
};

/// `AWS::Events::Rule`, which sends to a queue, and retries for a day
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// When the rule fires.
    pub trigger: Trigger,
    /// The queue. Its policy must allow the rule to send.
    pub queue: Value<QueueArn>,
    /// The dead-letter queue for events that could not be sent. Its policy must allow the rule to send, too.
    pub dead_letters: Value<QueueArn>,
    /// A fixed text that is sent instead of the event.
    pub input: Option<&'static str>,
    /// The purpose of the rule.
    pub description: &'static str,
}

resource! {
    Rule = "AWS::Events::Rule";
    get {
        /// The rule's ARN.
        arn: RuleArn = "Arn"
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (pattern, schedule) = match &self.trigger {
            Trigger::Pattern(pattern) => (Some(pattern), None),
            Trigger::Schedule(schedule) => (None, Some(schedule)),
        };
        json!({
            "EventPattern": pattern,
            "ScheduleExpression": schedule,
            "Targets": [{
                "Arn": self.queue,
                "Id": "queue",
                "Input": self.input,
                "RetryPolicy": { "MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400 },
                "DeadLetterConfig": { "Arn": self.dead_letters },
            }],
            "Description": self.description,
            "State": "ENABLED",
        })
        .serialize(serializer)
    }
}

/// When a rule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// For each event that matches.
    Pattern(EventPattern),
    /// At these times.
    Schedule(Value<ScheduleExpression>),
}
