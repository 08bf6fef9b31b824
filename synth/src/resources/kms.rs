//! KMS: keys and their names.

use serde::Serialize;

use super::Tag;
use crate::cfn::{
    PolicyDocument, Value,
    kind::{AliasName, KeyId},
};

/// `AWS::KMS::Key`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Key {
    /// Who may do what with it. Without a statement for the account, nobody can ever change it again.
    pub key_policy: PolicyDocument,
    /// What it is for.
    pub description: Option<&'static str>,
    /// Whether it can be used.
    pub enabled: Option<bool>,
    /// Whether it gets new material every year.
    pub enable_key_rotation: Option<bool>,
    /// How often it gets new material, where that is not a year.
    #[serde(rename = "RotationPeriodInDays")]
    pub rotation_period_days: Option<u32>,
    /// How long a deleted key can be had back.
    #[serde(rename = "PendingWindowInDays")]
    pub pending_window_days: Option<u32>,
    /// Whether it can have twins in other regions.
    pub multi_region: Option<bool>,
    /// What sort of key it is.
    pub key_spec: Option<KeySpec>,
    /// What it is used for.
    pub key_usage: Option<KeyUsage>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
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

impl Key {
    /// A key to encrypt with.
    pub fn new(policy: PolicyDocument) -> Self {
        Self {
            key_policy: policy,
            description: None,
            enabled: None,
            enable_key_rotation: None,
            rotation_period_days: None,
            pending_window_days: None,
            multi_region: None,
            key_spec: None,
            key_usage: None,
            tags: Vec::new(),
        }
    }
}

choices! {
    /// What sort of key it is.
    pub enum KeySpec {
        /// A secret key that never leaves KMS
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        /// A key pair
        Rsa2048 = "RSA_2048",
    }

    /// What a key is used for.
    pub enum KeyUsage {
        /// To encrypt and decrypt
        EncryptDecrypt = "ENCRYPT_DECRYPT",
        /// To sign and verify
        SignVerify = "SIGN_VERIFY",
    }
}

/// `AWS::KMS::Alias`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alias {
    /// The name, `alias/` and more.
    pub alias_name: Value<AliasName>,
    /// The key it names.
    pub target_key_id: Value<KeyId>,
}

resource! {
    Alias = "AWS::KMS::Alias";
    ref {
        /// The name.
        name: AliasName
    }
}

impl Alias {
    /// A name for a key.
    pub fn new(name: Value<AliasName>, key: Value<KeyId>) -> Self {
        Self { alias_name: name, target_key_id: key }
    }
}
