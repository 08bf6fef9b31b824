//! How a call of the account in memory fails.

use crate::SettingKind;
use crate::model::refusal::{Cause, Refusal};
use crate::reconcile::account::CallError;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Conflict,
    Denied,
    /// AWS refuses this write for good.
    Refused(SettingKind, Cause),
    Other,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl CallError for Failure {
    fn is_conflict(&self) -> bool {
        *self == Self::Conflict
    }

    fn refusal(&self) -> Option<Refusal> {
        let (kind, cause) = match *self {
            Self::Conflict | Self::Other => return None,
            Self::Denied => (SettingKind::PublicAccessBlock, Cause::Denied),
            Self::Refused(kind, cause) => (kind, cause),
        };
        let code = match cause {
            Cause::StoredAcl => "InvalidBucketAclWithObjectOwnership",
            Cause::InvalidPrincipal => "MalformedPolicy",
            Cause::Other => "InvalidRequest",
            Cause::BucketPolicy
            | Cause::ServiceControlPolicy
            | Cause::ResourceControlPolicy
            | Cause::Organization
            | Cause::OwnRole
            | Cause::BlockPublicPolicy
            | Cause::NoPermission
            | Cause::Denied => "AccessDenied",
        };
        let (call, words) = (kind.call().to_owned(), "Its words".to_owned());
        Some(Refusal { call, code: code.to_owned(), words, cause })
    }
}
