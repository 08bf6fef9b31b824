//! KMS: keys and their aliases.

use serde::Serialize;

use crate::cfn::{
    PolicyDocument, Value,
    kind::{AliasName, KeyId},
};

/// `AWS::KMS::Key`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Key {
    /// Who may do what with it. Without a statement for the account, the key can never be changed again.
    pub key_policy: PolicyDocument,
    /// Its purpose.
    pub description: &'static str,
    /// Whether it is rotated every year.
    pub enable_key_rotation: bool,
}

resource! {
    Key = "AWS::KMS::Key";
    ref {
        /// The key's id.
        key_id: KeyId
    }
    get {
        /// The key's ARN.
        arn: KeyArn = "Arn"
    }
}

/// `AWS::KMS::Alias`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alias {
    /// The name, which begins with `alias/`.
    pub alias_name: Value<AliasName>,
    /// The key.
    pub target_key_id: Value<KeyId>,
}

resource! { Alias = "AWS::KMS::Alias"; }
