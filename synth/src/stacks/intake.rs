//! An intake: rules that send to a queue, and its dead-letter queue.

use super::principals::{Principals, these};
use crate::{
    cfn::{
        Attributes, Handle, LogicalId, PolicyDocument, Skip, Statement, Template, Test, Value,
        kind::{AnyArn, Text},
    },
    resources::{
        events::{Rule, Target, Trigger},
        iam::Role,
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
    pub(super) input: Option<Value<Text>>,
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
    Feeding { principals, user, feeds }: Feeding,
) {
    let rules: Vec<Value<AnyArn>> =
        feeds.into_iter().map(|feed| add_rule(template, feed, intake).arn().into()).collect();
    let sources = Sources::new("RulesSend", "events.amazonaws.com", rules);
    let attributes = Attributes::deleted("Lets the rules send; only the function receives.");
    let sources = [sources];
    let of_queue = policy(intake.queue, principals, &sources, user);
    template.add_with(ids.queue_policy, attributes, of_queue);
    let attributes = Attributes::deleted("Lets the rules send; only operators receive.");
    let of_dead_letters = policy(intake.dead_letters, principals, &sources, User::Operators);
    template.add_with(ids.dead_letters_policy, attributes, of_dead_letters);
}

/// The rules that send to the queue, and who else uses it.
pub(super) struct Feeding {
    pub(super) principals: Principals,
    pub(super) user: User,
    pub(super) feeds: Vec<Feed>,
}

/// The resources for which an AWS service sends to a queue.
pub(super) struct Sources {
    sid: &'static str,
    service: &'static str,
    arns: Vec<Value<AnyArn>>,
}

impl Sources {
    pub(super) fn new(
        sid: &'static str,
        service: &'static str,
        arns: impl IntoIterator<Item = Value<AnyArn>>,
    ) -> Self {
        Self { sid, service, arns: arns.into_iter().collect() }
    }
}

/// The principals that use a queue.
#[derive(Clone, Copy)]
pub(super) enum User {
    /// The role of a function receives; the function and operators send.
    Function(Handle<Role>),
    /// The same, and deployers send: `deploy` starts the first sweep.
    FunctionAndDeployers(Handle<Role>),
    /// Operators receive, and no principal sends.
    Operators,
}

/// What takes messages from a queue. A message move task needs to receive and to delete on its source as well.
///
/// Source: Amazon SQS Developer Guide, "Amazon SQS API permissions: Actions and resource reference".
const TAKES: [&str; 4] =
    ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:PurgeQueue", "sqs:ReceiveMessage"];
/// What changes a queue or its policy.
const ADMINISTRATION: [&str; 4] =
    ["sqs:AddPermission", "sqs:DeleteQueue", "sqs:RemovePermission", "sqs:SetQueueAttributes"];

/// The policy of a queue: which resources send to it, which roles use it, and who may change it.
///
/// Two statements deny `SendMessage`. The one for principals leaves services out: EventBridge and SNS have no principal's ARN.
/// The one for services compares the resource for which they send.
pub(super) fn policy(
    queue: Handle<Queue>,
    principals: Principals,
    sources: &[Sources],
    user: User,
) -> QueuePolicy {
    let arn = || -> Value<AnyArn> { queue.arn().into() };
    let source = "aws:SourceArn";
    let deny = |sid, actions: &[&'static str], tests: Vec<Test>| {
        Statement::deny_where(sid, actions.iter().copied(), [arn()], tests)
    };
    let role = match user {
        User::Function(role) | User::FunctionAndDeployers(role) => Some(role),
        User::Operators => None,
    };
    let others =
        role.map(|role| Principals::others_than([role.arn().into(), principals.operators()]));
    let mut send = vec![Test::not_by_a_service()];
    send.extend(others.clone());
    if matches!(user, User::FunctionAndDeployers(_)) {
        send.push(principals.others_than_deployers());
    }
    let all = sources.iter().flat_map(|sources| sources.arns.clone());
    let other_sources = vec![Test::by_a_service(), Test::arn_not_equals(source, all)];
    let allowed = |Sources { sid, service, arns }: &Sources| {
        let arns = [Test::arn_like(source, arns.clone())];
        Statement::allow_service(sid, *service, ["sqs:SendMessage"], queue.arn(), arns)
    };
    let mut statements: Vec<Statement> = sources.iter().map(allowed).collect();
    statements.extend([
        deny("OnlyTheseRolesSend", &["sqs:SendMessage"], send),
        deny("OnlyTheseSourcesSend", &["sqs:SendMessage"], other_sources),
    ]);
    match others {
        Some(others) => statements.push(deny("OnlyTheseRolesReceive", &TAKES, vec![others])),
        None => statements.extend(principals.all_but_operators(deny(
            "OnlyOperatorsReceive",
            &TAKES,
            Vec::new(),
        ))),
    }
    statements.push(principals.only_deployers(
        "OnlyDeployers",
        these(&ADMINISTRATION),
        arn(),
        None,
    ));
    statements.push(Statement::deny("TlsOnly", "sqs:*", [arn()], Test::without_tls()));
    QueuePolicy { queues: [queue.url()], policy_document: PolicyDocument::new(statements) }
}

/// Adds a dead-letter queue. Its senders need a policy.
pub(super) fn add_dead_letters(
    template: &mut Template,
    id: LogicalId,
    why: &'static str,
) -> Handle<Queue> {
    template.add_with(id, queue_attributes(why), Queue::new(DEAD_LETTERS_DAYS * DAY_SECONDS))
}

fn queue_attributes(why: &'static str) -> Attributes {
    Attributes { skips: vec![SQS_MANAGED], ..Attributes::deleted(why) }
}

fn add_rule(template: &mut Template, feed: Feed, intake: Intake) -> Handle<Rule> {
    let rule = Rule {
        trigger: feed.trigger,
        target: Target::Queue { queue: intake.queue.arn(), input: feed.input },
        dead_letters: intake.dead_letters.arn(),
        description: feed.why,
    };
    template.add_with(feed.id, Attributes::deleted(feed.why), rule)
}
