//! Who can get at a bucket: its public access block, its ownership, its ACL.

use super::{Judgement, words};
use crate::observed::{Observed, Reading};
use crate::setting::{Ownership, PublicAccessBlock, Setting};
use crate::{LeftBecause, Question};

/// All switches on, unless that would break what is meant to be public.
pub(super) fn block(observed: &Observed) -> Judgement {
    let reading = &observed.public_access_block;
    let seen = match Judgement::read(reading, Question::PublicAccessBlock) {
        Ok(seen) => seen.copied().unwrap_or_default(),
        Err(judgement) => return judgement,
    };
    if seen == PublicAccessBlock::ALL {
        return Judgement::Right;
    }
    if let Some(judgement) = exposed(observed, seen) {
        return judgement;
    }
    Judgement::Weak {
        was: words(reading),
        mend: Setting::PublicAccessBlock(Some(PublicAccessBlock::ALL)),
    }
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
fn exposed(observed: &Observed, seen: PublicAccessBlock) -> Option<Judgement> {
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
    ];
    let ask: Vec<Question> =
        unread.into_iter().filter(|(is_unread, _)| *is_unread).map(|(_, q)| q).collect();
    if !ask.is_empty() {
        return Some(Judgement::AskWhatBreaks(ask));
    }
    // Where the account's may not be read it counts for nothing: what could be broken is left.
    let effective = seen.or(observed.account_block.known().copied().unwrap_or_default());
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

/// `BucketOwnerEnforced`, unless the ACL grants something to others.
pub(super) fn ownership(observed: &Observed) -> Judgement {
    let seen = match Judgement::read(&observed.ownership, Question::Ownership) {
        Ok(seen) => seen,
        Err(judgement) => return judgement,
    };
    if seen == Some(&Ownership::BucketOwnerEnforced) {
        return Judgement::Right;
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
