//! Who can get at a bucket: its public access block, its ownership, its ACL.

use super::licence::{Licence, licence, may_close};
use super::{Judged, Judgement, refused, suppressed, too_many_writes};
use crate::model::baseline::Baseline;
use crate::model::effect::SettingChange;
use crate::model::observed::{Observed, Reading};
use crate::model::setting::{Ownership, PublicAccessBlock, Setting, SettingKind};
use crate::{Aspect, Question, Reason};

/// All switches on.
///
/// Where clients may be affected, only the switches that are silent: those about policies where the policy is not public,
/// those about ACLs where ACLs are disabled. A bucket that is public is closed if it was not public before.
pub(super) fn block(observed: &Observed, baseline: &Baseline) -> Result<Vec<Judgement>, Judgement> {
    let reading = &observed.public_access_block;
    let seen = Judgement::read(reading, Question::PublicAccessBlock)?.copied().unwrap_or_default();
    if seen == PublicAccessBlock::ALL {
        return Err(Judgement::Right);
    }
    let put =
        |block, change| Judgement::weak(reading, change, Setting::PublicAccessBlock(Some(block)));
    let is_settling = baseline.call_context.is_settling;
    // What is public or not makes no difference.
    if !is_settling && licence(observed, baseline, Aspect::PublicAccess) == Licence::Given {
        return Ok(vec![put(PublicAccessBlock::ALL, SettingChange::BlockUsedAcls)]);
    }
    ask_exposure(observed, seen, baseline)?;
    let in_effect = effective(observed, seen);
    let exposure = Exposure::of(observed, in_effect);
    let closes = may_close(observed, baseline) == Licence::Given;
    if is_settling && (!closes || exposure.open().is_none()) {
        return Err(Judgement::Right);
    }
    if !closes && let Some(reason) = exposure.open() {
        return Err(Judgement::NotRemediated(reason));
    }
    let left =
        public_objects(observed, baseline, in_effect).filter(|_| exposure.acl == Reach::None);
    let remediate = match left {
        None => PublicAccessBlock::ALL,
        Some(_) => seen.or(PublicAccessBlock::POLICIES),
    };
    let change = match exposure {
        Exposure { policy: Reach::None, acl: Reach::None } => SettingChange::BlockPolicies,
        Exposure { .. } => SettingChange::ClosePublic,
    };
    let weak = (remediate != seen).then(|| put(remediate, change));
    Ok(weak.into_iter().chain(left.map(Judgement::NotRemediated)).collect())
}

/// Whether something makes a bucket public, and is not void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It does not, or it is void.
    None,
    /// It does.
    Everyone,
    /// It could not be read.
    Unknown,
}

/// What makes a bucket public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// Whether its policy does.
    pub policy: Reach,
    /// Whether its own ACL does.
    pub acl: Reach,
}

impl Exposure {
    /// What makes a bucket public while these switches are in effect.
    pub fn of(observed: &Observed, in_effect: PublicAccessBlock) -> Self {
        let reach = |reading: &Reading<bool>, has_effect: bool| match reading {
            Reading::Known(true) if has_effect => Reach::Everyone,
            Reading::Denied | Reading::Unread if has_effect => Reach::Unknown,
            Reading::Known(_) | Reading::Absent | Reading::Denied | Reading::Unread => Reach::None,
        };
        let acls_count = observed.ownership.known() != Some(&Ownership::BucketOwnerEnforced);
        let acl = observed.acl.map_ref(|acl| acl.is_public);
        Self {
            policy: reach(&policy_is_public(observed), !in_effect.restrict_public_buckets),
            acl: reach(&acl, acls_count && !in_effect.ignore_public_acls),
        }
    }

    /// Why the bucket is left as it is, if it is or may be public.
    fn open(self) -> Option<Reason> {
        Some(match self {
            Self { policy: Reach::Everyone, .. } => Reason::PublicPolicy,
            Self { acl: Reach::Everyone, .. } => Reason::PublicAcl,
            Self { policy: Reach::Unknown, .. } => Reason::NotReadable(Question::PolicyStatus),
            Self { acl: Reach::Unknown, .. } => Reason::NotReadable(Question::Acl),
            Self { policy: Reach::None, acl: Reach::None } => return None,
        })
    }
}

/// Whether everyone can read or write in the bucket, by its policy or its ACL; `None` if that is not known.
pub fn is_public(observed: &Observed) -> Option<bool> {
    let own = match &observed.public_access_block {
        Reading::Known(block) => *block,
        Reading::Absent => PublicAccessBlock::default(),
        Reading::Unread | Reading::Denied => return None,
    };
    let exposure = Exposure::of(observed, effective(observed, own));
    match exposure.open() {
        None => Some(false),
        Some(reason) => reason.leaves_public().then_some(true),
    }
}

/// Without a policy there is nothing public about it.
fn policy_is_public(observed: &Observed) -> Reading<bool> {
    match observed.policy {
        Reading::Absent => Reading::Absent,
        Reading::Known(_) | Reading::Unread | Reading::Denied => observed.policy_is_public,
    }
}

/// Asks for what shows whether the bucket is public, and whether it was.
fn ask_exposure(
    observed: &Observed,
    seen: PublicAccessBlock,
    baseline: &Baseline,
) -> Result<(), Judgement> {
    let is_enforced = baseline.mode(Aspect::PublicAccess).enforces();
    let is_closed_to_acls = seen.is_closed_to_acls();
    let acls_count = observed.ownership.known() != Some(&Ownership::BucketOwnerEnforced);
    Judgement::ask_what_breaks([
        (observed.history.is_unread() && is_enforced, Question::History),
        (
            policy_is_public(observed).is_unread() && !seen.restrict_public_buckets,
            Question::PolicyStatus,
        ),
        (observed.ownership.is_unread() && !is_closed_to_acls, Question::Ownership),
        (observed.acl.is_unread() && !seen.ignore_public_acls && acls_count, Question::Acl),
        (observed.account_block.is_unread(), Question::AccountBlock),
    ])
}

/// The switches in effect. If those of the account cannot be read they count as off, so that nothing is broken.
pub fn effective(observed: &Observed, seen: PublicAccessBlock) -> PublicAccessBlock {
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
        || !baseline.mode(Aspect::PublicAccess).enforces()
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
    Ok(Judgement::weak(reading, SettingChange::BlockAccount, remediate))
}

/// `BucketOwnerEnforced`, unless the ACL, or that of an object, may grant something to others.
pub(super) fn ownership(observed: &Observed, baseline: &Baseline) -> Judged {
    let reading = &observed.ownership;
    let seen = Judgement::read(reading, Question::Ownership)?;
    if seen == Some(&Ownership::BucketOwnerEnforced) {
        return Ok(Judgement::Right);
    }
    let is_enforced = baseline.mode(Aspect::Ownership).enforces();
    let licence = licence(observed, baseline, Aspect::Ownership);
    if is_enforced && licence == Licence::Refused {
        return Ok(Judgement::NotRemediated(Reason::SharedObjects));
    }
    Judgement::ask_what_breaks([
        (licence == Licence::Unknown, Question::History),
        (observed.acl.is_unread(), Question::Acl),
    ])?;
    let acl = Judgement::read(&observed.acl, Question::Acl)?;
    if acl.is_some_and(|acl| acl.grants_others) {
        return Ok(Judgement::NotRemediated(Reason::AclGrantsOthers));
    }
    Ok(Judgement::weak(
        reading,
        SettingChange::DisableAcls,
        Setting::Ownership(Some(Ownership::BucketOwnerEnforced)),
    ))
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
    Ok(Judgement::NotRemediated(Reason::NeverWritten(what.to_owned())))
}
