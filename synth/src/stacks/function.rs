//! A function with its role, its log group and its event source.
//!
//! The event source is added separately: the function must not be called before the rest of the stack exists.

use super::{
    IAM_PATH,
    bucket::{self, Purpose},
    evidence::Evidence,
    intake::Intake,
    parameters::Parameters,
    subscriptions::Topics,
};
use crate::{
    cfn::{
        Attributes, Dependency, Handle, LogicalId, PolicyDocument, Pseudo, Skip, Statement, Sub,
        Template, Value, kind::Text,
    },
    resources::{
        iam::{ManagedPolicy, Role},
        kms::Key,
        lambda::{EventSourceMapping, Function},
        logs::LogGroup,
    },
};
use s3guard_posture::contract::variable;

const TIMEOUT_SECONDS: u32 = 60;

/// The ids of the parts.
pub(super) struct FunctionIds {
    pub(super) function: LogicalId,
    pub(super) role: LogicalId,
    pub(super) policy: LogicalId,
    pub(super) logs: LogicalId,
    pub(super) source: LogicalId,
}

/// What the functions share.
pub(super) struct Shared {
    pub(super) parameters: Parameters,
    pub(super) key: Handle<Key>,
    pub(super) topics: Topics,
    pub(super) evidence: Evidence,
}

impl Shared {
    /// The environment variables of each function.
    pub(super) fn variables(&self) -> Vec<(&'static str, Value<Text>)> {
        let mut variables = vec![
            (variable::ACCOUNT, Pseudo::AccountId.into()),
            (variable::STACK, Pseudo::StackName.into()),
            (variable::TOPIC, self.topics.topic.arn().into()),
            (variable::LEDGER_KEY, self.key.arn().into()),
        ];
        variables.extend(self.topics.chat.map(|chat| (variable::CHAT_TOPIC, chat.arn().into())));
        variables
    }

    /// The names of the stack's own buckets and of the code bucket, separated by commas.
    ///
    /// They include the trail's bucket where the stack has none: an earlier installation may have left it.
    pub(super) fn own_buckets(&self) -> Value<Text> {
        let names = Purpose::ALL.into_iter().fold(Sub::new(), |names, purpose| {
            names.value(&bucket::name(&self.parameters, purpose)).text(",")
        });
        names.value(&self.parameters.code_bucket.value()).into()
    }
}

/// What differs between the functions.
pub(super) struct Definition {
    pub(super) why: &'static str,
    /// Which of the program's two handlers it runs.
    pub(super) handler: &'static str,
    /// Its permissions, beside those on its queue, the topics, the key and its log group.
    pub(super) statements: Vec<Statement>,
    /// Its environment variables.
    pub(super) variables: Vec<(&'static str, Value<Text>)>,
}

/// How the event source calls the function.
#[derive(Clone, Copy)]
pub(super) struct Batch {
    /// The largest number of messages for one call.
    pub(super) size: u32,
    /// How long a call waits for more messages.
    pub(super) window_seconds: u32,
    /// The limit on concurrent calls. Small: a new account has ten in all.
    pub(super) concurrency_max: u32,
}

impl Batch {
    /// How long a received message is hidden: as AWS recommends, six times the function's timeout, plus the window.
    pub(super) const fn visibility_timeout_seconds(self) -> u32 {
        6 * TIMEOUT_SECONDS + self.window_seconds
    }
}

/// The parts that were added.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    pub(super) intake: Intake,
    pub(super) function: Handle<Function>,
    pub(super) role: Handle<Role>,
}

/// Adds the function, with permissions on its queue, the topics, the key and its log group.
pub(super) fn add(
    template: &mut Template,
    ids: &FunctionIds,
    Shared { parameters, key, topics, .. }: &Shared,
    intake: Intake,
    definition: Definition,
) -> Parts {
    let logs = template.add_with(
        ids.logs,
        Attributes::deleted(
            "The function's logs. Without a fixed name, which another stack might have.",
        ),
        LogGroup { retention_in_days: 30, kms_key_id: key.arn() },
    );
    let queue = || [intake.queue.arn().into()];
    let receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    let topics = topics.all().map(|topic| topic.arn().into());
    let encrypt = ["kms:GenerateDataKey", "kms:Decrypt"];
    let log = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let mut statements = definition.statements;
    statements.extend([
        Statement::allow("Requeue", ["sqs:SendMessage"], queue()),
        Statement::allow("ReceiveMessages", receive, queue()),
        Statement::allow("Publish", ["sns:Publish"], topics),
        Statement::allow("UseKey", encrypt, [key.arn().into()]),
        Statement::allow("Log", log, [logs.arn().into()]),
    ]);
    // The role names the policy, not the other way round, so that the policy exists before the function and its source.
    let policy = ManagedPolicy {
        policy_document: PolicyDocument::new(statements),
        description: Some(definition.why),
        path: Some(IAM_PATH),
    };
    let policy =
        template.add_with(ids.policy, Attributes::deleted("The permissions of the role."), policy);
    let role = Role {
        assume_role_policy_document: PolicyDocument::new([Statement::trust(
            "lambda.amazonaws.com",
        )]),
        path: Some(IAM_PATH),
        managed_policy_arns: vec![policy.arn()],
    };
    let attributes = Attributes {
        must: Some("Under the IAM path /s3guard/: the rule ignores the calls of its roles."),
        ..Attributes::deleted("The execution role of the function.")
    };
    let role = template.add_with(ids.role, attributes, role);
    let function = Function {
        role: role.arn(),
        code_bucket: parameters.code_bucket.value(),
        code_key: parameters.code_key.value(),
        handler: definition.handler,
        description: definition.why,
        architecture: parameters.architecture.value(),
        variables: definition.variables,
        kms_key: key.arn(),
        timeout_seconds: TIMEOUT_SECONDS,
        log_group: logs.name(),
    };
    let skips = [
        ("CKV_AWS_115", "Its event source limits it; reserved concurrency fails in new accounts."),
        ("CKV_AWS_116", "Only the queue calls it, and the queue has a dead-letter queue."),
        ("CKV_AWS_117", "It calls only public endpoints of AWS."),
    ];
    let attributes = Attributes {
        skips: skips.map(|(rule, reason)| Skip { rule, reason }).into(),
        ..Attributes::deleted(definition.why)
    };
    let function = template.add_with(ids.function, attributes, function);
    Parts { intake, function, role }
}

/// Adds the event source, to be created after `depends_on`.
pub(super) fn add_source(
    template: &mut Template,
    ids: &FunctionIds,
    parts: Parts,
    batch: Batch,
    depends_on: Vec<Dependency>,
) {
    let source = EventSourceMapping {
        function_name: parts.function.name(),
        queue: parts.intake.queue.arn(),
        batch_size: batch.size,
        batching_window_seconds: batch.window_seconds,
        concurrency_max: batch.concurrency_max,
    };
    let why = "Calls the function; only failed messages return to the queue.";
    template.add_with(ids.source, Attributes { depends_on, ..Attributes::deleted(why) }, source);
}
