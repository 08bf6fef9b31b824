//! IAM: roles and managed policies.

use serde::Serialize;

use super::Tag;
use crate::cfn::{
    PolicyDocument, Value,
    kind::{PolicyArn, RoleName, Text},
};

/// `AWS::IAM::Role`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// Who may take on the role.
    pub assume_role_policy_document: PolicyDocument,
    /// What it is for.
    pub description: Option<&'static str>,
    /// The folder it is in, such as `/reports/`.
    pub path: Option<&'static str>,
    /// Its name; CloudFormation finds one that is free.
    pub role_name: Option<Value<Text>>,
    /// How long a session lasts at most.
    #[serde(rename = "MaxSessionDuration")]
    pub max_session_duration_seconds: Option<u32>,
    /// The most that it may ever do.
    pub permissions_boundary: Option<Value<PolicyArn>>,
    /// What it may do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub managed_policy_arns: Vec<Value<PolicyArn>>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

resource! {
    Role = "AWS::IAM::Role";
    ref {
        /// The role's name.
        name: RoleName
    }
    get {
        /// The role's ARN.
        arn: RoleArn = "Arn",
        /// The role's unique id.
        unique_id: Text = "RoleId"
    }
}

impl Role {
    /// A role that these may take on, and that may do nothing yet.
    pub fn new(trust: PolicyDocument) -> Self {
        Self {
            assume_role_policy_document: trust,
            description: None,
            path: None,
            role_name: None,
            max_session_duration_seconds: None,
            permissions_boundary: None,
            managed_policy_arns: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// `AWS::IAM::ManagedPolicy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedPolicy {
    /// What it allows.
    pub policy_document: PolicyDocument,
    /// What it is for.
    pub description: Option<&'static str>,
    /// The folder it is in, such as `/reports/`.
    pub path: Option<&'static str>,
    /// Its name; CloudFormation finds one that is free.
    pub managed_policy_name: Option<Value<Text>>,
    /// Roles that get it. (Or the role names the policy: then it has it from the start.)
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Value<RoleName>>,
}

resource! {
    ManagedPolicy = "AWS::IAM::ManagedPolicy";
    ref {
        /// The policy's ARN: for a managed policy, that is what `Ref` returns.
        arn: PolicyArn
    }
    get {
        /// The policy's unique id.
        unique_id: Text = "PolicyId"
    }
}

impl ManagedPolicy {
    /// A policy that nobody has yet.
    pub fn new(document: PolicyDocument) -> Self {
        Self {
            policy_document: document,
            description: None,
            path: None,
            managed_policy_name: None,
            roles: Vec::new(),
        }
    }
}
