//! Who can get at a bucket: its public access block, its ownership, its ACL.

use super::{Judged, Judgement, refused, suppressed, too_many_writes};
use crate::model::baseline::Baseline;
use crate::model::observed::{Observed, Reading};
use crate::model::setting::{Ownership, PublicAccessBlock, Setting, SettingKind};
use crate::{Aspect, Question, Reason};

/// All switches on, unless that would break what is meant to be public, or may be.
///
/// If it only may be public, just the switches that would break it are left off.
pub(super) fn block(observed: &Observed, baseline: &Baseline) -> Result<Vec<Judgement>, Judgement> {
    let reading = &observed.public_access_block;
    let seen = Judgement::read(reading, Question::PublicAccessBlock)?.copied().unwrap_or_default();
    if seen == PublicAccessBlock::ALL {
        return Err(Judgement::Right);
    }
    exposed(observed, baseline, seen)?;
    let left = public_objects(observed, baseline, effective(observed, seen));
    let remediate = match left {
        None => PublicAccessBlock::ALL,
        Some(_) => seen.or(PublicAccessBlock::POLICIES),
    };
    let weak = (remediate != seen)
        .then(|| Judgement::weak(reading, Setting::PublicAccessBlock(Some(remediate))));
    Ok(weak.into_iter().chain(left.map(Judgement::NotRemediated)).collect())
}

/// The switches in effect. If those of the account cannot be read they count as off, so that nothing is broken.
pub(super) fn effective(observed: &Observed, seen: PublicAccessBlock) -> PublicAccessBlock {
    seen.or(observed.account_block.known().copied().unwrap_or_default())
}

/// Why the two switches for ACLs are left off, if they are: an object's own ACL, which s3guard does not read, may make it
/// public. `IgnorePublicAcls` would cut off its readers, and `BlockPublicAcls` the uploads of such objects. Where the
/// bucket owner owns the objects, ACLs have no effect and are refused already.
///
/// Source: Amazon S3 User Guide, "Blocking public access", "Controlling ownership of objects".
fn public_objects(
    observed: &Observed,
    baseline: &Baseline,
    effective: PublicAccessBlock,
) -> Option<Reason> {
    if effective.is_closed_to_acls()
        || !baseline.holds_back(Aspect::PublicAccess)
        || switches_acls_off(observed, baseline)
    {
        return None;
    }
    match observed.ownership {
        Reading::Known(Ownership::BucketOwnerEnforced) => None,
        Reading::Denied => Some(Reason::NotReadable(Question::Ownership)),
        Reading::Known(Ownership::BucketOwnerPreferred | Ownership::ObjectWriter)
        | Reading::Absent
        | Reading::Unread => Some(Reason::PublicObjects),
    }
}

/// Whether ACLs are about to be disabled: that write does more than the block.
fn switches_acls_off(observed: &Observed, baseline: &Baseline) -> bool {
    baseline.mode(Aspect::Ownership).enforces()
        && suppressed(observed, Aspect::Ownership).is_none()
        && too_many_writes(observed, baseline, SettingKind::Ownership).is_none()
        && refused(observed, baseline, SettingKind::Ownership).is_none()
        && matches!(ownership(observed, baseline), Ok(Judgement::Weak { .. }))
}

/// All switches of the account on.
pub(super) fn account_block(observed: &Observed) -> Judged {
    let reading = &observed.account_block;
    if Judgement::read(reading, Question::AccountBlock)? == Some(&PublicAccessBlock::ALL) {
        return Ok(Judgement::Right);
    }
    let remediate = Setting::AccountPublicAccessBlock(Some(PublicAccessBlock::ALL));
    Ok(Judgement::weak(reading, remediate))
}

/// Leaves what is public now: it is meant to be, and would be broken, unless a switch of the bucket or of the account
/// already makes it void.
fn exposed(
    observed: &Observed,
    baseline: &Baseline,
    seen: PublicAccessBlock,
) -> Result<(), Judgement> {
    // Without a policy there is nothing public about it.
    let policy_is_public = match observed.policy {
        Reading::Absent => Reading::Absent,
        Reading::Known(_) | Reading::Unread | Reading::Denied => observed.policy_is_public,
    };
    let acl_is_public = observed.acl.map_ref(|acl| acl.is_public);
    let needs_ownership = !seen.is_closed_to_acls() && baseline.holds_back(Aspect::PublicAccess);
    Judgement::ask_what_breaks([
        (observed.website.is_unread(), Question::Website),
        (policy_is_public.is_unread(), Question::PolicyStatus),
        (acl_is_public.is_unread(), Question::Acl),
        (observed.account_block.is_unread(), Question::AccountBlock),
        (observed.ownership.is_unread() && needs_ownership, Question::Ownership),
    ])?;
    let effective = effective(observed, seen);
    let (policies, acls) = (!effective.restrict_public_buckets, !effective.ignore_public_acls);
    let website = observed.website.map_ref(|()| true);
    for (reading, has_effect, question, reason) in [
        (website, policies || acls, Question::Website, Reason::Website),
        (policy_is_public, policies, Question::PolicyStatus, Reason::PublicPolicy),
        (acl_is_public, acls, Question::Acl, Reason::PublicAcl),
    ] {
        if has_effect && Judgement::read(&reading, question)? == Some(&true) {
            return Err(Judgement::NotRemediated(reason));
        }
    }
    Ok(())
}

/// `BucketOwnerEnforced`, unless the ACL, or that of an object, may grant something to others.
pub(super) fn ownership(observed: &Observed, baseline: &Baseline) -> Judged {
    let reading = &observed.ownership;
    let seen = Judgement::read(reading, Question::Ownership)?;
    if seen == Some(&Ownership::BucketOwnerEnforced) {
        return Ok(Judgement::Right);
    }
    if baseline.holds_back(Aspect::Ownership) {
        return Ok(Judgement::NotRemediated(Reason::SharedObjects));
    }
    let acl = Judgement::read_what_breaks(&observed.acl, Question::Acl)?;
    if acl.is_some_and(|acl| acl.grants_others) {
        return Ok(Judgement::NotRemediated(Reason::AclGrantsOthers));
    }
    Ok(Judgement::weak(reading, Setting::Ownership(Some(Ownership::BucketOwnerEnforced))))
}

/// The ACL grants access to the owner only, unless ACLs are disabled.
pub(super) fn acl(observed: &Observed) -> Judged {
    match Judgement::read(&observed.ownership, Question::Ownership) {
        Ok(Some(Ownership::BucketOwnerEnforced)) => return Ok(Judgement::Right),
        Ok(_) | Err(Judgement::NotRemediated(_)) => {}
        Err(early) => return Err(early),
    }
    let what = match Judgement::read(&observed.acl, Question::Acl)? {
        Some(acl) if acl.is_public => "its ACL grants access to everybody",
        Some(acl) if acl.grants_others => "its ACL grants access to others than its owner",
        Some(_) | None => return Ok(Judgement::Right),
    };
    Ok(Judgement::NotRemediated(Reason::ReportOnly(what.to_owned())))
}
