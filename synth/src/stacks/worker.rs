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
        Template, Value, kind::Text,
    },
    resources::{
        iam::{ManagedPolicy, Role},
        kms::Key,
        lambda::{Archive, EventSourceMapping, Function, LoggingConfig, ScalingConfig},
        logs::LogGroup,
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
    pub(super) source: LogicalId,
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
            names.value(&bucket::name(&self.parameters, purpose)).text(",")
        });
        names.value(&self.parameters.code_bucket.value()).into()
    }
}

/// What a worker is.
pub(super) struct Worker {
    pub(super) why: &'static str,
    /// Which of the program's two functions it is.
    pub(super) handler: &'static str,
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
    let logs = template.add_with(
        ids.logs,
        Attributes::deleted("What the function did. Without a fixed name, which would outlive it."),
        LogGroup { retention_in_days: 30, kms_key_id: key.arn() },
    );
    let queue = || [intake.queue.arn().into()];
    let receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    let topics = notices.topics().map(|topic| topic.arn().into());
    let encrypt = ["kms:GenerateDataKey", "kms:Decrypt"];
    let log = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let mut statements = worker.statements;
    statements.extend([
        Statement::allow("SendBack", ["sqs:SendMessage"], queue()),
        Statement::allow("WorkOffQueue", receive, queue()),
        Statement::allow("Publish", ["sns:Publish"], topics),
        Statement::allow("UseKey", encrypt, [key.arn().into()]),
        Statement::allow("Log", log, [logs.arn().into()]),
    ]);
    // The role names the policy, not the other way round: so it is there before the function and its source.
    let policy = ManagedPolicy {
        policy_document: PolicyDocument::new(statements),
        description: Some(worker.why),
        path: Some(IAM_PATH),
    };
    let policy =
        template.add_with(ids.policy, Attributes::deleted("What the role may do."), policy);
    let role = Role {
        assume_role_policy_document: PolicyDocument::new([Statement::trust(
            "lambda.amazonaws.com",
        )]),
        path: Some(IAM_PATH),
        managed_policy_arns: vec![policy.arn()],
    };
    let attributes = Attributes {
        must: Some("Under the IAM path /s3guard/: the rule leaves out what is done from there."),
        ..Attributes::deleted("The role that the function has.")
    };
    let role = template.add_with(ids.role, attributes, role);
    let function = Function {
        role: role.arn(),
        code: Archive {
            bucket: parameters.code_bucket.value(),
            key: parameters.code_key.value(),
            handler: worker.handler,
        },
        description: worker.why,
        architectures: [parameters.architecture.value()],
        environment: worker.variables,
        kms_key_arn: key.arn(),
        // A batch of notify is up to six MiB, from which its notifications are written.
        memory_mebibytes: 256,
        timeout_seconds: TIMEOUT_SECONDS,
        logging_config: LoggingConfig { log_group: logs.name(), log_format: "JSON" },
        // Both send messages to the queue that they read, and Lambda would stop them after sixteen. Their own counters limit
        // them: the guard's attempts at new buckets that settle and at stacks that it waits for, the pages of its sweep,
        // and windows that end.
        // Source: AWS Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops".
        recursive_loop: "Allow",
    };
    let skips = [
        ("CKV_AWS_115", "The source bounds it; reserved concurrency fails in new accounts."),
        ("CKV_AWS_116", "Only the queue calls it, and the queue has one for dead letters."),
        ("CKV_AWS_117", "It speaks only to AWS's public interfaces."),
    ];
    let attributes = Attributes {
        skips: skips.map(|(rule, reason)| Skip { rule, reason }).into(),
        ..Attributes::deleted(worker.why)
    };
    let function = template.add_with(ids.function, attributes, function);
    Made { intake, function, role }
}

/// Puts the worker to work, when these are there.
pub(super) fn start(
    template: &mut Template,
    ids: &Ids,
    worker: Made,
    batch: Batch,
    depends_on: Vec<Dependency>,
) {
    let source = EventSourceMapping {
        function_name: worker.function.name(),
        event_source_arn: worker.intake.queue.arn(),
        batch_size: batch.size,
        batching_window_seconds: batch.window_seconds,
        function_response_types: ["ReportBatchItemFailures"],
        scaling_config: ScalingConfig { concurrency_max: batch.concurrency_max },
    };
    let why = "Calls the function; only messages that failed come back.";
    template.add_with(ids.source, Attributes { depends_on, ..Attributes::deleted(why) }, source);
}
