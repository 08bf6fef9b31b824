//! IAM: roles and managed policies.

use serde::Serialize;

use crate::cfn::{
    PolicyDocument, Value,
    kind::{PolicyArn, RoleName},
};

/// `AWS::IAM::Role`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// Who may assume the role.
    pub assume_role_policy_document: PolicyDocument,
    /// Its IAM path, such as `/reports/`.
    pub path: Option<&'static str>,
    /// The policy beyond which its policies allow nothing.
    pub permissions_boundary: Option<Value<PolicyArn>>,
}

resource! {
    Role = "AWS::IAM::Role";
    ref {
        /// The role's name: for a role, `Ref` returns it.
        name: RoleName
    }
    get {
        /// The role's ARN.
        arn: RoleArn = "Arn"
    }
}

/// `AWS::IAM::ManagedPolicy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedPolicy {
    /// What it allows.
    pub policy_document: PolicyDocument,
    /// Its purpose.
    pub description: Option<&'static str>,
    /// Its IAM path, such as `/reports/`.
    pub path: Option<&'static str>,
    /// The roles that have it.
    pub roles: Vec<Value<RoleName>>,
}

resource! {
    ManagedPolicy = "AWS::IAM::ManagedPolicy";
    ref {
        /// The policy's ARN: for a managed policy, `Ref` returns it.
        arn: PolicyArn
    }
}
