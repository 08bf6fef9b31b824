//! IAM: roles and managed policies.

use serde::Serialize;

use crate::cfn::{PolicyDocument, Value, kind::PolicyArn};

/// `AWS::IAM::Role`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// Who may assume the role.
    pub assume_role_policy_document: PolicyDocument,
    /// Its IAM path, such as `/reports/`.
    pub path: Option<&'static str>,
    /// Its policies.
    pub managed_policy_arns: Vec<Value<PolicyArn>>,
}

resource! {
    Role = "AWS::IAM::Role";
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
}

resource! {
    ManagedPolicy = "AWS::IAM::ManagedPolicy";
    ref {
        /// The policy's ARN: for a managed policy, `Ref` returns it.
        arn: PolicyArn
    }
}
