//! Default encryption and the block on SSE-C: two aspects of one setting.

use super::licence::{Licence, allowed, by_mode};
use super::{Judgement, suppressed};
use crate::evaluate::demands;
use crate::model::baseline::Baseline;
use crate::model::effect::SettingChange;
use crate::model::observed::{KeyState, Observed, Reading};
use crate::model::policy::Policy;
use crate::model::setting::{Algorithm, Encryption, Key, Ownership, Setting, SseC};
use crate::{Age, Aspect, Grade, KeyArn, Mode, Question, Reason};

/// Judges both, with one new setting for both.
pub(super) fn judge(observed: &Observed, baseline: &Baseline) -> Vec<(Aspect, Judgement)> {
    let modes = [Aspect::Encryption, Aspect::SseC].map(|aspect| (aspect, baseline.mode(aspect)));
    let is_wanted = |mode: Mode| mode != Mode::Off;
    match judge_both(observed, baseline) {
        Ok(judgements) => {
            let judged = judgements.into_iter().zip(modes);
            judged
                .filter(|(_, (_, mode))| is_wanted(*mode))
                .map(|(judgement, (aspect, _))| {
                    (aspect, by_mode(judgement, aspect, observed, baseline))
                })
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
    let is_written = |aspect, change| {
        baseline.mode(aspect).enforces()
            && suppressed(observed, aspect).is_none()
            && allowed(change, aspect, observed, baseline) == Licence::Given
    };
    let is_open = observed.id.region.can_block_sse_c() && seen.sse_c != SseC::Blocked;
    // AWS itself has blocked it since April 2026, except in accounts that use it. If S3 does not say, it is open too.
    // Source: Amazon S3 User Guide, "Default SSE-C setting FAQ".
    let of_sse_c =
        if is_open { demanded(observed, baseline, Aspect::SseC, demands::sse_c) } else { Ok(None) };
    let mut remediate = seen.clone();
    if let Ok(Some(raised)) = &algorithm
        && is_written(Aspect::Encryption, raised.change)
    {
        remediate.algorithm = raised.algorithm.clone();
        remediate.bucket_key = raised.bucket_key;
    }
    if is_open && of_sse_c.is_ok() && is_written(Aspect::SseC, SettingChange::BlockSseC) {
        remediate.sse_c = SseC::Blocked;
    }
    let is_absent = *reading == Reading::Absent;
    let weak = |alone: Encryption, change, warning: Option<String>| {
        let is_remediated = remediate != seen || is_absent;
        let remediate =
            Setting::Encryption(Some(if is_remediated { remediate.clone() } else { alone }));
        let judgement = Judgement::weak(reading, change, remediate);
        match (judgement, warning) {
            (Judgement::Weak { was, change, remediate }, Some(warning)) => {
                Judgement::Weak { was: format!("{was}; {warning}"), change, remediate }
            }
            (judgement, _) => judgement,
        }
    };
    // Both go into one write, so one waits for what has to be read for the other, unless that is off.
    let is_pending = baseline.mode(Aspect::Encryption) != Mode::Off
        && matches!(algorithm, Err(Judgement::AskWhatBreaks(_)));
    let of_algorithm = match algorithm {
        Ok(None) if is_absent => weak(seen.clone(), SettingChange::DefaultEncryption, None),
        Ok(None) => foreign_key(&seen, observed, baseline).unwrap_or(Judgement::Right),
        Ok(Some(Raised { algorithm, bucket_key, change, warning })) => {
            weak(Encryption { algorithm, bucket_key, sse_c: seen.sse_c }, change, warning)
        }
        Err(judgement) => judgement,
    };
    let of_sse_c = match of_sse_c {
        _ if !is_open => Judgement::Right,
        Err(judgement) => judgement,
        Ok(_) if is_pending => Judgement::AskWhatBreaks(Vec::new()),
        Ok(warning) => weak(
            Encryption { sse_c: SseC::Blocked, ..seen.clone() },
            SettingChange::BlockSseC,
            warning,
        ),
    };
    Ok([of_algorithm, of_sse_c])
}

/// What the encryption has to be raised to.
struct Raised {
    algorithm: Algorithm,
    bucket_key: bool,
    change: SettingChange,
    warning: Option<String>,
}

/// What the encryption has to be raised to; `None` if it is strong enough.
///
/// The AWS managed key is replaced; any customer managed key stays.
fn algorithm(
    seen: &Encryption,
    observed: &Observed,
    baseline: &Baseline,
) -> Result<Option<Raised>, Judgement> {
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
            let algorithm = Algorithm::Dsse(theirs.clone());
            let warning = obstacle(observed, baseline, &algorithm, None)?;
            let change = SettingChange::Dsse;
            return Ok(Some(Raised { algorithm, bucket_key: false, change, warning }));
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
    let named = Key::Named(key.to_string());
    let algorithm = if is_dsse { Algorithm::Dsse(named) } else { Algorithm::Kms(named) };
    let warning = obstacle(observed, baseline, &algorithm, Some(key))?;
    let has_key = algorithm == seen.algorithm;
    let change = if has_key { SettingChange::BucketKey } else { SettingChange::CustomerKey };
    // Bucket keys do not exist for DSSE-KMS.
    Ok(Some(Raised { algorithm, bucket_key: !is_dsse, change, warning }))
}

/// What the policy demands of uploads that would fail: a reason not to change the setting, or with `enforce` a warning.
fn demanded(
    observed: &Observed,
    baseline: &Baseline,
    aspect: Aspect,
    demands: impl FnOnce(&Policy) -> Option<String>,
) -> Result<Option<String>, Judgement> {
    if observed.policy.is_unread() && baseline.mode(aspect).enforces() {
        return Err(Judgement::AskWhatBreaks(vec![Question::Policy]));
    }
    let Some(what) = observed.policy.known().and_then(demands) else { return Ok(None) };
    let reason = Reason::PolicyDemands(what);
    match baseline.mode(aspect) {
        Mode::EnforceNew => Err(Judgement::NotRemediated(reason)),
        Mode::Off | Mode::Report | Mode::Enforce => Ok(Some(reason.warning())),
    }
}

/// What prevents a stronger encryption: principals that could not use the key, the key itself, or what would fail. With
/// `enforce` the latter is a warning.
fn obstacle(
    observed: &Observed,
    baseline: &Baseline,
    raised: &Algorithm,
    key: Option<&KeyArn>,
) -> Result<Option<String>, Judgement> {
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
    // S3 replicates objects with SSE-KMS only if the rule says so.
    // Source: Amazon S3 User Guide, "Replicating encrypted objects".
    let is_first_key =
        observed.encryption.known().is_none_or(|seen| seen.algorithm.key().is_none());
    let mut warning = None;
    match &observed.replication {
        Reading::Known(rules) if is_first_key && rules.without_kms => {
            if baseline.mode(Aspect::Encryption) != Mode::Enforce {
                return not_remediated(Reason::ReplicatesWithoutKms);
            }
            warning = Some(Reason::ReplicatesWithoutKms.warning());
        }
        // A new bucket is not replicated.
        Reading::Unread if is_first_key && baseline.call_context.age != Age::New => {
            ask.push(Question::Replication);
        }
        Reading::Known(_) | Reading::Absent | Reading::Denied | Reading::Unread => {}
    }
    if !ask.is_empty() {
        return Err(Judgement::AskWhatBreaks(ask));
    }
    let demanded =
        demanded(observed, baseline, Aspect::Encryption, |policy| demands::other(policy, raised))?;
    Ok(warning.into_iter().chain(demanded).reduce(|one, other| format!("{one}; {other}")))
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
