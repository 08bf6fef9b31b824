//! What the guard promises of every write, said once more and without the engine.

use super::super::property::{foreign, weakened};
use super::super::*;
use super::space::State;

/// What a write has broken, or weakened.
pub(super) fn broken(before: &State, after: &Observed) -> Vec<&'static str> {
    let State { observed, baseline } = before;
    let checks = [
        ("a statement of others", foreign(observed) != foreign(after)),
        ("who can use the key", locks_out(before, after)),
        ("what was not asked for", writes_unasked(before, after)),
        ("who uses SSE-C", gains_sse_c(observed, after) && baseline.holds_back(Aspect::SseC)),
        ("who reads in public", cuts_off_public(before, after)),
        ("who writes by ACL", switches_acls_off(before, after)),
        ("who sees the website", refuses_website(observed, after)),
        ("the stack", is_in_the_way_of_stack(before, after)),
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
    let account = &observed.id.account;
    let policy = match &observed.policy {
        Reading::Known(policy) => !policy.admits_outsiders(account),
        Reading::Absent => true,
        Reading::Unread | Reading::Denied => false,
    };
    let acl = is_enforced(observed) || is_private(observed.acl);
    let had = |key: &Key| algorithm(observed).key() == Some(key);
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
    let State { observed, baseline } = before;
    if observed.public_access_block == after.public_access_block {
        return false;
    }
    let (was, is) = (effective(observed), effective(after));
    let restricts = is.restrict_public_buckets && !was.restrict_public_buckets;
    let ignores = is.ignore_public_acls && !was.ignore_public_acls;
    let refuses = is.block_public_acls && !was.block_public_acls;
    let policy = observed.policy == Reading::Absent
        || matches!(observed.policy_is_public, Reading::Absent | Reading::Known(false));
    let acl =
        observed.acl == Reading::Absent || observed.acl.known().is_some_and(|acl| !acl.is_public);
    let is_website = observed.website != Reading::Absent;
    let of_objects = is_enforced(after) || !baseline.holds_back(Aspect::PublicAccess);
    (restricts && !policy)
        || (ignores && !acl)
        || ((restricts || ignores) && is_website)
        || ((ignores || refuses) && !of_objects)
}

fn switches_acls_off(before: &State, after: &Observed) -> bool {
    let State { observed, baseline } = before;
    let gains = is_enforced(after) && !is_enforced(observed);
    gains && (!is_private(observed.acl) || baseline.holds_back(Aspect::Ownership))
}

fn refuses_website(before: &Observed, after: &Observed) -> bool {
    let effective = effective(before);
    let is_seen = before.website != Reading::Absent
        && !(effective.ignore_public_acls && effective.restrict_public_buckets);
    is_seen && before.policy != after.policy
}

fn is_in_the_way_of_stack(before: &State, after: &Observed) -> bool {
    let State { observed, baseline } = before;
    let is_first = observed.policy == Reading::Absent && after.policy != Reading::Absent;
    let is_of_stack = observed.tags.known().is_some_and(|tags| tags.contains_key(STACK_TAG));
    let is_at_work = !matches!(observed.stack_in_progress, Reading::Absent | Reading::Known(false));
    is_first && is_of_stack && (baseline.mode(Aspect::Tls) != Mode::Enforce || is_at_work)
}
