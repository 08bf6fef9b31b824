//! Default encryption and the block on SSE-C: two aspects of one setting.

use super::{Judgement, only_reported, suppressed};
use crate::model::baseline::Baseline;
use crate::model::observed::{KeyState, Observed, Reading};
use crate::model::setting::{Algorithm, Encryption, Key, Ownership, Setting, SseC};
use crate::{Aspect, Grade, KeyArn, Mode, Question, Reason};

/// Judges both, with one new setting for both.
pub(super) fn judge(observed: &Observed, baseline: &Baseline) -> Vec<(Aspect, Judgement)> {
    let modes = [Aspect::Encryption, Aspect::SseC].map(|aspect| (aspect, baseline.mode(aspect)));
    let is_wanted = |mode: Mode| mode != Mode::Off;
    match judge_both(observed, baseline) {
        Ok(judgements) => {
            let judged = judgements.into_iter().zip(modes);
            judged
                .filter(|(_, (_, mode))| is_wanted(*mode))
                .map(|(judgement, (aspect, mode))| (aspect, only_reported(judgement, mode)))
                .collect()
        }
        // The setting as a whole is not known, which is reported once.
        Err(judgement) => {
            let first = modes.into_iter().find(|(_, mode)| is_wanted(*mode));
            first.into_iter().map(|(aspect, _)| (aspect, judgement.clone())).collect()
        }
    }
}

fn judge_both(observed: &Observed, baseline: &Baseline) -> Result<[Judgement; 2], Judgement> {
    let reading = &observed.encryption;
    let seen = match Judgement::read(reading, Question::Encryption)? {
        Some(Encryption { algorithm: Algorithm::Other(name), .. }) => {
            return Err(Judgement::NotRemediated(Reason::UnknownAlgorithm(name.clone())));
        }
        Some(seen) => seen.clone(),
        // As before 2023.
        None => Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c: SseC::NotSaid },
    };
    let algorithm = algorithm(&seen, observed, baseline);
    // Both halves that are remediated go into one write.
    let is_kept =
        |aspect| baseline.mode(aspect).enforces() && suppressed(observed, aspect).is_none();
    let is_open = observed.id.region.can_block_sse_c() && seen.sse_c != SseC::Blocked;
    // AWS itself has blocked it since April 2026, except in accounts that use it. If S3 does not say, it is open too.
    // Source: Amazon S3 User Guide, "Default SSE-C setting FAQ".
    let is_in_use = is_open && baseline.holds_back(Aspect::SseC);
    let blocks = is_open && !is_in_use;
    let mut remediate = seen.clone();
    if let Ok(Some((algorithm, bucket_key))) = &algorithm
        && is_kept(Aspect::Encryption)
    {
        remediate.algorithm = algorithm.clone();
        remediate.bucket_key = *bucket_key;
    }
    if blocks && is_kept(Aspect::SseC) {
        remediate.sse_c = SseC::Blocked;
    }
    let is_absent = *reading == Reading::Absent;
    let weak = |alone: Encryption| {
        let is_remediated = remediate != seen || is_absent;
        let remediate =
            Setting::Encryption(Some(if is_remediated { remediate.clone() } else { alone }));
        Judgement::weak(reading, remediate)
    };
    // Both go into one write, so one waits for what has to be read for the other, unless that is off.
    let is_pending = baseline.mode(Aspect::Encryption) != Mode::Off
        && matches!(algorithm, Err(Judgement::AskWhatBreaks(_)));
    let of_algorithm = match algorithm {
        Ok(None) if is_absent => weak(seen.clone()),
        Ok(None) => foreign_key(&seen, observed, baseline).unwrap_or(Judgement::Right),
        Ok(Some((algorithm, bucket_key))) => {
            weak(Encryption { algorithm, bucket_key, sse_c: seen.sse_c })
        }
        Err(judgement) => judgement,
    };
    let of_sse_c = if is_in_use {
        Judgement::NotRemediated(Reason::SseCInUse)
    } else if is_pending {
        Judgement::AskWhatBreaks(Vec::new())
    } else if blocks {
        weak(Encryption { sse_c: SseC::Blocked, ..seen.clone() })
    } else {
        Judgement::Right
    };
    Ok([of_algorithm, of_sse_c])
}

/// The algorithm and bucket key that the encryption has to be raised to; `None` if it is strong enough.
///
/// The AWS managed key is replaced; any customer managed key stays.
fn algorithm(
    seen: &Encryption,
    observed: &Observed,
    baseline: &Baseline,
) -> Result<Option<(Algorithm, bool)>, Judgement> {
    let is_ours = |name: &str| baseline.key.as_ref().is_some_and(|key| key.as_str() == name);
    let is_dsse = match (baseline.grade, &seen.algorithm) {
        (Grade::Hybrid, Algorithm::Kms(Key::Named(name))) if is_ours(name) && !seen.bucket_key => {
            false
        }
        (Grade::Speed, _)
        | (_, Algorithm::Other(_))
        | (Grade::Hybrid, Algorithm::Kms(Key::Named(_)) | Algorithm::Dsse(_))
        | (Grade::Security, Algorithm::Dsse(Key::Named(_))) => return Ok(None),
        (Grade::Hybrid, Algorithm::SseS3 | Algorithm::Kms(Key::AwsManaged)) => false,
        (Grade::Security, Algorithm::Kms(theirs @ Key::Named(_))) => {
            obstacle(observed, None)?;
            return Ok(Some((Algorithm::Dsse(theirs.clone()), false)));
        }
        (
            Grade::Security,
            Algorithm::SseS3 | Algorithm::Kms(Key::AwsManaged) | Algorithm::Dsse(Key::AwsManaged),
        ) => true,
    };
    let Some(key) = &baseline.key else {
        let region = observed.id.region.clone();
        return Err(Judgement::NotRemediated(Reason::NoKey(baseline.grade, region)));
    };
    obstacle(observed, Some(key))?;
    let named = Key::Named(key.to_string());
    // Bucket keys do not exist for DSSE-KMS.
    Ok(Some(if is_dsse { (Algorithm::Dsse(named), false) } else { (Algorithm::Kms(named), true) }))
}

/// What prevents a stronger encryption: principals that could not use the key, or the key itself.
fn obstacle(observed: &Observed, key: Option<&KeyArn>) -> Result<(), Judgement> {
    let not_remediated = |reason| Err(Judgement::NotRemediated(reason));
    let account = &observed.id.account;
    let mut ask = Vec::new();
    match &observed.policy {
        Reading::Known(policy) if policy.admits_outsiders(account) => {
            return not_remediated(Reason::Outsiders);
        }
        Reading::Known(_) | Reading::Absent => {}
        Reading::Denied => return not_remediated(Reason::NotReadable(Question::Policy)),
        Reading::Unread => ask.push(Question::Policy),
    }
    // Where ACLs are disabled, no access comes from one.
    if observed.ownership.known() != Some(&Ownership::BucketOwnerEnforced) {
        match &observed.acl {
            Reading::Known(acl) if acl.admits_log_delivery => {
                return not_remediated(Reason::LogTarget);
            }
            Reading::Known(acl) if acl.grants_others => return not_remediated(Reason::Outsiders),
            Reading::Known(_) | Reading::Absent => {}
            Reading::Denied => return not_remediated(Reason::NotReadable(Question::Acl)),
            Reading::Unread => ask.push(Question::Acl),
        }
    }
    if let Some(key) = key {
        let unusable = |why: &str| Reason::KeyUnusable(key.clone(), why.to_owned());
        if key.region() != &observed.id.region {
            return not_remediated(unusable("it is in another Region than the bucket"));
        }
        match &observed.key {
            Reading::Known(KeyState::Usable) => {}
            Reading::Known(KeyState::Unusable(why)) => return not_remediated(unusable(why)),
            Reading::Absent => return not_remediated(unusable("there is no such key")),
            Reading::Denied => return not_remediated(Reason::NotReadable(Question::Key)),
            Reading::Unread => ask.push(Question::Key),
        }
    }
    if ask.is_empty() { Ok(()) } else { Err(Judgement::AskWhatBreaks(ask)) }
}

/// Reports a key of another account, which then decides who can read, unless it is the configured key.
fn foreign_key(seen: &Encryption, observed: &Observed, baseline: &Baseline) -> Option<Judgement> {
    let Some(Key::Named(name)) = seen.algorithm.key() else { return None };
    if baseline.key.as_ref().is_some_and(|key| key.as_str() == name) {
        return None;
    }
    let owner = name.split(':').nth(4)?;
    (owner != observed.id.account.as_str())
        .then(|| Judgement::NotRemediated(Reason::ForeignKey(name.clone())))
}
