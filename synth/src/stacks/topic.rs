//! The topic of notifications, its subscriptions, and the queue for notifications that could not be delivered.

use s3guard_posture::Config;

use super::{
    intake,
    parameters::Parameters,
    principals::{Principals, these},
    subscriptions::{self, Topics},
};
use crate::{
    cfn::{Attributes, Handle, LogicalId, PolicyDocument, Pseudo, Statement, Template, Test},
    resources::{
        kms::Key,
        sns::{Protocol, Topic, TopicPolicy},
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
    principals: Principals,
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
    let why = "Lets alarms publish; of principals, only the stack's roles.";
    let publishers = policy(topic, principals, vec![alarms_publish]);
    template.add_with(TOPIC_POLICY, Attributes::deleted(why), publishers);
    let why = "Notifications that could not be delivered to a subscriber.";
    let dead_letters = intake::add_dead_letters(template, DEAD_LETTERS, why);
    let why = "Lets the topic send; only operators receive.";
    let sources = intake::Sources::new("TopicSends", "sns.amazonaws.com", [topic.arn().into()]);
    let senders = intake::policy(dead_letters, principals, &sources, intake::User::Operators);
    template.add_with(DEAD_LETTERS_POLICY, Attributes::deleted(why), senders);
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
        let why = "Of principals, only the stack's roles publish.";
        let publishers = policy(chat, principals, Vec::new());
        template.add_with(CHAT_POLICY, Attributes::deleted(why), publishers);
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

/// What changes the topic, its policy, or what it accepts: a data protection policy can refuse notifications.
const ADMINISTRATION: [&str; 5] = [
    "sns:AddPermission",
    "sns:DeleteTopic",
    "sns:PutDataProtectionPolicy",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
];

/// The topic's policy: these statements, the locks, and nothing without TLS.
fn policy(
    topic: Handle<Topic>,
    principals: Principals,
    mut statements: Vec<Statement>,
) -> TopicPolicy {
    let publish = "sns:Publish";
    let arn = || topic.arn().into();
    let roles = [principals.guard, principals.notify].map(|role| role.arn().into());
    let others = Principals::others_than(roles.into_iter().chain([principals.operators()]));
    let tests = [others, Test::not_by_a_service()];
    statements.extend([
        Statement::deny_where("OnlyOurRolesPublish", [publish], [arn()], tests),
        principals.only_deployers("OnlyDeployers", these(&ADMINISTRATION), arn(), None),
        Statement::deny("TlsOnly", publish, [arn()], Test::without_tls()),
    ]);
    TopicPolicy { topics: [topic.arn()], policy_document: PolicyDocument::new(statements) }
}
