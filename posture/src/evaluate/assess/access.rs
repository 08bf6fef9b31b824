//! Who can get at a bucket: its public access block, its ownership, its ACL.

use super::{Judgement, too_many_writes, undone, words};
use crate::model::baseline::Baseline;
use crate::model::observed::{Observed, Reading};
use crate::model::setting::{Ownership, PublicAccessBlock, Setting, SettingKind};
use crate::{Aspect, LeftBecause, Mode, Question};

/// All switches on, unless that would break what is meant to be public, or may be.
///
/// Of what may be only the switches are left that would break it: the others are mended.
pub(super) fn block(observed: &Observed, baseline: &Baseline) -> Vec<Judgement> {
    let reading = &observed.public_access_block;
    let seen = match Judgement::read(reading, Question::PublicAccessBlock) {
        Ok(seen) => seen.copied().unwrap_or_default(),
        Err(judgement) => return vec![judgement],
    };
    if seen == PublicAccessBlock::ALL {
        return vec![Judgement::Right];
    }
    if let Some(judgement) = exposed(observed, baseline, seen) {
        return vec![judgement];
    }
    let effective = effective(observed, seen);
    let left = public_objects(observed, baseline, effective);
    let mend = match left {
        None => PublicAccessBlock::ALL,
        Some(_) => seen.or(PublicAccessBlock::POLICIES),
    };
    let weak = (mend != seen).then(|| Judgement::Weak {
        was: words(reading),
        mend: Setting::PublicAccessBlock(Some(mend)),
    });
    weak.into_iter().chain(left.map(Judgement::Left)).collect()
}

/// The switches that count. Where the account's may not be read it has none: what could be broken is left.
fn effective(observed: &Observed, seen: PublicAccessBlock) -> PublicAccessBlock {
    seen.or(observed.account_block.known().copied().unwrap_or_default())
}

/// Why the switches about ACLs are left, where they are: an object's own ACL, which nobody looks at, may make it public.
///
/// `IgnorePublicAcls` would cut its readers off, and `BlockPublicAcls` whoever uploads such objects. Where the owner of
/// the bucket owns the objects, ACLs count for nothing and are refused already.
///
/// Source: Amazon S3 User Guide, "Blocking public access", "Controlling ownership of objects".
fn public_objects(
    observed: &Observed,
    baseline: &Baseline,
    effective: PublicAccessBlock,
) -> Option<LeftBecause> {
    if effective.is_closed_to_acls()
        || !baseline.holds_back(Aspect::PublicAccess)
        || switches_acls_off(observed, baseline)
    {
        return None;
    }
    match observed.ownership {
        Reading::Known(Ownership::BucketOwnerEnforced) => None,
        Reading::Denied => Some(LeftBecause::NotReadable(Question::Ownership)),
        Reading::Known(Ownership::BucketOwnerPreferred | Ownership::ObjectWriter)
        | Reading::Absent
        | Reading::Unread => Some(LeftBecause::PublicObjects),
    }
}

/// Whether ACLs are about to count for nothing: their own write does more than the block.
fn switches_acls_off(observed: &Observed, baseline: &Baseline) -> bool {
    baseline.mode(Aspect::Ownership) == Mode::Keep
        && undone(observed, Aspect::Ownership).is_none()
        && too_many_writes(observed, baseline, SettingKind::Ownership).is_none()
        && matches!(ownership(observed, baseline), Judgement::Weak { .. })
}

/// All switches of the account on.
pub(super) fn account_block(observed: &Observed) -> Judgement {
    match Judgement::read(&observed.account_block, Question::AccountBlock) {
        Ok(Some(seen)) if *seen == PublicAccessBlock::ALL => Judgement::Right,
        Ok(_) => Judgement::Weak {
            was: words(&observed.account_block),
            mend: Setting::AccountPublicAccessBlock(Some(PublicAccessBlock::ALL)),
        },
        Err(judgement) => judgement,
    }
}

/// What is public now, is meant to be, and would be broken.
///
/// What a switch of the bucket or the account makes void already is nothing that another switch could break.
fn exposed(observed: &Observed, baseline: &Baseline, seen: PublicAccessBlock) -> Option<Judgement> {
    // Without a policy there is nothing public about it.
    let policy_is_public = match observed.policy {
        Reading::Absent => Reading::Absent,
        Reading::Known(_) | Reading::Unread | Reading::Denied => observed.policy_is_public,
    };
    let acl_is_public = observed.acl.map_ref(|acl| acl.is_public);
    let unread = [
        (observed.website.is_unread(), Question::Website),
        (policy_is_public.is_unread(), Question::PolicyStatus),
        (acl_is_public.is_unread(), Question::Acl),
        (observed.account_block.is_unread(), Question::AccountBlock),
        (
            observed.ownership.is_unread()
                && !seen.is_closed_to_acls()
                && baseline.holds_back(Aspect::PublicAccess),
            Question::Ownership,
        ),
    ];
    let ask: Vec<Question> =
        unread.into_iter().filter(|(is_unread, _)| *is_unread).map(|(_, q)| q).collect();
    if !ask.is_empty() {
        return Some(Judgement::AskWhatBreaks(ask));
    }
    let effective = effective(observed, seen);
    let (policies, acls) = (!effective.restrict_public_buckets, !effective.ignore_public_acls);
    let website = observed.website.map_ref(|()| true);
    let means = [
        (website, policies || acls, Question::Website, LeftBecause::Website),
        (policy_is_public, policies, Question::PolicyStatus, LeftBecause::PublicPolicy),
        (acl_is_public, acls, Question::Acl, LeftBecause::PublicAcl),
    ];
    means.into_iter().filter(|(_, has_effect, _, _)| *has_effect).find_map(
        |(reading, _, question, because)| match reading {
            Reading::Known(true) => Some(Judgement::Left(because)),
            Reading::Denied => Some(Judgement::Left(LeftBecause::NotReadable(question))),
            Reading::Known(false) | Reading::Absent | Reading::Unread => None,
        },
    )
}

/// `BucketOwnerEnforced`, unless the ACL, or that of an object, may grant something to others.
pub(super) fn ownership(observed: &Observed, baseline: &Baseline) -> Judgement {
    let seen = match Judgement::read(&observed.ownership, Question::Ownership) {
        Ok(seen) => seen,
        Err(judgement) => return judgement,
    };
    if seen == Some(&Ownership::BucketOwnerEnforced) {
        return Judgement::Right;
    }
    if baseline.holds_back(Aspect::Ownership) {
        return Judgement::Left(LeftBecause::SharedObjects);
    }
    match &observed.acl {
        Reading::Unread => Judgement::AskWhatBreaks(vec![Question::Acl]),
        Reading::Denied => Judgement::Left(LeftBecause::NotReadable(Question::Acl)),
        Reading::Known(acl) if acl.grants_others => Judgement::Left(LeftBecause::AclGrantsOthers),
        Reading::Known(_) | Reading::Absent => Judgement::Weak {
            was: words(&observed.ownership),
            mend: Setting::Ownership(Some(Ownership::BucketOwnerEnforced)),
        },
    }
}

/// Nobody but the owner is granted anything, unless ACLs count for nothing.
pub(super) fn acl(observed: &Observed) -> Judgement {
    match Judgement::read(&observed.ownership, Question::Ownership) {
        Ok(Some(Ownership::BucketOwnerEnforced)) => return Judgement::Right,
        Ok(_) | Err(Judgement::Left(_)) => {}
        Err(judgement) => return judgement,
    }
    match Judgement::read(&observed.acl, Question::Acl) {
        Ok(Some(acl)) if acl.is_public => Judgement::Left(LeftBecause::ReportOnly(
            "its ACL grants access to everybody".to_owned(),
        )),
        Ok(Some(acl)) if acl.grants_others => Judgement::Left(LeftBecause::ReportOnly(
            "its ACL grants access to others than its owner".to_owned(),
        )),
        Ok(_) => Judgement::Right,
        Err(judgement) => judgement,
    }
}
