//! Default encryption and the block on SSE-C: two aspects of one setting.

use super::{Judgement, only_reported, undone, words};
use crate::model::baseline::Baseline;
use crate::model::observed::{KeyState, Observed, Reading};
use crate::model::setting::{Algorithm, Encryption, Key, Ownership, Setting, SseC};
use crate::{Aspect, Grade, KeyArn, LeftBecause, Mode, Question};

/// Judges both, with one new setting for both.
pub(super) fn judge(observed: &Observed, baseline: &Baseline) -> Vec<(Aspect, Judgement)> {
    let modes = [Aspect::Encryption, Aspect::SseC].map(|aspect| (aspect, baseline.mode(aspect)));
    let wanted = modes.into_iter().filter(|(_, mode)| *mode != Mode::Off);
    let seen = match &observed.encryption {
        Reading::Known(Encryption { algorithm: Algorithm::Other(name), .. }) => {
            let left = Judgement::Left(LeftBecause::UnknownAlgorithm(name.clone()));
            return wanted.take(1).map(|(aspect, _)| (aspect, left.clone())).collect();
        }
        Reading::Known(seen) => seen.clone(),
        // As before 2023.
        Reading::Absent => {
            Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c: SseC::NotSaid }
        }
        Reading::Unread => {
            return wanted.take(1).map(|(aspect, _)| (aspect, ask(Question::Encryption))).collect();
        }
        Reading::Denied => {
            let left = Judgement::Left(LeftBecause::NotReadable(Question::Encryption));
            return wanted.take(1).map(|(aspect, _)| (aspect, left.clone())).collect();
        }
    };
    let algorithm = algorithm(&seen, observed, baseline);
    // Both halves that are to be mended go into one write.
    let is_kept =
        |aspect| baseline.mode(aspect) == Mode::Keep && undone(observed, aspect).is_none();
    let is_open = observed.id.region.can_block_sse_c() && seen.sse_c != SseC::Blocked;
    // AWS itself has blocked it since April 2026, but for accounts that use it. What says nothing is open as well.
    // Source: Amazon S3 User Guide, "Default SSE-C setting FAQ".
    let is_in_use = is_open && baseline.holds_back(Aspect::SseC);
    let blocks = is_open && !is_in_use;
    let mut mend = seen.clone();
    if let Ok(Some((algorithm, bucket_key))) = &algorithm
        && is_kept(Aspect::Encryption)
    {
        mend.algorithm = algorithm.clone();
        mend.bucket_key = *bucket_key;
    }
    if blocks && is_kept(Aspect::SseC) {
        mend.sse_c = SseC::Blocked;
    }
    let is_absent = observed.encryption == Reading::Absent;
    let weak = |alone: Encryption| {
        let is_mended = mend != seen || is_absent;
        let mend = Setting::Encryption(Some(if is_mended { mend.clone() } else { alone }));
        Judgement::Weak { was: words(&observed.encryption), mend }
    };
    // Both go into one write, so the one waits for what has to be read for the other; nobody reads it for what is off.
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
        Judgement::Left(LeftBecause::SseCInUse)
    } else if is_pending {
        Judgement::AskWhatBreaks(Vec::new())
    } else if blocks {
        weak(Encryption { sse_c: SseC::Blocked, ..seen.clone() })
    } else {
        Judgement::Right
    };
    let judged = [of_algorithm, of_sse_c].into_iter().zip(modes);
    judged
        .filter(|(_, (_, mode))| *mode != Mode::Off)
        .map(|(judgement, (aspect, mode))| (aspect, only_reported(judgement, mode)))
        .collect()
}

fn ask(question: Question) -> Judgement {
    Judgement::Ask(vec![question])
}

/// The algorithm and bucket key that the encryption has to be raised to; `None` if it is strong enough.
fn algorithm(
    seen: &Encryption,
    observed: &Observed,
    baseline: &Baseline,
) -> Result<Option<(Algorithm, bool)>, Judgement> {
    let Some(wanted) = raised(seen, baseline) else { return Ok(None) };
    match wanted {
        Raised::ToTheirs(algorithm) => obstacle(observed, None).map(|()| Some((algorithm, false))),
        Raised::ToOurs { dsse } => {
            let Some(key) = &baseline.key else {
                let region = observed.id.region.clone();
                return Err(Judgement::Left(LeftBecause::NoKey(baseline.grade, region)));
            };
            obstacle(observed, Some(key))?;
            let named = Key::Named(key.as_str().to_owned());
            // Bucket keys do not exist for DSSE-KMS.
            Ok(Some(if dsse {
                (Algorithm::Dsse(named), false)
            } else {
                (Algorithm::Kms(named), true)
            }))
        }
    }
}

/// To what an encryption has to be raised.
enum Raised {
    /// To the configured key.
    ToOurs { dsse: bool },
    /// To this, with the key that it has.
    ToTheirs(Algorithm),
}

/// What an encryption has to be raised to; `None` if it is strong enough.
///
/// The key that AWS manages is not a customer's, so it is replaced. A customer's key stays, whichever it is.
fn raised(seen: &Encryption, baseline: &Baseline) -> Option<Raised> {
    let is_ours = |name: &str| baseline.key.as_ref().is_some_and(|key| key.as_str() == name);
    match (baseline.grade, &seen.algorithm) {
        (Grade::Hybrid, Algorithm::Kms(Key::Named(name))) if is_ours(name) && !seen.bucket_key => {
            Some(Raised::ToOurs { dsse: false })
        }
        (Grade::Speed, _)
        | (_, Algorithm::Other(_))
        | (Grade::Hybrid, Algorithm::Kms(Key::Named(_)) | Algorithm::Dsse(_))
        | (Grade::Security, Algorithm::Dsse(Key::Named(_))) => None,
        (Grade::Hybrid, Algorithm::SseS3 | Algorithm::Kms(Key::AwsManaged)) => {
            Some(Raised::ToOurs { dsse: false })
        }
        (Grade::Security, Algorithm::Kms(theirs @ Key::Named(_))) => {
            Some(Raised::ToTheirs(Algorithm::Dsse(theirs.clone())))
        }
        (
            Grade::Security,
            Algorithm::SseS3 | Algorithm::Kms(Key::AwsManaged) | Algorithm::Dsse(Key::AwsManaged),
        ) => Some(Raised::ToOurs { dsse: true }),
    }
}

/// What stands in the way of a stronger encryption: those who could not use the key, or the key itself.
fn obstacle(observed: &Observed, key: Option<&KeyArn>) -> Result<(), Judgement> {
    let left = |because| Err(Judgement::Left(because));
    let account = &observed.id.account;
    let mut ask = Vec::new();
    match &observed.policy {
        Reading::Known(policy) if policy.admits_outsiders(account) => {
            return left(LeftBecause::Outsiders);
        }
        Reading::Known(_) | Reading::Absent => {}
        Reading::Denied => return left(LeftBecause::NotReadable(Question::Policy)),
        Reading::Unread => ask.push(Question::Policy),
    }
    // Where ACLs count for nothing, nobody writes by one.
    if observed.ownership.known() != Some(&Ownership::BucketOwnerEnforced) {
        match &observed.acl {
            Reading::Known(acl) if acl.admits_log_delivery => return left(LeftBecause::LogTarget),
            Reading::Known(acl) if acl.grants_others => return left(LeftBecause::Outsiders),
            Reading::Known(_) | Reading::Absent => {}
            Reading::Denied => return left(LeftBecause::NotReadable(Question::Acl)),
            Reading::Unread => ask.push(Question::Acl),
        }
    }
    if let Some(key) = key {
        let unusable = |why: &str| LeftBecause::KeyUnusable(key.clone(), why.to_owned());
        if key.region() != &observed.id.region {
            return left(unusable("it is in another Region than the bucket"));
        }
        match &observed.key {
            Reading::Known(KeyState::Usable) => {}
            Reading::Known(KeyState::Unusable(why)) => return left(unusable(why)),
            Reading::Absent => return left(unusable("there is no such key")),
            Reading::Denied => return left(LeftBecause::NotReadable(Question::Key)),
            Reading::Unread => ask.push(Question::Key),
        }
    }
    if ask.is_empty() { Ok(()) } else { Err(Judgement::AskWhatBreaks(ask)) }
}

/// A key of another account, who then decides who can read: it is told of, unless it is the configured one.
fn foreign_key(seen: &Encryption, observed: &Observed, baseline: &Baseline) -> Option<Judgement> {
    let Some(Key::Named(name)) = seen.algorithm.key() else { return None };
    if baseline.key.as_ref().is_some_and(|key| key.as_str() == name) {
        return None;
    }
    let owner = name.split(':').nth(4)?;
    (owner != observed.id.account.as_str())
        .then(|| Judgement::Left(LeftBecause::ForeignKey(name.clone())))
}
