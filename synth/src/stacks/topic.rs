//! The topics, their subscriptions, and the queue for messages that could not be delivered.
//!
//! Each channel of notifications has a topic of its own. Alarms have another one without filters: CloudWatch publishes
//! without the attributes that subscriptions filter by.

use s3guard_posture::Config;
use s3guard_posture::contract::Channel;

use super::{
    intake,
    parameters::Parameters,
    principals::{Principals, these},
    subscriptions::{self, Topics},
    tampering::Rules,
};
use crate::{
    cfn::{
        Attributes, Handle, LogicalId, PolicyDocument, Pseudo, Skip, Statement, Template, Test,
        Value, kind::AnyArn,
    },
    resources::{
        kms::Key,
        sns::{Protocol, Topic, TopicPolicy},
    },
};

/// A topic and its policy.
struct TopicIds {
    topic: LogicalId,
    policy: LogicalId,
    why: &'static str,
}

const ALERTS: TopicIds = TopicIds {
    topic: LogicalId::new("AlertTopic"),
    policy: LogicalId::new("AlertTopicPolicy"),
    why: "Alarms about the guard itself. No subscription filters them.",
};
const EMAIL: LogicalId = LogicalId::new("EmailSubscription");
const EMAIL_ALERTS: LogicalId = LogicalId::new("EmailAlertSubscription");
const DEAD_LETTERS: LogicalId = LogicalId::new("NotificationDlq");
const DEAD_LETTERS_POLICY: LogicalId = LogicalId::new("NotificationDlqPolicy");

const fn ids(channel: Channel) -> TopicIds {
    match channel {
        Channel::Email => TopicIds {
            topic: LogicalId::new("EmailTopic"),
            policy: LogicalId::new("EmailTopicPolicy"),
            why: "Notifications as emails.",
        },
        Channel::Sms => TopicIds {
            topic: LogicalId::new("SmsTopic"),
            policy: LogicalId::new("SmsTopicPolicy"),
            why: "Notifications as text messages.",
        },
        Channel::Document => TopicIds {
            topic: LogicalId::new("DocumentTopic"),
            policy: LogicalId::new("DocumentTopicPolicy"),
            why: "Notifications as JSON documents, for HTTPS, SQS and Lambda.",
        },
        // Amazon Q Developer in chat applications subscribes to it when a channel is set up.
        Channel::Chat => TopicIds {
            topic: LogicalId::new("ChatTopic"),
            policy: LogicalId::new("ChatTopicPolicy"),
            why: "Notifications in the format of Amazon Q Developer in chat applications.",
        },
    }
}

/// Adds the topics, their policies and their subscriptions.
pub(super) fn add(
    template: &mut Template,
    parameters: &Parameters,
    principals: Principals,
    key: Handle<Key>,
    config: &Config,
) -> Topics {
    let notifications = Channel::ALL.map(|channel| {
        let TopicIds { topic, policy, why } = ids(channel);
        let topic = template.add_with(topic, Attributes::deleted(why), topic_with(Some(key)));
        // That of emails follows with the rules that publish to it.
        if channel != Channel::Email {
            let publishers = publishers(topic, principals, Vec::new());
            template.add_with(policy, Attributes::deleted(PUBLISHERS), publishers);
        }
        (channel, topic)
    });
    let attributes = Attributes {
        must: Some(
            "Not encrypted with a key: who disables the key would silence the alert that it was disabled.",
        ),
        skips: vec![NOT_ENCRYPTED],
        ..Attributes::deleted(ALERTS.why)
    };
    let alerts = template.add_with(ALERTS.topic, attributes, topic_with(None));
    let why = "Messages that could not be delivered to a subscriber or to the topic of alerts.";
    let dead_letters = intake::add_dead_letters(template, DEAD_LETTERS, why);
    let topics = Topics { notifications, alerts, dead_letters };
    for (id, topic, why) in [
        (EMAIL, topics.of(Channel::Email), "Emails to the owner, who must confirm."),
        (EMAIL_ALERTS, topics.alerts, "Alarms to the owner, who must confirm this, too."),
    ] {
        let attributes =
            Attributes { condition: Some(parameters.has_email), ..Attributes::deleted(why) };
        let email = topics.subscription(topic, Protocol::Email, parameters.email.value());
        template.add_with(id, attributes, email);
    }
    subscriptions::add(template, topics, config.subscriptions());
    topics
}

/// Adds the policies that let alarms and these rules publish to the topic of alerts, and send what could not be published
/// to the dead-letter queue.
pub(super) fn let_alert(
    template: &mut Template,
    principals: Principals,
    topics: Topics,
    rules: Rules,
) {
    let publish = |topic: Handle<Topic>, rules: Vec<Value<AnyArn>>| {
        let only = [Test::arn_like("aws:SourceArn", rules)];
        let service = "events.amazonaws.com";
        Statement::allow_service("RulesPublish", service, ["sns:Publish"], topic.arn(), only)
    };
    let allowed = vec![
        Statement::allow_service(
            "AlarmsPublish",
            "cloudwatch.amazonaws.com",
            ["sns:Publish"],
            topics.alerts.arn(),
            [Test::equals("aws:SourceAccount", Pseudo::AccountId)],
        ),
        publish(topics.alerts, rules.all.clone()),
    ];
    let of_alerts = publishers(topics.alerts, principals, allowed);
    template.add_with(ALERTS.policy, Attributes::deleted(PUBLISHERS), of_alerts);
    let emails = topics.of(Channel::Email);
    let of_emails = publishers(emails, principals, vec![publish(emails, vec![rules.of_alerts])]);
    template.add_with(ids(Channel::Email).policy, Attributes::deleted(PUBLISHERS), of_emails);
    let why = "Lets the topics and the rules of alerts send; only operators receive.";
    let arns = topics.all().map(|topic| topic.arn().into());
    let sources = [
        intake::Sources::new("TopicSends", "sns.amazonaws.com", arns),
        intake::Sources::new("RulesSend", "events.amazonaws.com", rules.all),
    ];
    let user = intake::User::Operators;
    let senders = intake::policy(topics.dead_letters, principals, &sources, user);
    template.add_with(DEAD_LETTERS_POLICY, Attributes::deleted(why), senders);
}

const PUBLISHERS: &str = "Of principals, only the stack's roles publish.";
/// Alerts have names of resources and callers, and no data of buckets.
const NOT_ENCRYPTED: Skip = Skip {
    rule: "CKV_AWS_26",
    reason: "Alerts report that the stack's key was disabled: they may not depend on it (docs/adr/0036).",
};

fn topic_with(key: Option<Handle<Key>>) -> Topic {
    Topic {
        display_name: Some("s3guard".into()),
        kms_master_key_id: key.map(|key| key.arn().into()),
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
fn publishers(
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
