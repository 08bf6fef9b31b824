//! Access points and Multi-Region Access Points whose policies are public.
//!
//! One of a VPC is never public. A request by an access point needs the permission of the bucket's policy as well, and each
//! public access block counts.
//!
//! Source: Amazon S3 User Guide, "Managing public access to access points for general purpose buckets", "Configuring IAM
//! policies for using access points".

use std::sync::Arc;

use s3guard_posture::Reading;
use s3guard_posture::Trusted;
use s3guard_posture::evaluate::admitted::{Admitted, PrincipalKind, admitted};
use s3guard_posture::model::access_point::{AccessPoint, MultiRegionAccessPoint};
use s3guard_posture::model::observed::Observed;
use s3guard_posture::model::policy::Policy;
use s3guard_posture::text::shown;

use super::Found;
use crate::facts::{AccountFacts, Around};
use crate::finding::{Finding, Missing, Resource, ResourceKind, Status};
use crate::rule::Rule;
use crate::severity::Severity;

/// The switch of the access point itself.
const OWN_SWITCH: &str = "accessPoint.RestrictPublicBuckets";

pub(super) fn judge(observed: &Observed, around: &Around<'_>, found: &mut Found) {
    let all = around.access_points.known().into_iter().flatten();
    for one in all.filter(|one| one.bucket == observed.id.name.as_str() && one.is_of_internet) {
        of_one(one, observed, found);
    }
}

fn of_one(one: &AccessPoint, observed: &Observed, found: &mut Found) {
    let id = &observed.id;
    let resource = Arc::new(Resource {
        kind: ResourceKind::AccessPoint,
        name: one.name.clone(),
        region: one.region.to_string(),
        arn: one.arn.clone(),
        account: id.account.clone(),
        partition: one.region.partition().to_owned(),
    });
    if one.is_public.is_denied() || one.block.is_denied() {
        let reads = [
            (one.is_public.is_denied(), "s3:GetAccessPointPolicyStatus"),
            (one.block.is_denied(), "s3:GetAccessPoint"),
        ];
        found.push(unread(&resource, reads.into_iter().filter(|one| one.0).map(|one| one.1)));
    }
    if one.is_public.known() != Some(&true) {
        return;
    }
    let mut finding = Finding::new(Rule::AccessPointPublic, &resource);
    finding.who.insert("everyone".to_owned());
    finding
        .reasons
        .push(format!("S3 judges its policy to be public; it reaches bucket `{}`", id.name));
    let restricts = |reading: &Reading<_>| {
        reading.known().is_some_and(|block: &s3guard_posture::model::setting::PublicAccessBlock| {
            block.restrict_public_buckets
        })
    };
    let switches = [
        (restricts(&one.block), OWN_SWITCH),
        (restricts(&observed.public_access_block), super::exposure::POLICY_SWITCHES[0]),
        (restricts(&observed.account_block), super::exposure::POLICY_SWITCHES[1]),
    ];
    finding.held_back_by = switches.into_iter().filter(|one| one.0).map(|one| one.1).collect();
    let lets_in =
        observed.policy.known().is_some_and(|policy| lets_access_points_in(policy, observed));
    if lets_in {
        finding.reasons.push("the bucket's policy lets its access points in".to_owned());
    } else if observed.policy.is_denied() {
        finding.status = Status::Unknown;
    } else {
        finding.held_back_by.push("bucketPolicy");
    }
    if !finding.held_back_by.is_empty() {
        finding.severity = Severity::High;
    }
    found.push(finding);
}

fn lets_access_points_in(policy: &Policy, observed: &Observed) -> bool {
    let lets_in =
        |one: &Admitted| one.is_public || matches!(&one.kind, PrincipalKind::AccessPoints(_));
    admitted(policy, &observed.id.account, &Trusted::default()).iter().any(lets_in)
}

fn unread(resource: &Arc<Resource>, actions: impl Iterator<Item = &'static str>) -> Finding {
    let mut finding = Finding::new(Rule::Unreadable, resource);
    finding.status = Status::Unknown;
    finding.severity = Severity::High;
    for action in actions {
        finding.reasons.push(format!("{action} is denied"));
        finding.missing.push(Missing { action, severity: Severity::High, cause: String::new() });
    }
    finding
}

pub(super) fn of_multi_region(
    one: &MultiRegionAccessPoint,
    account: &AccountFacts,
    found: &mut Found,
) {
    let resource = Arc::new(Resource {
        kind: ResourceKind::MultiRegionAccessPoint,
        name: one.name.clone(),
        region: String::new(),
        arn: format!("arn:{}:s3::{}:accesspoint/{}", account.partition, account.id, one.alias),
        account: account.id.clone(),
        partition: account.partition.clone(),
    });
    if one.is_public.is_denied() {
        let action = "s3:GetMultiRegionAccessPointPolicyStatus";
        found.push(unread(&resource, [action].into_iter()));
    }
    if one.is_public.known() != Some(&true) {
        return;
    }
    let mut finding = Finding::new(Rule::MrapPublic, &resource);
    finding.who.insert("everyone".to_owned());
    let buckets: Vec<String> =
        one.buckets.iter().take(5).map(|name| format!("`{}`", shown(name.as_str(), 80))).collect();
    finding
        .reasons
        .push(format!("S3 judges its policy to be public; it reaches {}", buckets.join(", ")));
    let is_on = |is_on: bool, name| is_on.then_some(name);
    let block = account.block.known().copied().unwrap_or_default();
    finding.held_back_by = [
        is_on(one.block.restrict_public_buckets, OWN_SWITCH),
        is_on(block.restrict_public_buckets, super::exposure::POLICY_SWITCHES[1]),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !finding.held_back_by.is_empty() {
        finding.severity = Severity::High;
    }
    found.push(finding);
}
