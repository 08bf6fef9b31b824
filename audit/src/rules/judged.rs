//! What the guard's engine finds, by rule. The judgement is the engine's; the rule and its severity are ours.

use s3guard_posture::evaluate::tls::{self, Denied};
use s3guard_posture::model::observed::Observed;
use s3guard_posture::model::setting::{
    Algorithm, Encryption, Key, KeyOwner, PublicAccessBlock, Setting, SseC,
};
use s3guard_posture::{Aspect, Baseline, Finding as Judged, Reason};
use serde_json::json;

use super::{Found, engine, plain};
use crate::rule::Rule;
use crate::severity::Severity;

pub(super) fn judge(observed: &Observed, baseline: &Baseline, found: &mut Found) {
    for judged in engine(observed, baseline) {
        let (aspect, reason) = match judged {
            Judged::NotRemediated { aspect, reason } => (aspect, reason),
            // Nothing is written in mode `report`.
            Judged::Weak { aspect, was, .. } => (aspect, Reason::ReportOnly(was)),
            Judged::Later { .. } => continue,
        };
        // What could not be read has a rule of its own.
        if matches!(reason, Reason::NotReadable(_) | Reason::Unreadable(_)) {
            continue;
        }
        add(observed, aspect, &reason, found);
    }
}

/// The rule of an aspect that is not as wanted.
fn add(observed: &Observed, aspect: Aspect, reason: &Reason, found: &mut Found) {
    let words = words(reason);
    match aspect {
        Aspect::Encryption => found.add(of_encryption(reason), words, plain),
        Aspect::SseC => found.add(Rule::SseCOpen, "SSE-C is not blocked", |finding| {
            finding.setting = without_sse_c(observed).map(Box::new);
        }),
        Aspect::PublicAccess => of_block(observed, found),
        Aspect::AccountPublicAccess => found.add(Rule::AccountBlock, words, plain),
        Aspect::Tls => of_tls(observed, reason, words, found),
        Aspect::Policy if matches!(reason, Reason::PolicyNotUnderstood) => {
            found.add(Rule::PolicyUnclear, UNCLEAR, plain);
        }
        Aspect::Ownership => {
            found.add(Rule::AclsEnabled, "its ownership is not BucketOwnerEnforced", plain);
        }
        // What is public is in `exposure`.
        Aspect::Acl if observed.acl.known().is_some_and(|acl| acl.is_public) => {}
        Aspect::Acl => found.add(Rule::AclGrantsOthers, words, plain),
        Aspect::Versioning if observed.versioning.known().is_some() => {
            found.add(Rule::VersioningSuspended, "its versioning is suspended", plain);
        }
        Aspect::Versioning => {
            found.add(Rule::VersioningOff, "its versioning was never enabled", plain);
        }
        Aspect::AccessLogs => found.add(Rule::AccessLogOff, "it has no server access logs", plain),
        Aspect::Notifications if matches!(reason, Reason::SentElsewhere(_)) => {
            found.add(Rule::DataLeaves, words, plain);
        }
        Aspect::Notifications => found.add(Rule::EventsOff, "EventBridge is not enabled", plain),
        Aspect::Replication => found.add(Rule::DataLeaves, words, plain),
        Aspect::Lifecycle => found.add(Rule::VersionsExpireFast, words, plain),
        // Whom the policy lets in is in `principals` and `exposure`; the others are judged after calls alone.
        Aspect::Policy | Aspect::ObjectLock | Aspect::AccessPoints | Aspect::Exports => {}
    }
}

fn of_encryption(reason: &Reason) -> Rule {
    if matches!(reason, Reason::ForeignKey { .. }) {
        Rule::KeyForeign
    } else if matches!(reason, Reason::NoSuchKey(_)) {
        Rule::KeyUnusable
    } else {
        Rule::EncryptionWeak
    }
}

const UNCLEAR: &str = "its policy could not be parsed, or has a key twice";

/// A reason without what the guard does about it.
fn words(reason: &Reason) -> String {
    if let Reason::ReportOnly(text)
    | Reason::NeverWritten(text)
    | Reason::SentElsewhere(text)
    | Reason::DeniesTls(text)
    | Reason::DeniesEveryRequest(text) = reason
    {
        text.clone()
    } else {
        reason.to_string()
    }
}

fn of_block(observed: &Observed, found: &mut Found) {
    let own = observed.public_access_block.known().copied().unwrap_or_default();
    let is_covered = observed.account_block.known() == Some(&PublicAccessBlock::ALL);
    let reason = format!("its public access block is {own}");
    found.add(Rule::BucketBlock, reason, |finding| {
        if is_covered {
            finding.severity = Severity::Info;
            finding.held_back_by = vec!["account"];
        }
    });
}

fn of_tls(observed: &Observed, reason: &Reason, words: String, found: &mut Found) {
    if *reason == Reason::PolicyNotUnderstood {
        return found.add(Rule::PolicyUnclear, UNCLEAR, plain);
    }
    if matches!(reason, Reason::DeniesEveryRequest(_) | Reason::DeniesTls(_)) {
        return found.add(Rule::LockedOut, words, plain);
    }
    let document = observed.policy.known().and_then(|policy| policy.document());
    let Some(document) = document else {
        let statement = Denied::PlainHttp.statement(&observed.id);
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
        return found.add(Rule::HttpAllowed, "it has no policy", |finding| {
            finding.setting = Some(Box::new(Setting::Policy(Some(policy.to_string()))));
        });
    };
    let id = &observed.id;
    let let_in =
        |wanted: &[Denied]| format!("its policy lets in {}", tls::let_in(document, wanted, id));
    if tls::merged(Some(document), &[Denied::PlainHttp], id).is_none() {
        return found.add(Rule::OldTls, let_in(&[Denied::OldTls]), plain);
    }
    found.add(Rule::HttpAllowed, let_in(&[Denied::PlainHttp]), |finding| {
        finding.reasons.extend(tls::falls_short(document, &[Denied::PlainHttp], id));
    });
}

/// The encryption as it is, with SSE-C blocked; none with a key of another account, which is not written again.
fn without_sse_c(observed: &Observed) -> Option<Setting> {
    let seen = observed.encryption.known()?;
    let is_foreign = |key: &Key| matches!(key.owner(&observed.id.account), KeyOwner::Another(_));
    if matches!(seen.algorithm, Algorithm::Other(_)) || seen.algorithm.key().is_some_and(is_foreign)
    {
        return None;
    }
    Some(Setting::Encryption(Some(Encryption { sse_c: SseC::Blocked, ..seen.clone() })))
}
