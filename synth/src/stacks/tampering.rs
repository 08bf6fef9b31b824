//! Tampering: calls that blind or stop the guard. EventBridge publishes them to the topic of alerts itself, so that what a
//! call disables is not what reports it.
//!
//! The guard, its queues and the stack's key have no part in it: the topic is not encrypted with the key, which a call
//! could disable (docs/adr/0036).
//!
//! Names of resources are the prefix that CloudFormation gives them: the stack's name and a hyphen. A rule that named its
//! own kind exactly would refer to itself.

use super::{
    IAM_PATH,
    bucket::{self, Purpose},
    parameters::Parameters,
    principals::Principals,
};
use crate::{
    cfn::{
        Attributes, Handle, LogicalId, Pseudo, Sub, Template, Value,
        kind::{AnyArn, Text},
    },
    resources::{
        events::{EventPattern, Filter, Rule, Target, Trigger},
        kms::Key,
        sns::Topic,
        sqs::Queue,
    },
};

const EVENTS: LogicalId = LogicalId::new("EventsTampered");
const ALERTS: LogicalId = LogicalId::new("AlertsTampered");

/// What the rules watch and where they send.
#[derive(Clone, Copy)]
pub(super) struct Watched {
    pub(super) key: Handle<Key>,
    pub(super) alerts: Handle<Topic>,
    pub(super) emails: Handle<Topic>,
    pub(super) dead_letters: Handle<Queue>,
}

/// A rule: its id, and what its calls can do, as the alert says it.
struct Definition {
    id: LogicalId,
    what: &'static str,
    calls: Vec<Calls>,
}

/// Calls of a service whose records have these values.
struct Calls(EventPattern);

impl Calls {
    fn of<F: Into<Filter>>(service: &'static str, names: impl IntoIterator<Item = F>) -> Self {
        let pattern = EventPattern::new();
        Self(pattern.field("eventSource", [service]).field("eventName", names))
    }

    /// Only those that have one of these values at a path below the event's `detail`.
    fn that_have(self, path: &str, filters: impl IntoIterator<Item = Filter>) -> Self {
        Self(self.0.field(path, filters))
    }
}

/// The rules that were added.
pub(super) struct Rules {
    /// Those that publish to the topic of alerts: all.
    pub(super) all: Vec<Value<AnyArn>>,
    /// That which publishes to the topic of emails as well.
    pub(super) of_alerts: Value<AnyArn>,
}

/// Adds the rules.
pub(super) fn add(
    template: &mut Template,
    parameters: &Parameters,
    principals: Principals,
    watched: Watched,
) -> Rules {
    let rules = definitions(parameters, watched);
    let add = |Definition { id, what, calls }: Definition| -> (LogicalId, Value<AnyArn>) {
        let guard = principals.guard.arn();
        // What silences one topic is reported by the other one.
        let other = (id == ALERTS).then(|| watched.emails.arn());
        let topics = [watched.alerts.arn()].into_iter().chain(other).collect();
        let rule = Rule {
            trigger: Trigger::Pattern(pattern(calls, guard.into())),
            target: Target::Topics { topics, text: text(what) },
            dead_letters: watched.dead_letters.arn(),
            description: what,
        };
        (id, template.add_with(id, Attributes::deleted(what), rule).arn().into())
    };
    let rules: Vec<_> = rules.into_iter().map(add).collect();
    let of_alerts = rules.iter().find(|(id, _)| *id == ALERTS).map(|(_, arn)| arn.clone());
    Rules {
        all: rules.into_iter().map(|(_, arn)| arn).collect(),
        of_alerts: of_alerts.expect("it is one of the rules"),
    }
}

/// The calls that succeeded, but those that CloudFormation makes, for which the rule of the stack's own changes stands, and
/// those of the guard, which restores the stack's buckets.
fn pattern(calls: Vec<Calls>, guard: Value<Text>) -> EventPattern {
    let pattern = EventPattern::new()
        .field("account", [Filter::Exactly(Pseudo::AccountId.into())])
        // No principal can put an event with such a source.
        .field("source", [Filter::Prefix("aws.".into())])
        .field("detail-type", ["AWS API Call via CloudTrail"])
        .field("detail.errorCode", [Filter::Exists(false)])
        // The callers' own addresses and services: it cannot be chosen, unlike the user agent.
        .field(
            "detail.sourceIPAddress",
            [Filter::AnythingBut(vec!["cloudformation.amazonaws.com".into()])],
        )
        .field(
            "detail.userIdentity.sessionContext.sessionIssuer.arn",
            [Filter::AnythingBut(vec![guard]), Filter::Exists(false)],
        );
    pattern.either("detail", calls.into_iter().map(|Calls(pattern)| pattern))
}

/// The text of the alert. EventBridge puts values of the event where the names between `<` and `>` are: they are CloudTrail's
/// own, or have a character set that cannot break a line.
fn text(what: &str) -> Vec<String> {
    vec![
        format!("s3guard CRITICAL: <call> by <caller>. {what}"),
        "At <time> in Region <region> of account <account>, from <address>, CloudTrail event <event>.".to_owned(),
        "If this was not intended: undo it, run 's3guard status --drift', and repair the stack with \
         's3guard deploy --revert-drift'."
            .to_owned(),
    ]
}

/// Those calls of a service that have one of these values at the path.
fn those<F: Into<Filter>>(
    service: &'static str,
    names: impl IntoIterator<Item = F>,
    path: &str,
    filters: impl IntoIterator<Item = Filter>,
) -> Calls {
    Calls::of(service, names).that_have(path, filters)
}

/// What begins with this, the stack's name and a hyphen.
fn begins(before: Sub) -> Filter {
    Filter::Prefix(before.pseudo(Pseudo::StackName).text("-").into())
}

/// The name of a resource.
fn named() -> Filter {
    begins(Sub::new())
}

/// Something in the account and the Region, as `arn:aws:sns:eu-west-1:111122223333:`.
fn here(service: &str) -> Sub {
    let arn = Sub::arn(service).text(":").pseudo(Pseudo::Region);
    arn.text(":").pseudo(Pseudo::AccountId).text(":")
}

fn definitions(parameters: &Parameters, watched: Watched) -> Vec<Definition> {
    vec![
        Definition {
            id: EVENTS,
            what: "A trail of this account, or a rule or a queue of the guard, was changed: calls may not reach the guard.",
            calls: events(),
        },
        Definition {
            id: const { LogicalId::new("FunctionsTampered") },
            what: "A function of the guard, what calls it, or its log group was changed.",
            calls: functions(),
        },
        Definition {
            id: ALERTS,
            what: "A topic, a subscription or an alarm of the guard was changed.",
            calls: topics_and_alarms(),
        },
        Definition {
            id: const { LogicalId::new("RolesTampered") },
            what: "A role or a policy of the guard, or the rule that watches its rules, was changed.",
            calls: roles(),
        },
        Definition {
            id: const { LogicalId::new("LedgerTampered") },
            what: "The key of the guard, or the policy of its ledger or of the code bucket, was changed.",
            calls: vec![of_key(watched.key), of_buckets(parameters)],
        },
        Definition {
            id: const { LogicalId::new("StackChanged") },
            what: "The stack of the guard is updated or deleted, or can be.",
            calls: stack(),
        },
    ]
}

/// CloudTrail's record has the ARN of the key, however the caller named it.
///
/// Source: AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
fn of_key(key: Handle<Key>) -> Calls {
    those(
        "kms.amazonaws.com",
        ["DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion"],
        "resources.ARN",
        [Filter::Exactly(key.arn().into())],
    )
}

const EVENTBRIDGE: &str = "events.amazonaws.com";

fn events() -> Vec<Calls> {
    let rules = [named()];
    // URLs of queues have several forms, which end alike.
    let queue = Sub::new().text("*/").pseudo(Pseudo::AccountId).text("/");
    let queue = Filter::Wildcard(queue.pseudo(Pseudo::StackName).text("-*").into());
    vec![
        // Any trail: the one that the guard depends on may not be its own.
        Calls::of(
            "cloudtrail.amazonaws.com",
            ["DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"],
        ),
        those(
            EVENTBRIDGE,
            ["DeleteRule", "DisableRule", "PutRule"],
            "requestParameters.name",
            rules.clone(),
        ),
        those(EVENTBRIDGE, ["PutTargets", "RemoveTargets"], "requestParameters.rule", rules),
        those(
            "sqs.amazonaws.com",
            [
                "AddPermission",
                "DeleteQueue",
                "PurgeQueue",
                "RemovePermission",
                "SetQueueAttributes",
            ],
            "requestParameters.queueUrl",
            [queue],
        ),
    ]
}

const LAMBDA: &str = "lambda.amazonaws.com";

/// The names of Lambda's calls end with the date of the interface, as `UpdateFunctionCode20150331v2`.
///
/// Source: AWS Lambda Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail".
fn dated<const N: usize>(names: [&str; N]) -> [Filter; N] {
    names.map(|name| Filter::Prefix(name.into()))
}

fn functions() -> Vec<Calls> {
    vec![
        those(
            LAMBDA,
            dated([
                "AddPermission",
                "DeleteFunction",
                "PutFunction",
                "PutRuntimeManagementConfig",
                "RemovePermission",
                "UpdateFunction",
            ]),
            "requestParameters.functionName",
            // The name, the ARN, or the end of the ARN from the account on.
            [
                named(),
                begins(here("lambda").text("function:")),
                begins(Sub::new().pseudo(Pseudo::AccountId).text(":function:")),
            ],
        ),
        // The request has the mapping's UUID only, and the response its function.
        those(
            LAMBDA,
            dated([
                "CreateEventSourceMapping",
                "DeleteEventSourceMapping",
                "UpdateEventSourceMapping",
            ]),
            "responseElements.functionArn",
            [begins(here("lambda").text("function:"))],
        ),
        those(
            "logs.amazonaws.com",
            ["DeleteLogGroup", "DeleteLogStream", "DisassociateKmsKey", "PutRetentionPolicy"],
            "requestParameters.logGroupName",
            [named()],
        ),
    ]
}

fn topics_and_alarms() -> Vec<Calls> {
    let (sns, alarms) = ("sns.amazonaws.com", "monitoring.amazonaws.com");
    let topics = || [begins(here("sns"))];
    vec![
        those(
            sns,
            ["AddPermission", "DeleteTopic", "RemovePermission", "SetTopicAttributes", "Subscribe"],
            "requestParameters.topicArn",
            topics(),
        ),
        those(sns, ["PutDataProtectionPolicy"], "requestParameters.resourceArn", topics()),
        those(
            sns,
            ["SetSubscriptionAttributes", "Unsubscribe"],
            "requestParameters.subscriptionArn",
            topics(),
        ),
        those(
            alarms,
            ["DeleteAlarms", "DisableAlarmActions"],
            "requestParameters.alarmNames",
            [named()],
        ),
        those(
            alarms,
            ["PutCompositeAlarm", "PutMetricAlarm", "SetAlarmState"],
            "requestParameters.alarmName",
            [named()],
        ),
    ]
}

/// CloudTrail sends the events of IAM to the bus of one Region of a partition: us-east-1, cn-north-1 or us-gov-west-1. A
/// guard there sees the roles of all Regions.
fn roles() -> Vec<Calls> {
    let iam = "iam.amazonaws.com";
    // The rule that watches the rules cannot report that it was switched off.
    let rule = || {
        let name = Sub::new().pseudo(Pseudo::StackName).text("-").text(EVENTS.as_str());
        [Filter::Prefix(name.into())]
    };
    vec![
        those(
            EVENTBRIDGE,
            ["DeleteRule", "DisableRule", "PutRule"],
            "requestParameters.name",
            rule(),
        ),
        those(EVENTBRIDGE, ["PutTargets", "RemoveTargets"], "requestParameters.rule", rule()),
        those(
            iam,
            [
                "AttachRolePolicy",
                "DeleteRole",
                "DeleteRolePermissionsBoundary",
                "DeleteRolePolicy",
                "DetachRolePolicy",
                "PutRolePermissionsBoundary",
                "PutRolePolicy",
                "UpdateAssumeRolePolicy",
            ],
            "requestParameters.roleName",
            [named()],
        ),
        those(
            iam,
            [
                "CreatePolicyVersion",
                "DeletePolicy",
                "DeletePolicyVersion",
                "SetDefaultPolicyVersion",
            ],
            "requestParameters.policyArn",
            [begins(Sub::arn("iam::").pseudo(Pseudo::AccountId).text(":policy").text(IAM_PATH))],
        ),
    ]
}

/// The guard restores the stack's own buckets; the code bucket is not one of them.
fn of_buckets(parameters: &Parameters) -> Calls {
    let ledger = bucket::name(parameters, Purpose::Ledger);
    let names = [ledger, parameters.code_bucket.value()].map(Filter::Exactly);
    let calls = ["DeleteBucket", "DeleteBucketPolicy", "PutBucketPolicy", "PutBucketVersioning"];
    those("s3.amazonaws.com", calls, "requestParameters.bucketName", names)
}

/// A change set may be named by its ARN alone, which does not have the stack's name.
fn stack() -> Vec<Calls> {
    let cloudformation = "cloudformation.amazonaws.com";
    let path = "requestParameters.stackName";
    let names = || {
        [
            Filter::Exactly(Pseudo::StackName.into()),
            Filter::Prefix(
                here("cloudformation").text("stack/").pseudo(Pseudo::StackName).text("/").into(),
            ),
        ]
    };
    let change_sets = names().into_iter().chain([Filter::Exists(false)]);
    vec![
        those(cloudformation, ["DeleteStack", "UpdateStack"], path, names()),
        those(cloudformation, ["ExecuteChangeSet"], path, change_sets),
        // Protection that is switched on is no tampering.
        Calls::of(cloudformation, ["UpdateTerminationProtection"])
            .that_have(path, names())
            .that_have("requestParameters.enableTerminationProtection", [Filter::Is(false)]),
    ]
}
