//! The topic: where the owner hears, and the queue for what could not be delivered.

use s3guard_posture::Config;

use super::{
    intake,
    parameters::Parameters,
    subscriptions::{self, Notices},
};
use crate::{
    cfn::{
        Attributes, Handle, LogicalId, PolicyDocument, Principal, Pseudo, Statement, Template, Test,
    },
    resources::{
        kms::Key,
        sns::{Endpoint, RedrivePolicy, Subscription, Topic, TopicPolicy},
        sqs::QueuePolicy,
    },
};

/// The ids of the topic's parts.
pub(super) struct Ids {
    pub(super) topic: LogicalId,
    pub(super) policy: LogicalId,
    pub(super) email: LogicalId,
    pub(super) dead_letters: LogicalId,
    pub(super) dead_letters_policy: LogicalId,
    pub(super) chat: LogicalId,
    pub(super) chat_policy: LogicalId,
}

/// Adds the topic, who may publish to it, and who hears; and a topic for chats, where there is to be one.
pub(super) fn add(
    template: &mut Template,
    ids: &Ids,
    parameters: &Parameters,
    key: Handle<Key>,
    config: &Config,
) -> Notices {
    let topic = Topic {
        display_name: Some("s3guard".into()),
        kms_master_key_id: Some(key.arn().into()),
        signature_version: Some("2"),
        ..Topic::default()
    };
    let attributes = Attributes {
        must: vec!["Encrypted with a key whose policy names CloudWatch: else alarms vanish."],
        ..Attributes::deleted("Where the owner hears of buckets, objects and alarms.")
    };
    let topic = template.add_with(ids.topic, attributes, topic);
    template.add_with(
        ids.policy,
        Attributes::deleted("Lets alarms publish, and nobody without TLS."),
        TopicPolicy::new(topic.arn(), policy(topic)),
    );
    let dead_letters = intake::add_dead_letters(
        template,
        ids.dead_letters,
        "Notices that could not be delivered to a subscriber.",
    );
    let topic_sends = Statement {
        sid: Some("TopicSends"),
        principal: Some(Principal::service("sns.amazonaws.com")),
        conditions: vec![Test::arn_like("aws:SourceArn", [topic.arn().into()])],
        ..Statement::allow(["sqs:SendMessage"], [dead_letters.arn().into()])
    };
    let document = PolicyDocument::new([topic_sends, intake::tls_only(dead_letters)]);
    template.add_with(
        ids.dead_letters_policy,
        Attributes::deleted("Lets the topic send, and nobody without TLS."),
        QueuePolicy::new(dead_letters.url(), document),
    );
    let email = Subscription {
        redrive_policy: Some(RedrivePolicy { dead_letter_target_arn: dead_letters.arn() }),
        ..Subscription::new(topic.arn(), Endpoint::Email(parameters.email.value()))
    };
    let attributes = Attributes {
        condition: Some(parameters.has_email),
        ..Attributes::deleted("Mails to the owner, who has to confirm.")
    };
    template.add_with(ids.email, attributes, email);
    let chat = config.notifications().chat.map(|_| add_chat(template, ids, key));
    let notices = Notices { topic, dead_letters, chat };
    subscriptions::add(template, notices, config.subscriptions());
    notices
}

/// The functions publish to it by the leave that their roles have. Who reads it subscribes himself: Amazon Q Developer in
/// chat applications does so when a channel is set up.
fn add_chat(template: &mut Template, ids: &Ids, key: Handle<Key>) -> Handle<Topic> {
    let topic = Topic {
        display_name: Some("s3guard".into()),
        kms_master_key_id: Some(key.arn().into()),
        signature_version: Some("2"),
        ..Topic::default()
    };
    let why = "Notices in the form that Amazon Q Developer in chat applications reads.";
    let topic = template.add_with(ids.chat, Attributes::deleted(why), topic);
    template.add_with(
        ids.chat_policy,
        Attributes::deleted("Lets nobody publish without TLS."),
        TopicPolicy::new(topic.arn(), PolicyDocument::new([tls_only(topic)])),
    );
    topic
}

fn policy(topic: Handle<Topic>) -> PolicyDocument {
    let alarms_publish = Statement {
        sid: Some("AlarmsPublish"),
        principal: Some(Principal::service("cloudwatch.amazonaws.com")),
        conditions: vec![Test::equals("aws:SourceAccount", Pseudo::AccountId)],
        ..Statement::allow(["sns:Publish"], [topic.arn().into()])
    };
    PolicyDocument::new([alarms_publish, tls_only(topic)])
}

fn tls_only(topic: Handle<Topic>) -> Statement {
    Statement {
        sid: Some("TlsOnly"),
        conditions: vec![Test::without_tls()],
        ..Statement::deny(["sns:Publish"], [topic.arn().into()])
    }
}
