//! The topic of notifications, its subscriptions, and the queue for notifications that could not be delivered.

use s3guard_posture::Config;

use super::{
    intake,
    parameters::Parameters,
    subscriptions::{self, Topics},
};
use crate::{
    cfn::{Attributes, Handle, LogicalId, PolicyDocument, Pseudo, Statement, Template, Test},
    resources::{
        kms::Key,
        sns::{Protocol, Topic, TopicPolicy},
        sqs::QueuePolicy,
    },
};

const TOPIC: LogicalId = LogicalId::new("Topic");
const TOPIC_POLICY: LogicalId = LogicalId::new("TopicPolicy");
const EMAIL: LogicalId = LogicalId::new("EmailSubscription");
const DEAD_LETTERS: LogicalId = LogicalId::new("NotificationDlq");
const DEAD_LETTERS_POLICY: LogicalId = LogicalId::new("NotificationDlqPolicy");
const CHAT: LogicalId = LogicalId::new("ChatTopic");
const CHAT_POLICY: LogicalId = LogicalId::new("ChatTopicPolicy");

/// Adds the topic, its policy and its subscriptions; and a topic for chats, where the configuration has one.
pub(super) fn add(
    template: &mut Template,
    parameters: &Parameters,
    key: Handle<Key>,
    config: &Config,
) -> Topics {
    let attributes = Attributes {
        must: Some(
            "Encrypted with a key whose policy allows CloudWatch: otherwise its alarms are lost.",
        ),
        ..Attributes::deleted("Notifications about buckets, objects and alarms.")
    };
    let topic = template.add_with(TOPIC, attributes, encrypted(key));
    let alarms_publish = Statement::allow_service(
        "AlarmsPublish",
        "cloudwatch.amazonaws.com",
        ["sns:Publish"],
        topic.arn(),
        [Test::equals("aws:SourceAccount", Pseudo::AccountId)],
    );
    let why = "Lets alarms publish; denies requests without TLS.";
    add_policy(template, TOPIC_POLICY, why, topic, vec![alarms_publish]);
    let why = "Notifications that could not be delivered to a subscriber.";
    let dead_letters = intake::add_dead_letters(template, DEAD_LETTERS, why);
    let topic_sends = Statement::allow_service(
        "TopicSends",
        "sns.amazonaws.com",
        ["sqs:SendMessage"],
        dead_letters.arn(),
        [Test::arn_like("aws:SourceArn", [topic.arn().into()])],
    );
    template.add_with(
        DEAD_LETTERS_POLICY,
        Attributes::deleted("Lets the topic send; denies requests without TLS."),
        QueuePolicy {
            queues: [dead_letters.url()],
            policy_document: PolicyDocument::new([topic_sends, intake::tls_only(dead_letters)]),
        },
    );
    let mut topics = Topics { topic, dead_letters, chat: None };
    let attributes = Attributes {
        condition: Some(parameters.has_email),
        ..Attributes::deleted("Emails to the owner, who must confirm the subscription.")
    };
    let email = topics.subscription(Protocol::Email, parameters.email.value());
    template.add_with(EMAIL, attributes, email);
    // The roles of the functions allow them to publish to it. Amazon Q Developer in chat applications subscribes to it when
    // a channel is set up.
    if config.notifications().chat.is_some() {
        let why = "Notifications in the format of Amazon Q Developer in chat applications.";
        let chat = template.add_with(CHAT, Attributes::deleted(why), encrypted(key));
        let why = "Denies requests without TLS.";
        add_policy(template, CHAT_POLICY, why, chat, Vec::new());
        topics.chat = Some(chat);
    }
    subscriptions::add(template, topics, config.subscriptions());
    topics
}

fn encrypted(key: Handle<Key>) -> Topic {
    Topic {
        display_name: Some("s3guard".into()),
        kms_master_key_id: Some(key.arn().into()),
        signature_version: Some("2"),
    }
}

/// Adds the topic's policy: these statements, and nothing without TLS.
fn add_policy(
    template: &mut Template,
    id: LogicalId,
    why: &'static str,
    topic: Handle<Topic>,
    mut statements: Vec<Statement>,
) {
    let publish = "sns:Publish";
    statements.push(Statement::deny("TlsOnly", publish, [topic.arn().into()], Test::without_tls()));
    let policy =
        TopicPolicy { topics: [topic.arn()], policy_document: PolicyDocument::new(statements) };
    template.add_with(id, Attributes::deleted(why), policy);
}
