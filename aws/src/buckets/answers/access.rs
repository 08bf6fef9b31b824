//! Who gets at the bucket.

use aws_sdk_s3::types::{Grant, ObjectOwnership, Permission};
use s3guard_posture::Reading;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{Acl, Ownership, PublicAccessBlock};

use super::super::{Place, public_access};
use super::{Seen, read};

/// The group of everybody.
const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
/// The group of everybody who has any AWS account.
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
/// The group as which S3 writes server access logs.
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

pub(super) async fn public_access_block(at: Place<'_>) -> Seen<PublicAccessBlock> {
    let absent = ["NoSuchPublicAccessBlockConfiguration"];
    ask_bucket!(at, "GetPublicAccessBlock", get_public_access_block, absent, |answer| {
        answer.public_access_block_configuration().map(public_access::from_sdk)
    })
}

pub(super) async fn policy(at: Place<'_>) -> Seen<Policy> {
    let absent = ["NoSuchBucketPolicy"];
    ask_bucket!(at, "GetBucketPolicy", get_bucket_policy, absent, |answer| {
        answer.policy.map(Policy::new)
    })
}

pub(super) async fn policy_status(at: Place<'_>) -> Seen<bool> {
    let absent = ["NoSuchBucketPolicy"];
    ask_bucket!(at, "GetBucketPolicyStatus", get_bucket_policy_status, absent, |answer| {
        answer.policy_status()?.is_public()
    })
}

/// Every bucket has one.
pub(super) async fn acl(at: Place<'_>) -> Seen<Acl> {
    ask_bucket!(at, "GetBucketAcl", get_bucket_acl, [], |answer| {
        let owner = answer.owner().and_then(|owner| owner.id());
        Some(granted(answer.grants(), owner))
    })
}

pub(super) async fn website(at: Place<'_>) -> Seen<()> {
    let absent = ["NoSuchWebsiteConfiguration"];
    ask_bucket!(at, "GetBucketWebsite", get_bucket_website, absent, |_| Some(()))
}

pub(super) async fn ownership(at: Place<'_>) -> Seen<Ownership> {
    let (call, absent) = ("GetBucketOwnershipControls", ["OwnershipControlsNotFoundError"]);
    let answer = on_bucket!(at, get_bucket_ownership_controls).send().await;
    let ownership = read((call, at.name), answer, &absent, |answer| {
        Some(answer.ownership_controls()?.rules().first()?.object_ownership().clone())
    })?;
    Ok(ownership.map(|ownership| match ownership {
        Reading::Known(ownership) => owned(&ownership),
        Reading::Absent => Reading::Absent,
        Reading::Unread => Reading::Unread,
        Reading::Denied => Reading::Denied,
    }))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what AWS adds is left alone")]
fn owned(ownership: &ObjectOwnership) -> Reading<Ownership> {
    match ownership {
        ObjectOwnership::BucketOwnerEnforced => Reading::Known(Ownership::BucketOwnerEnforced),
        ObjectOwnership::BucketOwnerPreferred => Reading::Known(Ownership::BucketOwnerPreferred),
        ObjectOwnership::ObjectWriter => Reading::Known(Ownership::ObjectWriter),
        // What cannot be read is never changed.
        _ => Reading::Denied,
    }
}

/// Whether grants let everybody in.
pub(crate) fn is_public(grants: &[Grant]) -> bool {
    granted(grants, None).is_public
}

/// Sums grants up, without those to the owner, who is known by a canonical id.
fn granted(grants: &[Grant], owner: Option<&str>) -> Acl {
    let mut acl = Acl::default();
    for grant in grants {
        let grantee = grant.grantee();
        let id = grantee.and_then(|grantee| grantee.id());
        if id.is_some() && id == owner {
            continue;
        }
        acl.grants_others = true;
        let writes = [Some(&Permission::Write), Some(&Permission::FullControl)];
        match grantee.and_then(|grantee| grantee.uri()) {
            Some(ALL_USERS | AUTHENTICATED_USERS) => acl.is_public = true,
            Some(LOG_DELIVERY) if writes.contains(&grant.permission()) => {
                acl.admits_log_delivery = true;
            }
            Some(_) | None => {}
        }
    }
    acl
}
