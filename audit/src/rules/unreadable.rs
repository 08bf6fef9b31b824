//! What could not be read, with the severity of the worst that it may hide.

use s3guard_posture::model::observed::Observed;
use s3guard_posture::model::setting::{Ownership, PublicAccessBlock};
use s3guard_posture::{Question, Reading};

use super::Found;
use crate::facts::{ASKED, BucketFacts};
use crate::finding::{Missing, Status};
use crate::rule::Rule;
use crate::severity::Severity;

pub(super) fn judge(facts: &BucketFacts, found: &mut Found) {
    let observed = &facts.observed;
    let denied = ASKED.into_iter().filter(|one| observed.reading(*one).is_denied());
    let mut missing: Vec<Missing> = denied
        .filter_map(|question| {
            let (action, _) = question.permission();
            let severity = hides(question, observed)?;
            let cause = match (facts.failed.get(&question), observed.refused.get(&question)) {
                (Some(cause), _) => cause.clone(),
                (None, Some(refusal)) if refusal.code != "AccessDenied" => refusal.to_string(),
                (None, _) => String::new(),
            };
            Some(Missing { action, severity, cause })
        })
        .collect();
    if facts.key.is_denied() {
        let (action, severity) = (Question::Key.permission().0, Severity::High);
        missing.push(Missing { action, severity, cause: String::new() });
    }
    missing.sort();
    missing.dedup_by_key(|one| one.action);
    let Some(severity) = missing.iter().map(|one| one.severity).max() else { return };
    let reasons: Vec<String> = missing.iter().map(words).collect();
    found.add(Rule::Unreadable, "", |finding| {
        finding.status = Status::Unknown;
        finding.severity = severity;
        finding.reasons = reasons;
        finding.missing = missing;
    });
}

pub(super) fn words(missing: &Missing) -> String {
    match missing.cause.as_str() {
        "" => format!("{} is denied", missing.action),
        cause => format!("{}: {cause}", missing.action),
    }
}

/// The worst that an unread setting may hide in a bucket whose other settings are known; `None` if that is nothing.
fn hides(question: Question, observed: &Observed) -> Option<Severity> {
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    let account = observed.account_block.known().copied().unwrap_or_default();
    let block = own.or(account);
    // The grants of a policy to strangers are high in any case.
    let of_policy = if block.restrict_public_buckets { Severity::High } else { Severity::Critical };
    Some(match question {
        Question::Policy | Question::PolicyStatus => of_policy,
        Question::PublicAccessBlock if account == PublicAccessBlock::ALL => Severity::Info,
        Question::PublicAccessBlock => {
            let has_no_policy = observed.policy == Reading::Absent
                || observed.policy_is_public == Reading::Known(false);
            let has_no_acl = observed.ownership.known() == Some(&Ownership::BucketOwnerEnforced);
            if has_no_policy && has_no_acl { Severity::Medium } else { Severity::Critical }
        }
        Question::Acl if observed.ownership.known() == Some(&Ownership::BucketOwnerEnforced) => {
            return None;
        }
        Question::Ownership if observed.acl.known().is_some() => Severity::Medium,
        Question::Acl | Question::Ownership if block.ignore_public_acls => Severity::Medium,
        Question::Acl | Question::Ownership => Severity::Critical,
        Question::Encryption
        | Question::BucketKey
        | Question::Key
        | Question::Website
        | Question::Replication
        | Question::Notifications => Severity::High,
        Question::Versioning | Question::Lifecycle | Question::Tags => Severity::Medium,
        Question::AccessLogs => Severity::Low,
        Question::ObjectLock => Severity::Info,
        Question::AccountBlock | Question::Stack | Question::History => return None,
    })
}

/// The worst that an action may hide in any bucket.
pub(super) fn hides_at_worst(action: &str) -> Severity {
    let nothing_known = Observed::unread(s3guard_posture::BucketId {
        name: s3guard_posture::BucketName::account(),
        account: NO_ACCOUNT.parse().expect("it has twelve digits"),
        region: "us-east-1".parse().expect("it is a Region"),
    });
    let all = ASKED.into_iter().filter(|one| one.permission().0 == action);
    all.filter_map(|one| hides(one, &nothing_known)).max().unwrap_or(Severity::High)
}

const NO_ACCOUNT: &str = "000000000000";
