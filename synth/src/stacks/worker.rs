//! A worker: a function with its role, its log group and the queue that it works off.
//!
//! It is made in two steps, because nothing may be at work before what it works for is whole.

use super::{
    IAM_PATH,
    bucket::{self, Purpose},
    evidence::Evidence,
    intake::Intake,
    parameters::Parameters,
    subscriptions::Notices,
};
use crate::{
    cfn::{
        Attributes, Dependency, Handle, LogicalId, PolicyDocument, Pseudo, Skip, Statement, Sub,
        Template, Value,
        kind::{AnyArn, Text},
    },
    resources::{
        iam::{ManagedPolicy, Role},
        kms::Key,
        lambda::{
            Code, Environment, EventSourceMapping, Function, FunctionResponseType, LogFormat,
            LoggingConfig, RecursiveLoop, Runtime, ScalingConfig,
        },
        logs::{LogGroup, Retention},
    },
};
use s3guard_posture::contract::variable;

const TIMEOUT_SECONDS: u32 = 60;

/// The ids of a worker's parts.
pub(super) struct Ids {
    pub(super) function: LogicalId,
    pub(super) role: LogicalId,
    pub(super) policy: LogicalId,
    pub(super) logs: LogicalId,
}

/// What the stack has for all of its workers.
pub(super) struct Shared {
    pub(super) parameters: Parameters,
    pub(super) key: Handle<Key>,
    pub(super) notices: Notices,
    pub(super) evidence: Evidence,
}

impl Shared {
    /// What each worker finds in its environment.
    pub(super) fn variables(&self) -> Vec<(&'static str, Value<Text>)> {
        let mut variables = vec![
            (variable::ACCOUNT, Pseudo::AccountId.into()),
            (variable::STACK, Pseudo::StackName.into()),
            (variable::TOPIC, self.notices.topic.arn().into()),
        ];
        variables.extend(self.notices.chat.map(|chat| (variable::CHAT_TOPIC, chat.arn().into())));
        variables
    }

    /// The names of the buckets that the stack made or lives by, between commas.
    ///
    /// The trail's is among them whether it is there or not: it may be one that an earlier installation left.
    pub(super) fn own_buckets(&self) -> Value<Text> {
        let names = Purpose::ALL.into_iter().fold(Sub::new(), |names, purpose| {
            let name: Value<Text> = bucket::name(&self.parameters, purpose).into();
            names.value(&name).text(",")
        });
        names.value(&self.parameters.code_bucket.value()).into()
    }
}

/// What a worker is.
pub(super) struct Worker {
    pub(super) why: &'static str,
    /// Which of the program's two functions it is.
    pub(super) handler: &'static str,
    pub(super) memory_mebibytes: u32,
    /// What it may do, beside working off its queue and filling it again, publishing and logging.
    pub(super) statements: Vec<Statement>,
    /// What it finds in its environment.
    pub(super) variables: Vec<(&'static str, Value<Text>)>,
}

/// How a worker is called.
#[derive(Clone, Copy)]
pub(super) struct Batch {
    /// How many messages a call gets at most.
    pub(super) size: u32,
    /// How long a call waits to get more.
    pub(super) window_seconds: u32,
    /// How many calls there may be at a time. Small: a new account has no more than ten in all.
    pub(super) concurrency_max: u32,
}

impl Batch {
    /// How long a message is hidden once it was received: as AWS advises, six times what a call may take, and what it
    /// may wait.
    pub(super) const fn visibility_timeout_seconds(self) -> u32 {
        6 * TIMEOUT_SECONDS + self.window_seconds
    }
}

/// The parts that were made.
#[derive(Clone, Copy)]
pub(super) struct Made {
    pub(super) intake: Intake,
    pub(super) function: Handle<Function>,
    pub(super) role: Handle<Role>,
}

/// Adds the worker, with leave to work off the queue, to publish, and to log. It is not at work yet.
pub(super) fn add(
    template: &mut Template,
    ids: &Ids,
    Shared { parameters, key, notices, .. }: &Shared,
    intake: Intake,
    worker: Worker,
) -> Made {
    let logs = LogGroup {
        retention: Some(Retention::Days30),
        kms_key_id: Some(key.arn()),
        ..LogGroup::default()
    };
    let logs = template.add_with(
        ids.logs,
        Attributes::deleted("What the function did. Without a fixed name, which would outlive it."),
        logs,
    );
    let mut statements = worker.statements;
    statements.extend([
        allow("SendBack", ["sqs:SendMessage"], intake.queue.arn()),
        allow(
            "WorkOffQueue",
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            intake.queue.arn(),
        ),
        Statement {
            sid: Some("Publish"),
            ..Statement::allow(["sns:Publish"], notices.topics().map(|topic| topic.arn().into()))
        },
        allow("UseKey", ["kms:GenerateDataKey", "kms:Decrypt"], key.arn()),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], logs.arn()),
    ]);
    // The role names the policy, not the other way round: so it is there before the function and its source.
    let policy = ManagedPolicy {
        path: Some(IAM_PATH),
        description: Some(worker.why),
        ..ManagedPolicy::new(PolicyDocument::new(statements))
    };
    let policy =
        template.add_with(ids.policy, Attributes::deleted("What the role may do."), policy);
    let role = Role {
        path: Some(IAM_PATH),
        managed_policy_arns: vec![policy.arn()],
        ..Role::new(PolicyDocument::new([Statement::trust("lambda.amazonaws.com")]))
    };
    let attributes = Attributes {
        must: vec!["Under the IAM path /s3guard/: the rule leaves out what is done from there."],
        ..Attributes::deleted("The role that the function has.")
    };
    let role = template.add_with(ids.role, attributes, role);
    let function = Function {
        description: Some(worker.why),
        architectures: vec![parameters.architecture.value()],
        environment: Some(Environment { variables: worker.variables }),
        kms_key_arn: Some(key.arn()),
        memory_mebibytes: Some(worker.memory_mebibytes),
        timeout_seconds: Some(TIMEOUT_SECONDS),
        logging_config: Some(LoggingConfig {
            log_group: Some(logs.name()),
            log_format: Some(LogFormat::Json),
            ..LoggingConfig::default()
        }),
        // Both send messages to their own queues, and Lambda would stop them after sixteen: it looks at functions that read a
        // queue and write to it. Their own counters bound them: the guard's attempts at new buckets that settle and at
        // stacks that it waits for, the pages of its sweep, and windows that end.
        // Source: AWS Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops".
        recursive_loop: Some(RecursiveLoop::Allow),
        ..Function::new(
            role.arn(),
            Code::Archive {
                bucket: parameters.code_bucket.value(),
                key: parameters.code_key.value(),
                version: None,
                runtime: Runtime::ProvidedAl2023,
                handler: worker.handler,
            },
        )
    };
    let attributes = Attributes {
        skips: vec![
            Skip::checkov(
                "CKV_AWS_115",
                "The source bounds it; reserved concurrency fails in new accounts.",
            ),
            Skip::checkov(
                "CKV_AWS_116",
                "Only the queue calls it, and the queue has one for dead letters.",
            ),
            Skip::checkov("CKV_AWS_117", "It speaks only to AWS's public interfaces."),
        ],
        ..Attributes::deleted(worker.why)
    };
    let function = template.add_with(ids.function, attributes, function);
    Made { intake, function, role }
}

/// Puts the worker to work, when these are there.
pub(super) fn start(
    template: &mut Template,
    id: LogicalId,
    worker: Made,
    batch: Batch,
    depends_on: Vec<Dependency>,
) {
    let source = EventSourceMapping {
        batch_size: Some(batch.size),
        batching_window_seconds: Some(batch.window_seconds),
        function_response_types: vec![FunctionResponseType::ReportBatchItemFailures],
        scaling_config: Some(ScalingConfig { concurrency_max: batch.concurrency_max }),
        ..EventSourceMapping::new(worker.function.name(), worker.intake.queue.arn())
    };
    let why = "Calls the function; only messages that failed come back.";
    template.add_with(id, Attributes { depends_on, ..Attributes::deleted(why) }, source);
}

/// A statement of a worker's policy, on one thing.
fn allow<const N: usize, K>(
    sid: &'static str,
    actions: [&'static str; N],
    on: Value<K>,
) -> Statement
where
    Value<K>: Into<Value<AnyArn>>,
{
    Statement { sid: Some(sid), ..Statement::allow(actions, [on.into()]) }
}
