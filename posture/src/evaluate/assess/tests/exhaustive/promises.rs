//! What the guard promises of every write, said once more and without the engine.

use super::super::property::{foreign, is_foreign_key, weakened};
use super::super::*;
use super::space::State;
use crate::evaluate::admitted::{Admitted, admitted};
use crate::{Age, Trusted};

/// What a write has broken, or weakened.
pub(super) fn broken(before: &State, after: &Observed) -> Vec<&'static str> {
    let State { observed, .. } = before;
    let checks = [
        ("a statement of others", foreign(observed) != foreign(after)),
        ("who can use the key", locks_out(before, after)),
        ("what was not asked for", writes_unasked(before, after)),
        ("who uses SSE-C", gains_sse_c(observed, after) && is_held(before, Aspect::SseC)),
        ("who reads in public", cuts_off_public(before, after)),
        ("who writes by ACL", switches_acls_off(before, after)),
        ("who sees the website", refuses_website(before, after)),
        ("the stack", is_in_the_way_of_stack(before, after)),
        ("what S3 rejects", is_rejected(observed, after)),
        ("who uses what there is", affects_clients(before, after)),
    ];
    let broken = checks.into_iter().filter(|(_, is)| *is).map(|(name, _)| name);
    weakened(observed, after).into_iter().chain(broken).collect()
}

fn is_private(acl: Reading<Acl>) -> bool {
    acl == Reading::Absent || acl.known().is_some_and(|acl| !acl.grants_others)
}

fn is_enforced(observed: &Observed) -> bool {
    observed.ownership.known() == Some(&Ownership::BucketOwnerEnforced)
}

/// What is not set is SSE-S3.
fn algorithm(observed: &Observed) -> Algorithm {
    observed.encryption.known().map_or(Algorithm::SseS3, |seen| seen.algorithm.clone())
}

fn locks_out(before: &State, after: &Observed) -> bool {
    let State { observed, baseline } = before;
    let raised = algorithm(after);
    if raised == algorithm(observed) {
        return false;
    }
    // A key of another account gives way to what was there before, which needs no rights that were not needed then.
    let history = observed.history.known().map(|history| &history.encryption);
    let latest: Vec<&Algorithm> =
        history.into_iter().flat_map(|had| &had.latest).map(|had| &had.algorithm).collect();
    if is_foreign_key(observed) && (raised == Algorithm::SseS3 || latest.contains(&&raised)) {
        return false;
    }
    let account = &observed.id.account;
    let policy = match &observed.policy {
        Reading::Known(policy) => {
            !admitted(policy, account, &Trusted::default()).iter().any(Admitted::needs_key)
        }
        Reading::Absent => true,
        Reading::Unread | Reading::Denied => false,
    };
    let acl = is_enforced(observed) || is_private(observed.acl);
    let had = |key: &Key| {
        algorithm(observed).key() == Some(key)
            || is_foreign_key(observed) && latest.iter().any(|had| had.key() == Some(key))
    };
    let is_usable = match raised.key() {
        Some(key) if had(key) => true,
        Some(Key::Named(name)) => {
            let ours = baseline.key.as_ref().filter(|key| key.as_str() == name);
            ours.is_some_and(|key| *key.region() == observed.id.region)
                && observed.key == Reading::Known(KeyState::Usable)
        }
        Some(Key::AwsManaged) | None => false,
    };
    !(policy && acl && is_usable)
}

/// Encryption and the block on SSE-C are one setting: whichever is not kept stays.
fn writes_unasked(before: &State, after: &Observed) -> bool {
    let State { observed, baseline } = before;
    let is_kept = |aspect| {
        baseline.mode(aspect).enforces()
            && observed
                .history
                .known()
                .is_none_or(|h| h.suppressed.iter().all(|(of, _)| *of != aspect))
    };
    let of_key = |o: &Observed| o.encryption.known().is_some_and(|seen| seen.bucket_key);
    let is_raised = algorithm(observed) != algorithm(after) || of_key(observed) != of_key(after);
    (is_raised && !is_kept(Aspect::Encryption))
        || (gains_sse_c(observed, after) && !is_kept(Aspect::SseC))
}

fn gains_sse_c(before: &Observed, after: &Observed) -> bool {
    let of = |o: &Observed| o.encryption.known().is_some_and(|seen| seen.sse_c == SseC::Blocked);
    of(after) && !of(before)
}

/// The switches that count; those that cannot be read do not.
fn effective(observed: &Observed) -> PublicAccessBlock {
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    own.or(observed.account_block.known().copied().unwrap_or_default())
}

fn cuts_off_public(before: &State, after: &Observed) -> bool {
    let State { observed, .. } = before;
    if observed.public_access_block == after.public_access_block {
        return false;
    }
    let (was, is) = (effective(observed), effective(after));
    let restricts = is.restrict_public_buckets && !was.restrict_public_buckets;
    let ignores = is.ignore_public_acls && !was.ignore_public_acls;
    let refuses = is.block_public_acls && !was.block_public_acls;
    let policy = observed.policy == Reading::Absent
        || matches!(observed.policy_is_public, Reading::Absent | Reading::Known(false));
    let acl = is_enforced(observed)
        || observed.acl == Reading::Absent
        || observed.acl.known().is_some_and(|acl| !acl.is_public);
    let of_objects = is_enforced(after)
        || observed.acl.known().is_some_and(|acl| acl.is_public)
        || observed.acl == Reading::Denied;
    let may_close = !is_held(before, Aspect::PublicAccess) || !was_public(before);
    let opens = (restricts && !policy) || (ignores && !acl);
    (opens && !may_close)
        || ((ignores || refuses) && !of_objects && is_held(before, Aspect::PublicAccess))
}

/// Whether it was public before, or may have been, because no call can have opened it.
fn was_public(State { observed, baseline }: &State) -> bool {
    let was_public = observed.history.known().and_then(|history| history.was_public);
    was_public.unwrap_or(!baseline.call_context.exposes)
}

/// Whether clients of this bucket must not be affected: it is not new, nobody asks for it, and its setting was not right.
pub(super) fn is_held(State { observed, baseline }: &State, aspect: Aspect) -> bool {
    let history = observed.history.known().cloned().unwrap_or_default();
    let (changed, age) = (&baseline.call_context.changed, baseline.call_context.age);
    let is_new = match age {
        Age::New => true,
        Age::Unknown => history.is_new,
        Age::CreatedAgain(time) => {
            history.is_new
                || history.known_since.is_none_or(|since| since + time::Duration::MINUTE >= time)
        }
    };
    let before = aspect.setting().and_then(|kind| history.before.get(&kind));
    let was_right = before.map_or(changed.contains(&aspect), |before| is_strong(before, aspect));
    baseline.mode(aspect) == Mode::EnforceNew
        && !is_new
        && !history.owed.contains(&aspect)
        && !was_right
}

/// Whether one of the settings of `values::earlier` is right at every grade.
fn is_strong(before: &Setting, aspect: Aspect) -> bool {
    match before {
        Setting::Policy(policy) => policy.is_some(),
        Setting::PublicAccessBlock(block) | Setting::AccountPublicAccessBlock(block) => {
            *block == Some(PublicAccessBlock::ALL)
        }
        Setting::Encryption(Some(Encryption { sse_c, .. })) if aspect == Aspect::SseC => {
            *sse_c == SseC::Blocked
        }
        Setting::Encryption(encryption) => encryption
            .as_ref()
            .is_some_and(|encryption| matches!(encryption.algorithm, Algorithm::Dsse(_))),
        Setting::Ownership(ownership) => *ownership == Some(Ownership::BucketOwnerEnforced),
        Setting::Versioning(versioning) => versioning.is_some_and(|one| one.enabled),
        Setting::AccessLogs(logs) => logs.is_some(),
        Setting::Notifications(notifications) => notifications.event_bridge(),
    }
}

fn switches_acls_off(before: &State, after: &Observed) -> bool {
    let State { observed, .. } = before;
    let gains = is_enforced(after) && !is_enforced(observed);
    gains && (!is_private(observed.acl) || is_held(before, Aspect::Ownership))
}

/// A website that stays public keeps plain HTTP. Where public access is enforced, one that is not public is seen by no one.
fn refuses_website(State { observed, baseline }: &State, after: &Observed) -> bool {
    let (was, is) = (effective(observed), effective(after));
    let by_policy = observed.policy_is_public == Reading::Known(true)
        && observed.policy != Reading::Absent
        && !is.restrict_public_buckets;
    let by_acl = observed.acl.known().is_some_and(|acl| acl.is_public)
        && !is_enforced(observed)
        && !is.ignore_public_acls;
    let is_open = if baseline.mode(Aspect::PublicAccess).enforces() {
        by_policy || by_acl
    } else {
        !(was.ignore_public_acls && was.restrict_public_buckets)
    };
    observed.website != Reading::Absent && is_open && observed.policy != after.policy
}

fn is_in_the_way_of_stack(before: &State, after: &Observed) -> bool {
    let State { observed, baseline } = before;
    let is_first = observed.policy == Reading::Absent && after.policy != Reading::Absent;
    let is_of_stack = observed.tags.known().is_some_and(|tags| tags.contains_key(STACK_TAG));
    let is_at_work = !matches!(observed.stack_in_progress, Reading::Absent | Reading::Known(false));
    is_first && is_of_stack && (baseline.mode(Aspect::Tls) != Mode::Enforce || is_at_work)
}

/// A public policy is not written where the block rejects it.
fn is_rejected(observed: &Observed, after: &Observed) -> bool {
    observed.policy != after.policy
        && observed.policy.known().is_some_and(Policy::may_be_public)
        && observed.policy_is_public == Reading::Known(true)
        && effective(observed).block_public_policy
}

/// Whether a call has set a key of another account since the guard was installed.
fn has_new_foreign_key(State { observed, baseline }: &State) -> bool {
    let first = observed.history.known().and_then(|history| history.encryption.first.clone());
    let was_foreign = first.map(|first| {
        let mut earlier = observed.clone();
        earlier.set(&Setting::Encryption(Some(first)));
        is_foreign_key(&earlier)
    });
    let is_set = baseline.call_context.changed.contains(&Aspect::Encryption);
    is_foreign_key(observed) && (is_set || was_foreign == Some(false))
}

/// What is not silent is left in an existing bucket that no call has weakened: everything but the switches about policies
/// and, where ACLs are disabled, those about ACLs.
fn affects_clients(before: &State, after: &Observed) -> bool {
    let State { observed, .. } = before;
    let is_set = |encryption: &Reading<Encryption>| {
        encryption.known().map(|one| (one.algorithm.clone(), one.bucket_key))
    };
    let sse_s3 = Some((Algorithm::SseS3, false));
    let is_raised = is_set(&observed.encryption) != is_set(&after.encryption)
        && !has_new_foreign_key(before)
        && !(observed.encryption == Reading::Absent && is_set(&after.encryption) == sse_s3);
    [
        (Aspect::Encryption, is_raised),
        (Aspect::Tls, observed.policy != after.policy),
        (Aspect::Versioning, observed.versioning != after.versioning),
        (Aspect::AccessLogs, observed.access_logs != after.access_logs),
        (Aspect::Notifications, observed.notifications != after.notifications),
        (Aspect::AccountPublicAccess, observed.account_block != after.account_block),
    ]
    .into_iter()
    .any(|(aspect, is_changed)| is_changed && is_held(before, aspect))
}
