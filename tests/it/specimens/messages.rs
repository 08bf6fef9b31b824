//! EventBridge, SQS and SNS.

use s3guard_synth::{
    cfn::Value,
    resources::{
        events::{DeadLetterConfig, EventPattern, RetryPolicy, Rule, State, Target, Trigger},
        sns::{self, Endpoint, FilterPolicyScope, Matcher, Subscription, Topic, TopicPolicy},
        sqs::{self, Encryption, Queue, QueuePolicy},
    },
};
use serde_json::Value as Json;

use super::{Specimen, arn, document, key, specimen, tags, words};

pub(super) fn all() -> Vec<Specimen> {
    let schedule = || Trigger::Schedule(Value::literal("rate(6 hours)"));
    let pattern = || Trigger::Pattern(EventPattern::new().field("source", ["aws.s3"]));
    let kms = Encryption::Kms { key: key(), data_key_reuse_seconds: Some(60) };
    let endpoints = [
        Endpoint::Email("reports@example.com".into()),
        Endpoint::Sms("+15550100".into()),
        Endpoint::Https("https://example.com/reports".into()),
        Endpoint::Sqs(queue_arn()),
        Endpoint::Lambda(arn("lambda:eu-west-1:111122223333:function:reports")),
        Endpoint::Firehose(
            "arn:aws:firehose:eu-west-1:111122223333:deliverystream/reports".into(),
            arn("iam::111122223333:role/reports"),
        ),
    ];
    vec![
        specimen(Rule::new(schedule()), [rule(schedule()), rule(pattern())]),
        specimen(Queue::default(), [queue(Encryption::SqsManaged), queue(kms)]),
        specimen(QueuePolicy::new(queue_url(), document()), [queue_policy()]),
        specimen(Topic::default(), [topic()]),
        specimen(TopicPolicy::new(topic_arn(), document()), [topic_policy()]),
        specimen(
            Subscription::new(topic_arn(), endpoints[0].clone()),
            endpoints.clone().map(subscription),
        ),
    ]
}

pub(super) fn vocabulary() -> Vec<(&'static str, &'static str, Vec<Json>)> {
    vec![("AWS::Events::Rule", "/State", words!(State))]
}

fn queue_arn<K>() -> Value<K> {
    arn("sqs:eu-west-1:111122223333:reports")
}

fn queue_url<K>() -> Value<K> {
    Value::literal("https://sqs.eu-west-1.amazonaws.com/111122223333/reports")
}

fn topic_arn<K>() -> Value<K> {
    arn("sns:eu-west-1:111122223333:reports")
}

fn rule(trigger: Trigger) -> Rule {
    Rule {
        trigger,
        targets: vec![Target {
            arn: queue_arn(),
            id: "queue",
            input: Some("{}".into()),
            input_path: Some("$.detail".into()),
            role_arn: Some(arn("iam::111122223333:role/reports")),
            retry_policy: Some(RetryPolicy { retries_max: 185, event_age_seconds_max: 60 }),
            dead_letter_config: Some(DeadLetterConfig { arn: queue_arn() }),
        }],
        description: Some("reports"),
        event_bus_name: Some("reports".into()),
        name: Some("reports".into()),
        state: Some(State::Enabled),
        tags: tags(),
    }
}

fn queue(encryption: Encryption) -> Queue {
    Queue {
        queue_name: Some("reports".into()),
        encryption,
        delay_seconds: Some(0),
        message_size_bytes_max: Some(1_024),
        message_retention_seconds: Some(60),
        receive_wait_seconds: Some(20),
        visibility_timeout_seconds: Some(60),
        redrive_policy: Some(sqs::RedrivePolicy {
            dead_letter_target_arn: queue_arn(),
            max_receive_count: 5,
        }),
        tags: tags(),
    }
}

fn queue_policy() -> QueuePolicy {
    QueuePolicy { queues: vec![queue_url()], policy_document: document() }
}

fn topic() -> Topic {
    Topic {
        topic_name: Some("reports".into()),
        display_name: Some("reports".into()),
        kms_master_key_id: Some(key()),
        signature_version: Some("2"),
        tracing_config: Some("PassThrough"),
        tags: tags(),
    }
}

fn topic_policy() -> TopicPolicy {
    TopicPolicy { topics: vec![topic_arn()], policy_document: document() }
}

fn subscription(endpoint: Endpoint) -> Subscription {
    Subscription {
        topic_arn: topic_arn(),
        endpoint,
        filter_policy: vec![(
            "bucket",
            vec![
                Matcher::Exactly("reports".into()),
                Matcher::Prefix("re".into()),
                Matcher::AnythingBut("logs".into()),
            ],
        )],
        filter_policy_scope: Some(FilterPolicyScope::MessageAttributes),
        raw_message_delivery: Some(false),
        redrive_policy: Some(sns::RedrivePolicy { dead_letter_target_arn: queue_arn() }),
    }
}
