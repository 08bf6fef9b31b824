//! What protects versions, beyond what the guard judges.

use s3guard_posture::model::observed::Observed;

use super::{Found, plain};
use crate::rule::Rule;

pub(super) fn judge(observed: &Observed, found: &mut Found) {
    let Some(versioning) = observed.versioning.known() else { return };
    // Source: AWS Security Hub User Guide, S3.20: a bucket with lifecycle rules cannot have it.
    let may_have_it = observed.lifecycle == s3guard_posture::Reading::Absent;
    if versioning.enabled
        && !versioning.mfa_delete
        && may_have_it
        && observed.object_lock.known().is_none()
    {
        found.add(Rule::MfaDeleteOff, "it has neither MFA delete nor Object Lock", plain);
    }
}
