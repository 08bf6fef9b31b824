//! The roles of the stack, and the statements that lock something to them, to operators and to deployers.
//!
//! The roles refer to nothing, and their policies name them: so every policy of a resource, also that of the key, can name
//! them exactly, without a circle. A pattern of names would also match a role that another principal creates.

use super::{IAM_PATH, parameters::Parameters};
use crate::{
    cfn::{
        Attributes, ConditionHandle, Effect, Handle, LogicalId, ParameterHandle, PolicyDocument,
        Principal, Pseudo, Statement, Sub, Template, Test, Value, Which,
        kind::{AnyArn, Arns},
    },
    resources::iam::Role,
};

const GUARD: LogicalId = LogicalId::new("GuardRole");
const NOTIFY: LogicalId = LogicalId::new("NotifyRole");
const OPERATOR: LogicalId = LogicalId::new("OperatorRole");

/// For a session of a role, this is the role's ARN with its path.
///
/// Source: AWS IAM User Guide, "AWS global condition context keys", `aws:PrincipalArn`.
const PRINCIPAL: &str = "aws:PrincipalArn";

/// The principals that the stack trusts.
#[derive(Clone, Copy)]
pub(super) struct Principals {
    pub(super) guard: Handle<Role>,
    pub(super) notify: Handle<Role>,
    /// It exists only where the stack has operators.
    pub(super) operator: Handle<Role>,
    pub(super) has_operators: ConditionHandle,
    no_operators: ConditionHandle,
    has_deployers: ConditionHandle,
    deployers: ParameterHandle<Arns>,
}

/// Adds the roles.
pub(super) fn add(template: &mut Template, parameters: &Parameters) -> Principals {
    let role = |trust| Role {
        assume_role_policy_document: PolicyDocument::new([trust]),
        path: Some(IAM_PATH),
        permissions_boundary: Some(
            parameters.permissions_boundary.value().only_if(parameters.has_boundary),
        ),
    };
    let attributes = |why| Attributes {
        must: Some(
            "Only its trust, no policy: the policies of the stack's resources name it, and its own policies do.",
        ),
        ..Attributes::deleted(why)
    };
    let of_function = || role(Statement::trust("lambda.amazonaws.com"));
    let why = "The execution role of the guard function.";
    let guard = template.add_with(GUARD, attributes(why), of_function());
    let why = "The execution role of the notify function.";
    let notify = template.add_with(NOTIFY, attributes(why), of_function());
    let attributes = Attributes {
        condition: Some(parameters.has_operators),
        ..attributes("The role that operators assume to undo, to redrive and to verify.")
    };
    let trust = Statement::trust_account(parameters.operator_arns.value());
    let operator = template.add_with(OPERATOR, attributes, role(trust));
    let Parameters { has_operators, no_operators, has_deployers, .. } = *parameters;
    let deployers = parameters.deployer_arns;
    Principals { guard, notify, operator, has_operators, no_operators, has_deployers, deployers }
}

impl Principals {
    /// The operators' role, where the stack has operators.
    pub(super) fn operators(self) -> Value<AnyArn> {
        self.operator.arn().only_if(self.has_operators).into()
    }

    /// Another principal than these roles.
    pub(super) fn others_than(roles: impl IntoIterator<Item = Value<AnyArn>>) -> Test {
        Test::arn_not_equals(PRINCIPAL, roles)
    }

    /// A statement that denies all but operators; without operators, it denies everyone.
    pub(super) fn all_but_operators(self, denial: Statement) -> [Statement; 2] {
        let mut operators = Statement { only_if: Some(self.has_operators), ..denial.clone() };
        operators.conditions.push(Self::others_than([self.operator.arn().into()]));
        [operators, Statement { only_if: Some(self.no_operators), ..denial }]
    }

    /// Another principal than the deployers; without deployers, than the guard's role.
    pub(super) fn others_than_deployers(self) -> Test {
        // A list may not be empty.
        let guard: Value<AnyArn> = self.guard.arn().into();
        let deployers = self.deployers.value().or_else(self.has_deployers, guard.into());
        Test::arn_not_like_any(PRINCIPAL, deployers)
    }

    /// Denies the actions to all but deployers, this role and the account's root user, who could not be locked out of a
    /// bucket and must not be locked out of a key.
    ///
    /// Without deployers, when the template was uploaded by hand, the policy has no such statement: it would lock everyone
    /// out.
    pub(super) fn only_deployers(
        self,
        sid: &'static str,
        actions: Which<String>,
        resource: Value<AnyArn>,
        besides: Option<Handle<Role>>,
    ) -> Statement {
        let root = Sub::arn("iam::").pseudo(Pseudo::AccountId).text(":root");
        let besides = besides.map(|role| role.arn().into());
        Statement {
            sid: Some(sid),
            effect: Effect::Deny,
            principal: Some(Principal::Anyone),
            actions,
            resources: Which::These(vec![resource]),
            conditions: vec![
                Test::arn_not_like_any(PRINCIPAL, self.deployers.value()),
                Self::others_than([root.into()].into_iter().chain(besides)),
            ],
            only_if: Some(self.has_deployers),
        }
    }
}

/// Names of actions.
pub(super) fn these(actions: &[&str]) -> Which<String> {
    Which::These(actions.iter().map(|action| (*action).to_owned()).collect())
}

/// All other actions than these.
pub(super) fn all_but(actions: &[&str]) -> Which<String> {
    Which::AllBut(actions.iter().map(|action| (*action).to_owned()).collect())
}
