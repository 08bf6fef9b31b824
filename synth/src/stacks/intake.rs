//! An intake: rules that send to a queue, and its dead-letter queue.

use crate::{
    cfn::{Attributes, Handle, LogicalId, PolicyDocument, Skip, Statement, Template, Test},
    resources::{
        events::{Rule, Trigger},
        sqs::{Queue, QueuePolicy, RedrivePolicy},
    },
};

/// How often a message is received before it is moved to the dead-letter queue.
const RECEIVES_MAX: u32 = 5;
const MESSAGES_DAYS: u32 = 4;
const DEAD_LETTERS_DAYS: u32 = 14;
const DAY_SECONDS: u32 = 24 * 60 * 60;

/// The queues are encrypted, but checkov accepts only KMS keys.
const SQS_MANAGED: Skip = Skip {
    rule: "CKV_AWS_27",
    reason: "Encrypted with a key of SQS: the policy of a KMS key would have to name every service that sends.",
};

/// The ids of an intake's parts, and its purpose.
pub(super) struct IntakeIds {
    pub(super) queue: LogicalId,
    pub(super) dead_letters: LogicalId,
    pub(super) queue_policy: LogicalId,
    pub(super) dead_letters_policy: LogicalId,
    pub(super) why: &'static str,
}

/// A rule that sends to the queue.
pub(super) struct Feed {
    pub(super) id: LogicalId,
    pub(super) why: &'static str,
    pub(super) trigger: Trigger,
    /// What is sent instead of the event.
    pub(super) input: Option<&'static str>,
}

/// The two queues.
#[derive(Clone, Copy)]
pub(super) struct Intake {
    pub(super) queue: Handle<Queue>,
    pub(super) dead_letters: Handle<Queue>,
}

/// Adds the queues, without rules yet.
pub(super) fn add(
    template: &mut Template,
    ids: &IntakeIds,
    visibility_timeout_seconds: u32,
) -> Intake {
    let dead_letters = add_dead_letters(
        template,
        ids.dead_letters,
        "Events that could not be sent to the queue, or could not be handled.",
    );
    let queue = Queue {
        visibility_timeout_seconds: Some(visibility_timeout_seconds),
        redrive_policy: Some(RedrivePolicy {
            dead_letter_target_arn: dead_letters.arn(),
            max_receive_count: RECEIVES_MAX,
        }),
        ..Queue::new(MESSAGES_DAYS * DAY_SECONDS)
    };
    let queue = template.add_with(ids.queue, queue_attributes(ids.why), queue);
    Intake { queue, dead_letters }
}

/// Adds the rules that send to the queue, and the policies that let them.
pub(super) fn feed(
    template: &mut Template,
    ids: &IntakeIds,
    intake: Intake,
    feeds: impl IntoIterator<Item = Feed>,
) {
    let rules: Vec<Handle<Rule>> =
        feeds.into_iter().map(|feed| add_rule(template, feed, intake)).collect();
    let may_send = |queue: Handle<Queue>| {
        let rules = rules.iter().map(|rule| rule.arn().into());
        QueuePolicy {
            queues: [queue.url()],
            policy_document: PolicyDocument::new([
                Statement::allow_service(
                    "RulesSend",
                    "events.amazonaws.com",
                    ["sqs:SendMessage"],
                    queue.arn(),
                    [Test::arn_like("aws:SourceArn", rules)],
                ),
                tls_only(queue),
            ]),
        }
    };
    let attributes = || Attributes::deleted("Lets the rules send; denies requests without TLS.");
    template.add_with(ids.queue_policy, attributes(), may_send(intake.queue));
    template.add_with(ids.dead_letters_policy, attributes(), may_send(intake.dead_letters));
}

/// Adds a dead-letter queue. Its senders need a policy.
pub(super) fn add_dead_letters(
    template: &mut Template,
    id: LogicalId,
    why: &'static str,
) -> Handle<Queue> {
    template.add_with(id, queue_attributes(why), Queue::new(DEAD_LETTERS_DAYS * DAY_SECONDS))
}

/// Denies requests without TLS.
pub(super) fn tls_only(queue: Handle<Queue>) -> Statement {
    Statement::deny("TlsOnly", "sqs:*", [queue.arn().into()], Test::without_tls())
}

fn queue_attributes(why: &'static str) -> Attributes {
    Attributes { skips: vec![SQS_MANAGED], ..Attributes::deleted(why) }
}

fn add_rule(template: &mut Template, feed: Feed, intake: Intake) -> Handle<Rule> {
    let rule = Rule {
        trigger: feed.trigger,
        queue: intake.queue.arn(),
        dead_letters: intake.dead_letters.arn(),
        input: feed.input,
        description: feed.why,
    };
    template.add_with(feed.id, Attributes::deleted(feed.why), rule)
}
