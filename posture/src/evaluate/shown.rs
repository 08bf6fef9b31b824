//! What the events of calls say of settings that cannot be read: it is reported, and never written.

use super::admitted::{self, admitted, names};
use super::assess::effective_block;
use crate::model::observed::{Observed, Reading};
use crate::model::policy::Policy;
use crate::model::protection::{Protection, Value};
use crate::model::setting::{Key, KeyOwner, Ownership, PublicAccessBlock};
use crate::model::severity::Severity;
use crate::{
    AccountId, Aspect, Baseline, BucketName, Call, Finding, Grade, Mode, Question, Reason,
};

/// The policy that the last of the calls has put, if there is one.
pub fn policy(calls: &[Call]) -> Option<Policy> {
    let last = last(calls, &["PutBucketPolicy", "DeleteBucketPolicy"])?;
    last.policy.as_deref().map(Policy::new)
}

/// Whether a policy names the guard's role in a statement that denies a read of the bucket.
pub fn denies_by_name(policy: &Policy, bucket: &BucketName, role: Option<&str>) -> bool {
    let reads = Question::ALL.into_iter().filter(|question| question.is_of_bucket());
    let mut denying = reads.filter_map(|read| policy.denying(read.permission().0, bucket, role));
    denying.any(|one| one.names_role)
}

/// What the parameters of calls say of the settings that could not be read, as far as it is not as wanted.
///
/// Switches that cannot be read count as off: it is better to report too much of a bucket that hides its settings.
pub fn shown(observed: &Observed, baseline: &Baseline, calls: &[Call]) -> Vec<Finding> {
    let all = [
        of_policy(observed, baseline, calls),
        of_acl(observed, calls),
        of_block(observed, calls),
        of_encryption(observed, baseline, calls),
    ];
    let all = all.into_iter().flatten();
    all.filter(|finding| baseline.mode(finding.aspect()) != Mode::Off).collect()
}

fn last<'c>(calls: &'c [Call], names: &[&str]) -> Option<&'c Call> {
    calls.iter().rfind(|call| names.contains(&call.event_name.as_str()))
}

fn finding(aspect: Aspect, severity: Severity, call: &Call, what: String) -> Finding {
    let call = call.event_name.clone();
    Finding::NotRemediated { aspect, reason: Reason::Shown { severity, call, what } }
}

/// The switches in effect, as far as they can be read.
fn block(observed: &Observed) -> PublicAccessBlock {
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    effective_block(observed, own)
}

fn of_policy(observed: &Observed, baseline: &Baseline, calls: &[Call]) -> Option<Finding> {
    if observed.policy != Reading::Denied {
        return None;
    }
    let call = last(calls, &["PutBucketPolicy", "DeleteBucketPolicy"])?;
    let policy = Policy::new(call.policy.as_deref()?);
    let account = &observed.id.account;
    let is_public = admitted::is_public(&policy, account).unwrap_or(true)
        && !block(observed).restrict_public_buckets;
    let admitted = admitted(&policy, account, &baseline.trusted);
    let outsiders = admitted.iter().filter(|one| one.standing == admitted::Standing::Outsider);
    let names = names(outsiders.clone())?;
    if is_public {
        let what = format!("its policy makes it public: it lets in {names}");
        return Some(finding(Aspect::PublicAccess, Severity::Critical, call, what));
    }
    let mut outsiders = outsiders;
    let is_of_aws = outsiders.all(admitted::Admitted::is_of_aws);
    let severity = if is_of_aws { Severity::Warning } else { Severity::High };
    Some(finding(Aspect::Policy, severity, call, format!("its policy lets others in: {names}")))
}

fn of_acl(observed: &Observed, calls: &[Call]) -> Option<Finding> {
    let acls_count = observed.ownership.known() != Some(&Ownership::BucketOwnerEnforced);
    if observed.acl != Reading::Denied || !acls_count {
        return None;
    }
    let call = last(calls, &["PutBucketAcl", "CreateBucket"])?;
    if call.exposes && !block(observed).ignore_public_acls {
        let what = "its ACL makes it public".to_owned();
        return Some(finding(Aspect::Acl, Severity::Critical, call, what));
    }
    let what = "its ACL grants access to others than its owner".to_owned();
    call.effect.grants_others.then(|| finding(Aspect::Acl, Severity::High, call, what))
}

fn of_block(observed: &Observed, calls: &[Call]) -> Option<Finding> {
    if observed.public_access_block != Reading::Denied {
        return None;
    }
    let call = last(calls, &["PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"])?;
    let Some(Value::Block(set)) = call.effect.sets.get(&Protection::PublicAccess) else {
        return None;
    };
    let what = format!("its public access block is {set}");
    let is_closed = *set == PublicAccessBlock::ALL;
    (!is_closed).then(|| finding(Aspect::PublicAccess, Severity::High, call, what))
}

fn of_encryption(observed: &Observed, baseline: &Baseline, calls: &[Call]) -> Option<Finding> {
    if observed.encryption != Reading::Denied {
        return None;
    }
    let call = last(calls, &["PutBucketEncryption", "DeleteBucketEncryption"])?;
    let set = |protection| call.effect.sets.get(&protection);
    let named = set(Protection::Key);
    if let Some(owner) = named.and_then(|key| foreign_account(key, &observed.id.account)) {
        let is_trusted = baseline.trusted.accounts.iter().any(|one| one.as_str() == owner);
        let what = format!("new objects are encrypted with a key of account {owner}");
        if !is_trusted && !is_configured(named, baseline) {
            return Some(finding(Aspect::Encryption, Severity::High, call, what));
        }
    }
    if let Some(Value::Algorithm(name)) = set(Protection::Algorithm)
        && rank(name) < wanted(baseline.grade)
    {
        let (grade, name) = (baseline.grade, crate::text::shown(name, 40));
        let what =
            format!("its default encryption is `{name}`, weaker than the grade {grade} asks");
        return Some(finding(Aspect::Encryption, Severity::High, call, what));
    }
    let is_open = set(Protection::SseC) == Some(&Value::Off);
    let what = "uploads with SSE-C are not blocked".to_owned();
    is_open.then(|| finding(Aspect::SseC, Severity::High, call, what))
}

fn foreign_account<'v>(key: &'v Value, account: &AccountId) -> Option<&'v str> {
    let Value::Key(key) = key else { return None };
    if let KeyOwner::Another(owner) = key.owner(account) { Some(owner) } else { None }
}

fn is_configured(key: Option<&Value>, baseline: &Baseline) -> bool {
    let Some(Value::Key(Key::Named(name))) = key else { return false };
    baseline.key.as_ref().is_some_and(|key| key.as_str() == name)
}

fn rank(algorithm: &str) -> u8 {
    match algorithm {
        "aws:kms" => 1,
        "aws:kms:dsse" => 2,
        _ => 0,
    }
}

const fn wanted(grade: Grade) -> u8 {
    match grade {
        Grade::Speed => 0,
        Grade::Hybrid => 1,
        Grade::Security => 2,
    }
}
