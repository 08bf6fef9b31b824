//! Who has access to a bucket: its public access block, ownership, ACL and policy.

use s3guard_posture::events::field::{at, items, text};
use s3guard_posture::model::observed::Reading;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::model::setting::{Acl, Ownership};
use serde_json::Value as Json;

/// The groups of all users, and of all users with an AWS account.
const PUBLIC_GROUPS: [&str; 2] = ["/groups/global/AllUsers", "/groups/global/AuthenticatedUsers"];
const LOG_DELIVERY: &str = "/groups/s3/LogDelivery";

/// An unknown value counts as one that cannot be read, which is never changed.
pub(crate) fn ownership(name: &str) -> Reading<Ownership> {
    match name {
        "BucketOwnerEnforced" => Reading::Known(Ownership::BucketOwnerEnforced),
        "BucketOwnerPreferred" => Reading::Known(Ownership::BucketOwnerPreferred),
        "ObjectWriter" => Reading::Known(Ownership::ObjectWriter),
        _ => Reading::Denied,
    }
}

/// What a canned ACL, headers with grants or a list of grants give to others than the owner; `None` if there are none of
/// them.
pub(crate) fn acl(parameters: &Json) -> Option<Acl> {
    let mut acl = None;
    for (name, value) in parameters.as_object()? {
        let name = name.to_ascii_lowercase();
        let granted = match name.as_str() {
            "x-amz-acl" => canned(items(value).find_map(Json::as_str)?),
            "accesscontrolpolicy" => listed(items(value).next()?),
            _ if name.starts_with("x-amz-grant-") => headed(&name, value),
            _ => continue,
        };
        let so_far: &mut Acl = acl.get_or_insert_default();
        so_far.is_public |= granted.is_public;
        so_far.public_writes |= granted.public_writes;
        so_far.admits_log_delivery |= granted.admits_log_delivery;
        so_far.grants_others |= granted.grants_others;
    }
    acl
}

/// Source: Amazon S3 User Guide, "Canned ACL".
fn canned(name: &str) -> Acl {
    let is_public = matches!(name, "public-read" | "public-read-write" | "authenticated-read");
    let admits_log_delivery = name == "log-delivery-write";
    let grants_others = is_public || admits_log_delivery || name == "aws-exec-read";
    let public_writes = name == "public-read-write";
    Acl { is_public, public_writes, admits_log_delivery, grants_others }
}

/// The grants of the request's body, without those to the owner.
fn listed(policy: &Json) -> Acl {
    let owner = text(policy, &["Owner", "ID"]);
    let grants = at(policy, &["AccessControlList"]).and_then(|list| list.get("Grant"));
    let mut acl = Acl::default();
    for grant in grants.into_iter().flat_map(items) {
        let id = text(grant, &["Grantee", "ID"]);
        if id.is_some() && id == owner {
            continue;
        }
        let group = text(grant, &["Grantee", "URI"]).unwrap_or_default();
        let permission = text(grant, &["Permission"]).unwrap_or_default();
        grant_to(&mut acl, &group, matches!(permission.as_str(), "WRITE" | "FULL_CONTROL"));
    }
    acl
}

/// The grants of a header, as `uri="…", id="…"`; the owner of an id is not known, so it counts as another's.
fn headed(name: &str, value: &Json) -> Acl {
    let mut acl = Acl::default();
    let writes = matches!(name, "x-amz-grant-write" | "x-amz-grant-full-control");
    let grantees = items(value).filter_map(Json::as_str).flat_map(|text| text.split(','));
    for grantee in grantees.map(str::trim).filter(|grantee| !grantee.is_empty()) {
        grant_to(&mut acl, grantee.trim_end_matches('"'), writes);
    }
    acl
}

fn grant_to(acl: &mut Acl, group: &str, writes: bool) {
    acl.grants_others = true;
    acl.is_public |= PUBLIC_GROUPS.iter().any(|public| group.ends_with(public));
    acl.admits_log_delivery |= writes && group.ends_with(LOG_DELIVERY);
}

/// A policy, which CloudTrail writes as JSON or as JSON in a text.
pub(crate) fn policy(parameters: &Json) -> Option<Policy> {
    let policy = at(parameters, &["bucketPolicy"]).or_else(|| at(parameters, &["policy"]))?;
    if policy.is_object() {
        return Some(Policy::new(policy.to_string()));
    }
    policy.as_str().filter(|text| !text.is_empty()).map(Policy::new)
}
