//! EventBridge: rules by pattern or by schedule, and what a pattern matches.

mod matching;
mod pattern;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

pub use matching::{KnownPattern, Mismatch};
pub use pattern::{EventPattern, Filter};

use crate::cfn::{
    Value,
    kind::{QueueArn, ScheduleExpression, Text, TopicArn},
};

/// `AWS::Events::Rule`, which sends to a queue or a topic, and retries for a day
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// When the rule fires.
    pub trigger: Trigger,
    /// What the rule sends, and where to.
    pub target: Target,
    /// The dead-letter queue for events that could not be sent. Its policy must allow the rule to send, too.
    pub dead_letters: Value<QueueArn>,
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
        let target = |id: String, arn: Json, input: Option<&Value<Text>>, transformer| {
            json!({
                "Arn": arn,
                "Id": id,
                "Input": input,
                "InputTransformer": transformer,
                "RetryPolicy": { "MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400 },
                "DeadLetterConfig": { "Arn": self.dead_letters },
            })
        };
        let targets: Vec<Json> = match &self.target {
            Target::Queue { queue, input } => {
                vec![target("queue".to_owned(), json!(queue), input.as_ref(), None)]
            }
            Target::Topics { topics, text } => {
                let publish = |(topic, number): (&Value<TopicArn>, u32)| {
                    target(format!("topic-{number}"), json!(topic), None, Some(transformer(text)))
                };
                topics.iter().zip(1..).map(publish).collect()
            }
        };
        json!({
            "EventPattern": pattern,
            "ScheduleExpression": schedule,
            "Targets": targets,
            "Description": self.description,
            "State": "ENABLED",
        })
        .serialize(serializer)
    }
}

/// What a rule sends, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The event, to a queue.
    Queue {
        /// The queue. Its policy must allow the rule to send.
        queue: Value<QueueArn>,
        /// A text that is sent instead of the event.
        input: Option<Value<Text>>,
    },
    /// A text about a call, to topics.
    Topics {
        /// The topics. Their policies must allow the rule to publish.
        topics: Vec<Value<TopicArn>>,
        /// The lines of the text, with the names of [`PLACEHOLDERS`] between `<` and `>`.
        text: Vec<String>,
    },
}

/// What a text about a call can contain: its name there, and where it is in the event that CloudTrail sends.
pub const PLACEHOLDERS: [(&str, &str); 7] = [
    ("account", "$.account"),
    ("address", "$.detail.sourceIPAddress"),
    ("call", "$.detail.eventName"),
    ("caller", "$.detail.userIdentity.arn"),
    ("event", "$.detail.eventID"),
    ("region", "$.region"),
    ("time", "$.detail.eventTime"),
];

/// Each line is a JSON string, as EventBridge requires of text.
///
/// Source: Amazon EventBridge User Guide, "Amazon EventBridge input transformation".
fn transformer(text: &[String]) -> Json {
    let used = |name: &str| text.iter().any(|line| line.contains(&format!("<{name}>")));
    let paths = PLACEHOLDERS.iter().filter(|(name, _)| used(name));
    let paths: Map<String, Json> =
        paths.map(|(name, path)| ((*name).to_owned(), json!(path))).collect();
    let lines: Vec<String> = text.iter().map(|line| json!(line).to_string()).collect();
    json!({ "InputPathsMap": paths, "InputTemplate": lines.join("\n") })
}

/// When a rule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// For each event that matches.
    Pattern(EventPattern),
    /// At these times.
    Schedule(Value<ScheduleExpression>),
}
