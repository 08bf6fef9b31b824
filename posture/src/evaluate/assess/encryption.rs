//! Default encryption and the block on SSE-C: two aspects of one setting.

use super::licence::{Licence, allowed, by_mode};
use super::{Judgement, suppressed};
use crate::evaluate::admitted::{admitted, names};
use crate::evaluate::demands;
use crate::model::baseline::Baseline;
use crate::model::effect::SettingChange;
use crate::model::finding::NOT_TRUSTED;
use crate::model::observed::{DescribedKey, KeyState, Observed, Reading};
use crate::model::policy::Policy;
use crate::model::setting::{Algorithm, Encryption, Key, KeyOwner, Ownership, Setting, SseC};
use crate::{Age, Aspect, Grade, KeyArn, Mode, Question, Reason, Trusted};

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
    let keys = Keys { observed, baseline };
    let algorithm = match keys.foreign_account(&seen.algorithm) {
        Some(account) => keys.without_foreign_key(&seen, account),
        None => keys.algorithm(&seen, &observed.bucket_key),
    };
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
        let is_created = is_absent && baseline.mode(Aspect::Encryption).enforces();
        let is_remediated = remediate != seen || is_created;
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
        && matches!(algorithm, Err(Judgement::Ask(_) | Judgement::AskWhatBreaks(_)));
    let of_algorithm = match algorithm {
        Ok(None) if is_absent => weak(seen.clone(), SettingChange::DefaultEncryption, None),
        Ok(None) => Judgement::Right,
        Ok(Some(Raised { algorithm, bucket_key, change, warning })) => {
            let raised = Encryption { algorithm, bucket_key, sse_c: seen.sse_c };
            keys.named(&seen, weak(raised, change, warning))
        }
        Err(judgement) => judgement,
    };
    let of_sse_c = match of_sse_c {
        _ if !is_open => Judgement::Right,
        Err(judgement) => judgement,
        Ok(_) if is_pending => Judgement::AskWhatBreaks(Vec::new()),
        Ok(warning) => match keys.foreign_account(&remediate.algorithm) {
            Some(account) => {
                Judgement::NotRemediated(Reason::SseCWithForeignKey(account.to_owned()))
            }
            None => weak(
                Encryption { sse_c: SseC::Blocked, ..seen.clone() },
                SettingChange::BlockSseC,
                warning,
            ),
        },
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

/// Whose key a bucket has, as far as the judgement distinguishes keys.
enum Standing {
    /// AWS's, whose policy cannot be changed.
    Aws,
    /// The configured one.
    Configured,
    /// A customer's.
    Customers,
}

/// The keys of a bucket, of the configuration and of others.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) observed: &'a Observed,
    pub(super) baseline: &'a Baseline,
}

impl Keys<'_> {
    /// The account of the key, if that is another one, neither trusted nor that of the configured key.
    ///
    /// No write names such a key.
    pub(super) fn foreign_account<'k>(&self, algorithm: &'k Algorithm) -> Option<&'k str> {
        let key = algorithm.key()?;
        let KeyOwner::Another(owner) = key.owner(&self.observed.id.account) else { return None };
        let is_trusted =
            self.baseline.trusted.accounts.iter().any(|account| account.as_str() == owner);
        (!is_trusted && !self.is_configured(key)).then_some(owner)
    }

    fn is_configured(&self, key: &Key) -> bool {
        let configured = self.baseline.key.as_ref();
        matches!(key, Key::Named(name) if configured.is_some_and(|key| key.as_str() == name))
    }

    fn standing(
        &self,
        key: &Key,
        described: &Reading<DescribedKey>,
    ) -> Result<Standing, Judgement> {
        let not_remediated = |reason| Err(Judgement::NotRemediated(reason));
        let Key::Named(name) = key else { return Ok(Standing::Aws) };
        if self.is_configured(key) {
            return Ok(Standing::Configured);
        }
        match key.owner(&self.observed.id.account) {
            KeyOwner::Aws => return Ok(Standing::Aws),
            // KMS describes it only to its own account, and no other one can use a key that AWS manages.
            KeyOwner::Another(_) => return Ok(Standing::Customers),
            KeyOwner::Account => {}
        }
        match described {
            Reading::Known(key) if key.is_aws_managed => Ok(Standing::Aws),
            Reading::Known(key) if self.is_configured(&Key::Named(key.arn.clone())) => {
                Ok(Standing::Configured)
            }
            Reading::Known(_) => Ok(Standing::Customers),
            Reading::Absent => not_remediated(Reason::NoSuchKey(name.clone())),
            Reading::Denied => not_remediated(Reason::NotReadable(Question::BucketKey)),
            Reading::Unread => Err(Judgement::Ask(vec![Question::BucketKey])),
        }
    }

    /// The algorithm and bucket key that the encryption has to be raised to; `None` if it is strong enough.
    ///
    /// A key that AWS manages is replaced; any customer managed key stays, with its spelling.
    fn algorithm(
        &self,
        seen: &Encryption,
        described: &Reading<DescribedKey>,
    ) -> Result<Option<Raised>, Judgement> {
        let Self { observed, baseline } = *self;
        let is_dsse = baseline.grade == Grade::Security;
        match (baseline.grade, &seen.algorithm) {
            (Grade::Speed, _) | (_, Algorithm::Other(_)) | (Grade::Hybrid, Algorithm::Dsse(_)) => {
                return Ok(None);
            }
            (_, Algorithm::SseS3 | Algorithm::NotSaid) => {}
            (_, Algorithm::Kms(key) | Algorithm::Dsse(key)) => {
                match (self.standing(key, described)?, &seen.algorithm) {
                    (Standing::Aws, _) => {}
                    (Standing::Configured, Algorithm::Kms(_)) if !is_dsse && !seen.bucket_key => {
                        let algorithm = seen.algorithm.clone();
                        let key = baseline.key.as_ref();
                        let warning = obstacle(observed, baseline, &algorithm, key)?;
                        let change = SettingChange::BucketKey;
                        return Ok(Some(Raised { algorithm, bucket_key: true, change, warning }));
                    }
                    (_, Algorithm::Kms(_)) if is_dsse => {
                        let algorithm = Algorithm::Dsse(key.clone());
                        let warning = obstacle(observed, baseline, &algorithm, None)?;
                        let change = SettingChange::Dsse;
                        return Ok(Some(Raised { algorithm, bucket_key: false, change, warning }));
                    }
                    (Standing::Configured | Standing::Customers, _) => return Ok(None),
                }
            }
        }
        let Some(key) = &baseline.key else {
            let region = observed.id.region.clone();
            return Err(Judgement::NotRemediated(Reason::NoKey(baseline.grade, region)));
        };
        let named = Key::Named(key.to_string());
        let algorithm = if is_dsse { Algorithm::Dsse(named) } else { Algorithm::Kms(named) };
        let warning = obstacle(observed, baseline, &algorithm, Some(key))?;
        let change = SettingChange::CustomerKey;
        // Bucket keys do not exist for DSSE-KMS.
        Ok(Some(Raised { algorithm, bucket_key: !is_dsse, change, warning }))
    }

    /// What replaces a key of another account, which decides who can read new objects: what the bucket had before, or what
    /// the grade wants. The key stays, and is reported, in a bucket that had a key of this account before the guard, or
    /// unless a call has just set it or the ledger shows that it was set since then.
    fn without_foreign_key(
        &self,
        seen: &Encryption,
        account: &str,
    ) -> Result<Option<Raised>, Judgement> {
        let Self { observed, baseline } = *self;
        let Some(Key::Named(key)) = seen.algorithm.key() else { return Ok(None) };
        let reported = Judgement::NotRemediated(Reason::ForeignKey {
            key: key.clone(),
            account: account.to_owned(),
        });
        if !baseline.mode(Aspect::Encryption).enforces() {
            return Err(reported);
        }
        let history = match &observed.history {
            Reading::Known(history) => Some(&history.encryption),
            Reading::Absent | Reading::Denied => None,
            Reading::Unread => return Err(Judgement::AskWhatBreaks(vec![Question::History])),
        };
        let first = history.and_then(|history| history.first.as_ref());
        let is_of_account = |one: &Encryption| {
            let owner = one.algorithm.key().map(|key| key.owner(&observed.id.account));
            owner == Some(KeyOwner::Another(account))
        };
        let was_there = first.is_some_and(is_of_account) && history.is_some_and(|one| one.existed);
        let was_set_since = first.is_some_and(|first| !is_of_account(first));
        let is_set_now = baseline.call_context.changed.contains(&Aspect::Encryption);
        if was_there || !(is_set_now || was_set_since) {
            return Err(reported);
        }
        let mut latest = history.into_iter().flat_map(|history| &history.latest);
        let before = latest.find(|one| {
            let is_known = !matches!(one.algorithm, Algorithm::Other(_));
            is_known && self.foreign_account(&one.algorithm).is_none()
        });
        let plain =
            Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c: seen.sse_c };
        let before = before.unwrap_or(&plain);
        // The guard has judged the key that was there before.
        let arn = match before.algorithm.key() {
            Some(Key::Named(name)) => name.clone(),
            Some(Key::AwsManaged) | None => String::new(),
        };
        let described = Reading::Known(DescribedKey { arn, is_aws_managed: false });
        let change = SettingChange::ReplaceForeignKey;
        match self.algorithm(before, &described) {
            Ok(Some(raised)) => Ok(Some(Raised { change, ..raised })),
            Err(ask @ (Judgement::Ask(_) | Judgement::AskWhatBreaks(_))) => Err(ask),
            // If it cannot be as the grade wants, it is as before.
            Ok(None) | Err(_) => Ok(Some(Raised {
                algorithm: before.algorithm.clone(),
                bucket_key: before.bucket_key,
                change,
                warning: None,
            })),
        }
    }

    /// The judgement, with the account whose key is replaced.
    fn named(&self, seen: &Encryption, judgement: Judgement) -> Judgement {
        match (self.foreign_account(&seen.algorithm), judgement) {
            (Some(account), Judgement::Weak { was, change, remediate }) => {
                let was = format!("{was}, of account {account}, {NOT_TRUSTED}");
                Judgement::Weak { was, change, remediate }
            }
            (_, judgement) => judgement,
        }
    }
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
        Reading::Known(policy) => {
            let admitted = admitted(policy, account, &Trusted::default());
            if let Some(names) = names(admitted.iter().filter(|one| one.needs_key())) {
                return not_remediated(Reason::Outsiders(format!("its policy lets in {names}")));
            }
        }
        Reading::Absent => {}
        Reading::Denied => return not_remediated(Reason::NotReadable(Question::Policy)),
        Reading::Unread => ask.push(Question::Policy),
    }
    // Where ACLs are disabled, no access comes from one.
    if observed.ownership.known() != Some(&Ownership::BucketOwnerEnforced) {
        match &observed.acl {
            Reading::Known(acl) if acl.admits_log_delivery => {
                return not_remediated(Reason::LogTarget);
            }
            Reading::Known(acl) if acl.grants_others => {
                return not_remediated(Reason::Outsiders("its ACL lets others in".to_owned()));
            }
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
