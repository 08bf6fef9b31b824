//! What the role of operators may do: undo remediations, process dead letters again, verify the guard.

use s3guard_posture::contract::ledger;

use super::{
    IAM_PATH,
    bucket::within,
    function::{Shared, read_earlier, use_key},
    intake::Intake,
};
use crate::{
    cfn::{Attributes, LogicalId, PolicyDocument, Statement, Template, Value, kind::AnyArn},
    resources::iam::ManagedPolicy,
};

const POLICY: LogicalId = LogicalId::new("OperatorPolicy");

/// Adds the policy of the role.
pub(super) fn add(template: &mut Template, shared: &Shared, intakes: [Intake; 2]) {
    let Shared { principals, key, topics, evidence, .. } = shared;
    let ledger = evidence.ledger.arn();
    let own = ledger::OF_OPERATORS.map(|prefix| within(&ledger, &format!("/{prefix}*")));
    let queues = intakes.map(|intake| intake.queue.arn().into());
    let dead_letters = intakes.map(|intake| intake.dead_letters).into_iter();
    let dead_letters: Vec<Value<AnyArn>> =
        dead_letters.chain([topics.dead_letters]).map(|queue| queue.arn().into()).collect();
    let redrive = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
    let statements = [
        Statement::allow("ListLedger", ["s3:ListBucket"], [ledger.clone().into()]),
        Statement::allow("ReadLedger", ["s3:GetObject"], [within(&ledger, "/*")]),
        Statement::allow("WriteSuppressions", ["s3:PutObject"], own),
        Statement::allow("Send", ["sqs:GetQueueAttributes", "sqs:SendMessage"], queues),
        Statement::allow("Redrive", redrive, dead_letters),
        Statement::allow("Publish", ["sns:Publish"], topics.all().map(|topic| topic.arn().into())),
        use_key(*key, &["s3", "sns"]),
        read_earlier(shared),
    ];
    let why = "What operators do beside their own permissions.";
    let policy = ManagedPolicy {
        policy_document: PolicyDocument::new(statements),
        description: Some(why),
        path: Some(IAM_PATH),
        roles: vec![principals.operator.name()],
    };
    let attributes =
        Attributes { condition: Some(principals.has_operators), ..Attributes::deleted(why) };
    template.add_with(POLICY, attributes, policy);
}
