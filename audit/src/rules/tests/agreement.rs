//! Where the guard and the audit see the same bucket, they say the same.

use std::collections::BTreeSet;

use s3guard_posture::{Aspect, Reason};

use super::*;
use crate::rule::row;

/// Buckets in many states: each setting with each of its values beside each policy.
fn zoo() -> Vec<Observed> {
    let policies = [
        Reading::Absent,
        sample().observed.policy,
        policy(&allow(&json!("*"), "s3:GetObject")),
        policy(&allow(&json!({ "AWS": "999988887777" }), "s3:PutBucketPolicy")),
        policy(&allow(&json!({ "Service": "sns.amazonaws.com" }), "s3:GetObject")),
        policy(&allow(&json!({ "AWS": "AROAEXAMPLE1234567890" }), "s3:GetObject")),
        Reading::Known(Policy::new("{\"Statement\": 1, \"Statement\": 2}")),
        Reading::Denied,
    ];
    let blocks = [
        Reading::Absent,
        Reading::Known(PublicAccessBlock::ALL),
        Reading::Known(PublicAccessBlock::POLICIES),
    ];
    let ownerships = [Reading::Known(Ownership::BucketOwnerEnforced), Reading::Absent];
    let acls = [
        Acl::default(),
        Acl { is_public: true, grants_others: true, ..Acl::default() },
        Acl { grants_others: true, ..Acl::default() },
    ];
    let mut all = Vec::new();
    for policy in &policies {
        for block in blocks {
            for ownership in ownerships {
                for acl in acls {
                    for is_public in [true, false] {
                        for sse_c in [SseC::Blocked, SseC::NotSaid] {
                            let mut one = sample().observed;
                            one.policy = policy.clone();
                            one.policy_is_public = Reading::Known(is_public);
                            one.public_access_block = block;
                            one.ownership = ownership;
                            one.acl = Reading::Known(acl);
                            one.website = Reading::Absent;
                            one.tags = Reading::Absent;
                            if let Reading::Known(encryption) = &mut one.encryption {
                                encryption.sse_c = sse_c;
                            }
                            all.push(one);
                        }
                    }
                }
            }
        }
    }
    all
}

/// The aspects that the guard reports of a bucket that existed before it.
fn guards(observed: &Observed) -> BTreeSet<Aspect> {
    let baseline = Baseline::new(Grade::Speed, None);
    let is_read = |finding: &s3guard_posture::Finding| {
        let is_unread = matches!(
            finding,
            s3guard_posture::Finding::NotRemediated { reason: Reason::NotReadable(_), .. }
        );
        !is_unread && finding.aspect() != Aspect::Notifications
    };
    let findings = assess(observed, &baseline).into_iter().filter(is_read);
    findings.map(|finding| finding.aspect()).collect()
}

/// The aspects of the rules that the audit finds broken.
fn audits(observed: &Observed) -> BTreeSet<Aspect> {
    let facts = BucketFacts { observed: observed.clone(), key: Reading::Unread, failed: [].into() };
    let findings = judged(&facts, Vec::new());
    let rules = findings.iter().map(|finding| finding.rule);
    rules.filter_map(|rule| row(rule).aspect).collect()
}

#[test]
fn the_guard_and_the_audit_say_the_same_of_the_same_bucket() {
    let zoo = zoo();
    assert!(zoo.len() > 500, "{}", zoo.len());
    for observed in zoo {
        let (guard, audit) = (guards(&observed), audits(&observed));
        let missing: Vec<&Aspect> = guard.difference(&audit).collect();
        // What everyone may do by policy or ACL is one aspect for the audit, whichever way it is.
        let is_public = audit.contains(&Aspect::PublicAccess);
        let is_said = |aspect: &&&Aspect| {
            is_public && matches!(aspect, Aspect::Policy | Aspect::Acl)
                // A policy that is not understood is one finding.
                || audit.contains(&Aspect::Policy) && **aspect == &Aspect::Tls
        };
        let missing: Vec<&&Aspect> = missing.iter().filter(|one| !is_said(one)).collect();
        assert!(missing.is_empty(), "the guard alone finds {missing:?} in {observed:#?}");
        // The audit alone looks at versions, logs, and at what the block holds back.
        let beside = [Aspect::Versioning, Aspect::AccessLogs, Aspect::PublicAccess, Aspect::Policy];
        let more: Vec<&Aspect> =
            audit.difference(&guard).filter(|one| !beside.contains(one)).collect();
        assert!(more.is_empty(), "the audit alone finds {more:?} in {observed:#?}");
    }
}
