//! What can be done to a bucket.

use std::fmt;

use crate::model::setting::{Setting, SettingKind};
use crate::{Aspect, Question};

/// One write to a bucket, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The whole new setting.
    pub set: Setting,
    /// What it mends.
    pub aspects: Vec<Aspect>,
}

impl Action {
    /// What kind of write it is.
    pub const fn kind(&self) -> SettingKind {
        self.set.kind()
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Setting::Policy(Some(_)) = &self.set {
            return f.write_str("bucket policy: everything without TLS is denied");
        }
        self.set.fmt(f)
    }
}

/// The writes that would mend a bucket, one after the other. Empty for a bucket that is right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The writes, in order.
    pub actions: Vec<Action>,
}

impl SettingKind {
    /// The question whose answer is this setting.
    pub const fn question(self) -> Question {
        match self {
            Self::Policy => Question::Policy,
            Self::PublicAccessBlock => Question::PublicAccessBlock,
            Self::Encryption => Question::Encryption,
            Self::Ownership => Question::Ownership,
            Self::Versioning => Question::Versioning,
            Self::AccessLogs => Question::AccessLogs,
            Self::Notifications => Question::Notifications,
            Self::AccountPublicAccessBlock => Question::AccountBlock,
        }
    }
}
