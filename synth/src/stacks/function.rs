//! A function with the policies of its role, its log group and its event source.
//!
//! The event source is added separately: the function must not be called before the rest of the stack exists.

use super::{
    IAM_PATH,
    bucket::{self, Purpose},
    evidence::Evidence,
    intake::Intake,
    parameters::Parameters,
    principals::Principals,
    subscriptions::Topics,
};
use crate::{
    cfn::{
        Attributes, Dependency, Handle, LogicalId, PolicyDocument, Pseudo, Skip, Statement, Sub,
        Template, Test, Value,
        kind::{AnyArn, Count, Text},
    },
    resources::{
        iam::{ManagedPolicy, Role},
        kms::Key,
        lambda::{EventSourceMapping, Function},
        logs::LogGroup,
    },
};
use s3guard_posture::contract::variable;

pub(super) const TIMEOUT_SECONDS: u32 = 60;
/// The longest time that a call waits for more messages.
pub(super) const BATCH_SECONDS_MAX: u32 = 20;
/// The longest visibility timeout of a queue.
pub(super) const VISIBILITY_TIMEOUT_SECONDS_MAX: u32 = 6 * TIMEOUT_SECONDS + BATCH_SECONDS_MAX;

/// The ids of the parts.
pub(super) struct FunctionIds {
    pub(super) function: LogicalId,
    pub(super) platform_policy: LogicalId,
    pub(super) read_policy: LogicalId,
    pub(super) write_policy: LogicalId,
    pub(super) logs: LogicalId,
    pub(super) source: LogicalId,
}

/// What the functions share.
pub(super) struct Shared {
    pub(super) parameters: Parameters,
    pub(super) principals: Principals,
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
            (variable::LEDGER, self.evidence.ledger.name().into()),
            (variable::LEDGER_KEY, self.key.arn().into()),
            (variable::EARLIER_LEDGER_KEYS, self.parameters.earlier_key_arns.joined()),
            (variable::OWN_BUCKETS, self.own_buckets()),
            (variable::GRADE, self.parameters.grade.value()),
        ];
        let topics = self.topics.notifications.into_iter();
        variables.extend(topics.map(|(channel, topic)| (channel.variable(), topic.arn().into())));
        variables
    }

    /// The names of the stack's own buckets and of the code bucket, separated by commas.
    ///
    /// They include the trail's bucket where the stack has none: an earlier installation may have left it.
    fn own_buckets(&self) -> Value<Text> {
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
    pub(super) role: Handle<Role>,
    /// What its code reads.
    pub(super) reads: Vec<Statement>,
    /// What its code writes, beside its queue, the topics and its log group.
    pub(super) writes: Vec<Statement>,
    /// Its environment variables.
    pub(super) variables: Vec<(&'static str, Value<Text>)>,
    /// Its own concurrent executions.
    pub(super) reserved_concurrency: Option<Value<Count>>,
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
    /// The policies that the function needs before it is called.
    policies: [Handle<ManagedPolicy>; 2],
}

impl Parts {
    /// What has to exist before the function is called.
    pub(super) fn before_calls(&self) -> Vec<Dependency> {
        self.policies.map(|policy| policy.dependency()).into()
    }
}

/// Adds the function and the policies of its role.
///
/// What Lambda does in the name of the role is allowed before the function is created. What the code does is allowed
/// afterwards, and only from within this function: another function with the same role can do none of it.
/// Source: AWS Lambda Developer Guide, "Using source function ARN to control function access behavior".
pub(super) fn add(
    template: &mut Template,
    ids: &FunctionIds,
    shared: &Shared,
    intake: Intake,
    definition: Definition,
) -> Parts {
    let logs = template.add_with(
        ids.logs,
        Attributes::deleted(
            "The function's logs. Without a fixed name, which another stack might have.",
        ),
        LogGroup { retention_in_days: 30, kms_key_id: shared.key.arn() },
    );
    let Definition { why, handler, role, reads, mut writes, variables, reserved_concurrency } =
        definition;
    let add_policy = |template: &mut Template, id, why, statements| {
        let policy = ManagedPolicy {
            policy_document: PolicyDocument::new(statements),
            description: Some(why),
            path: Some(IAM_PATH),
            roles: vec![role.name()],
        };
        template.add_with(id, Attributes::deleted(why), policy)
    };
    let why_platform =
        "What Lambda does with the role: it polls the queue, decrypts the environment and logs.";
    let by_platform = by_platform(intake, shared.key, logs);
    let platform = add_policy(template, ids.platform_policy, why_platform, by_platform);
    let Shared { parameters, .. } = shared;
    let is_reserved = reserved_concurrency.is_some();
    let function = Function {
        role: role.arn(),
        code_bucket: parameters.code_bucket.value(),
        code_key: parameters.code_key.value(),
        code_version: Some(parameters.code_version.value().only_if(parameters.has_code_version)),
        handler,
        description: why,
        architecture: parameters.architecture.value(),
        variables,
        kms_key: shared.key.arn(),
        timeout_seconds: TIMEOUT_SECONDS,
        log_group: logs.name(),
        reserved_concurrency,
    };
    let not_reserved =
        ("CKV_AWS_115", "Its event source limits it; reserved concurrency fails in new accounts.");
    let not_reserved = (!is_reserved).then_some(not_reserved);
    let skips = [
        ("CKV_AWS_116", "Only the queue calls it, and the queue has a dead-letter queue."),
        ("CKV_AWS_117", "It calls only public endpoints of AWS."),
    ];
    let attributes = Attributes {
        depends_on: vec![platform.dependency()],
        skips: not_reserved
            .into_iter()
            .chain(skips)
            .map(|(rule, reason)| Skip { rule, reason })
            .collect(),
        ..Attributes::deleted(why)
    };
    let function = template.add_with(ids.function, attributes, function);
    let topics = shared.topics.notifications.map(|(_, topic)| topic.arn().into());
    writes.extend([
        Statement::allow("Requeue", ["sqs:SendMessage"], [intake.queue.arn().into()]),
        Statement::allow("Publish", ["sns:Publish"], topics),
    ]);
    let from_within = |mut statement: Statement| {
        statement.conditions.push(Test::arn_equals("lambda:SourceFunctionArn", function.arn()));
        statement
    };
    let reads = reads.into_iter().map(from_within);
    // Here S3 and SNS use the key, for the role.
    let writes = writes.into_iter().map(from_within).chain([use_key(shared.key, &["s3", "sns"])]);
    let reads = reads.chain([read_earlier(shared)]);
    let why = "What the function reads.";
    let read = add_policy(template, ids.read_policy, why, reads.collect());
    let why = "What the function writes.";
    let write = add_policy(template, ids.write_policy, why, writes.collect());
    Parts { intake, function, policies: [read, write] }
}

/// Lambda does not say for which function it does this.
fn by_platform(intake: Intake, key: Handle<Key>, logs: Handle<LogGroup>) -> Vec<Statement> {
    let receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    let log = ["logs:CreateLogStream", "logs:PutLogEvents"];
    vec![
        Statement::allow("ReceiveMessages", receive, [intake.queue.arn().into()]),
        Statement::allow("DecryptEnvironment", ["kms:Decrypt"], [key.arn().into()]),
        Statement::allow("Log", log, [logs.arn().into()]),
    ]
}

/// Allows to use the key by way of these services.
///
/// In China, the names of the services end with `.cn`.
/// Source: AWS KMS Developer Guide, "AWS KMS condition keys", `kms:ViaService`.
pub(super) fn use_key(key: Handle<Key>, services: &[&str]) -> Statement {
    let key: Value<AnyArn> = key.arn().into();
    let services = services.iter().map(|service| {
        Sub::new().text(service).text(".").pseudo(Pseudo::Region).text(".amazonaws.com*").into()
    });
    Statement {
        conditions: vec![Test::like_any("kms:ViaService", services)],
        ..Statement::allow("UseKey", ["kms:GenerateDataKey", "kms:Decrypt"], [key])
    }
}

/// Allows to read what keys of earlier stacks encrypt in the ledger. Which keys count is up to the code.
pub(super) fn read_earlier(Shared { parameters, evidence, .. }: &Shared) -> Statement {
    let own = Sub::arn("kms:").pseudo(Pseudo::Region).text(":").pseudo(Pseudo::AccountId);
    let s3 = Sub::new().text("s3.").pseudo(Pseudo::Region).text(".amazonaws.com*");
    let ledger: Value<Text> = evidence.ledger.arn().into();
    let objects = bucket::within(&evidence.ledger.arn(), "/*");
    Statement {
        conditions: vec![
            Test::like("kms:ViaService", s3),
            Test::like_any("kms:EncryptionContext:aws:s3:arn", [ledger, objects.into()]),
        ],
        only_if: Some(parameters.has_earlier_keys),
        ..Statement::allow("ReadEarlierLedger", ["kms:Decrypt"], [own.text(":key/*").into()])
    }
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
