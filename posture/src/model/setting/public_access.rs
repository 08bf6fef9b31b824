//! A public access block.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The four switches of a public access block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(clippy::struct_excessive_bools, reason = "S3 has four independent switches")]
pub struct PublicAccessBlock {
    /// New public ACLs are rejected.
    pub block_public_acls: bool,
    /// Existing public ACLs are ignored.
    pub ignore_public_acls: bool,
    /// New public policies are rejected.
    pub block_public_policy: bool,
    /// A public policy grants access only to this account and AWS services.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// All four switches on.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// The two switches that are about policies.
    pub const POLICIES: Self = Self {
        block_public_acls: false,
        ignore_public_acls: false,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// Whether public ACLs are rejected and ignored.
    pub const fn is_closed_to_acls(self) -> bool {
        self.block_public_acls && self.ignore_public_acls
    }

    /// Each switch that is on here or there.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            block_public_acls: self.block_public_acls || other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls || other.ignore_public_acls,
            block_public_policy: self.block_public_policy || other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets || other.restrict_public_buckets,
        }
    }

    /// The switches with their names, as S3 spells them.
    pub const fn switches(self) -> [(&'static str, bool); 4] {
        [
            ("BlockPublicAcls", self.block_public_acls),
            ("IgnorePublicAcls", self.ignore_public_acls),
            ("BlockPublicPolicy", self.block_public_policy),
            ("RestrictPublicBuckets", self.restrict_public_buckets),
        ]
    }
}

impl fmt::Display for PublicAccessBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let off: Vec<&str> =
            self.switches().into_iter().filter(|(_, on)| !on).map(|(name, _)| name).collect();
        match off.len() {
            0 => f.write_str("on"),
            4 => f.write_str("off"),
            _ => write!(f, "partly off ({})", off.join(", ")),
        }
    }
}
