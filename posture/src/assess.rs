//! Judges a bucket and plans what would mend it.
//!
//! Encryption is ordered, SSE-S3 < KMS < DSSE, and never lowered; another customer's key stays. The public access block
//! only ever gains switches, and gains none where a website, a public policy or a public ACL shows that somebody means
//! the bucket to be public. What cannot be read is not changed.

use std::fmt;

use crate::action::ActionKind;
use crate::{
    Action, Algorithm, Baseline, Encryption, Key, KeyArn, Observed, Plan, PublicAccessBlock,
    Question, Reading, SseC,
};

/// What a bucket has that the baseline does not want, or wants and cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Default encryption is weaker than wanted; this is what it should be.
    WeakEncryption {
        /// What there is; nothing at all, as before 2023, is [`Reading::Absent`].
        seen: Reading<Encryption>,
        /// What there should be.
        mend: Encryption,
    },
    /// The public access block is not whole; this is what it should be.
    OpenToPublic {
        /// What there is.
        seen: Reading<PublicAccessBlock>,
        /// What there should be.
        mend: PublicAccessBlock,
    },
    /// Something is not as wanted and stays so, for a reason.
    Left(LeftBecause),
}

impl Finding {
    /// What kind of write would mend it, if any would.
    pub const fn mended_by(&self) -> Option<ActionKind> {
        match self {
            Self::WeakEncryption { .. } => Some(ActionKind::SetEncryption),
            Self::OpenToPublic { .. } => Some(ActionKind::SetPublicAccessBlock),
            Self::Left(_) => None,
        }
    }
}

/// Why a setting is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftBecause {
    /// We may not read this, and what cannot be seen is not changed.
    NotReadable(Question),
    /// The default encryption is one that we do not know.
    UnknownAlgorithm(String),
    /// The wanted key is in another Region than the bucket.
    KeyElsewhere(KeyArn),
    /// The policy lets AWS services or other accounts in, who would need the key as well.
    Outsiders,
    /// S3 delivers access logs here, and may not be able to use the key.
    LogTarget,
    /// The bucket is a website.
    Website,
    /// The bucket's policy makes it public.
    PublicPolicy,
    /// The bucket's ACL makes it public.
    PublicAcl,
}

impl fmt::Display for LeftBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReadable(question) => write!(
                f,
                "not everything could be read (`{}` is denied), so nothing that depends on it was changed",
                question.iam_action()
            ),
            Self::UnknownAlgorithm(name) => {
                write!(f, "default encryption is `{name}`, which s3guard does not know; it was left")
            }
            Self::KeyElsewhere(key) => write!(
                f,
                "the key {key} is in another Region than the bucket; encryption with KMS was left"
            ),
            Self::Outsiders => f.write_str(
                "its policy lets AWS services or other accounts in, and they may not be able to use the key; its \
                 encryption was not raised",
            ),
            Self::LogTarget => f.write_str(
                "S3 delivers access logs to it, and may not be able to use the key; its encryption was not raised",
            ),
            Self::Website => f.write_str("it is a website, so public access was left open"),
            Self::PublicPolicy => {
                f.write_str("its policy makes it public, so public access was left open")
            }
            Self::PublicAcl => f.write_str("its ACL makes it public, so public access was left open"),
        }
    }
}

/// What has still to be read before [`assess`] can tell. Nothing, when all is known that matters.
///
/// The first round asks for what the baseline wants; the second only for what a change could break. So a bucket
/// that is right costs two calls.
pub fn questions(observed: &Observed, baseline: &Baseline) -> Vec<Question> {
    let mut ask = Vec::new();
    let mut unread = |is_unread: bool, question| {
        if is_unread {
            ask.push(question);
        }
    };
    unread(observed.encryption.is_unread(), Question::Encryption);
    unread(observed.public_access_block.is_unread(), Question::PublicAccessBlock);
    if block_seen(observed.public_access_block).is_some_and(|block| block != PublicAccessBlock::ALL)
    {
        unread(observed.policy_is_public.is_unread(), Question::PolicyStatus);
        unread(observed.website.is_unread(), Question::Website);
        unread(observed.acl_is_public.is_unread(), Question::Acl);
    }
    if wanted(observed, baseline).is_some() {
        unread(observed.policy_admits_outsiders.is_unread(), Question::Policy);
        unread(observed.acl_admits_log_delivery.is_unread(), Question::Acl);
    }
    ask.sort_unstable();
    ask.dedup();
    ask
}

/// Judges a bucket: what is weaker than wanted, and what is left and why.
///
/// Settings that were not read are not judged; [`questions`] says which those are.
pub fn assess(observed: &Observed, baseline: &Baseline) -> Vec<Finding> {
    let mut findings = assess_public_access(observed);
    findings.extend(assess_encryption(observed, baseline));
    findings
}

/// The writes that would mend what was found, in the order of the findings.
pub fn plan(findings: &[Finding]) -> Plan {
    let action = |finding: &Finding| match finding {
        Finding::OpenToPublic { mend, .. } => Some(Action::SetPublicAccessBlock(*mend)),
        Finding::WeakEncryption { mend, .. } => Some(Action::SetEncryption(mend.clone())),
        Finding::Left(_) => None,
    };
    Plan { actions: findings.iter().filter_map(action).collect() }
}

fn assess_public_access(observed: &Observed) -> Vec<Finding> {
    if observed.public_access_block == Reading::Denied {
        return vec![Finding::Left(LeftBecause::NotReadable(Question::PublicAccessBlock))];
    }
    let Some(block) = block_seen(observed.public_access_block) else { return Vec::new() };
    if block == PublicAccessBlock::ALL {
        return Vec::new();
    }
    // A public policy or ACL that a switch makes void already is nothing that another switch could break.
    let means = [
        (&observed.policy_is_public, !block.restrict_public_buckets, LeftBecause::PublicPolicy),
        (&observed.acl_is_public, !block.ignore_public_acls, LeftBecause::PublicAcl),
    ];
    let mut left = Vec::new();
    for ((reading, has_effect, because), question) in
        means.into_iter().zip([Question::PolicyStatus, Question::Acl])
    {
        match reading {
            Reading::Known(true) if has_effect => left.push(because),
            Reading::Denied if has_effect => left.push(LeftBecause::NotReadable(question)),
            Reading::Known(_) | Reading::Absent | Reading::Denied => {}
            Reading::Unread => return Vec::new(),
        }
    }
    match observed.website {
        Reading::Known(()) => left.push(LeftBecause::Website),
        Reading::Denied => left.push(LeftBecause::NotReadable(Question::Website)),
        Reading::Absent => {}
        Reading::Unread => return Vec::new(),
    }
    if left.is_empty() {
        let seen = observed.public_access_block;
        vec![Finding::OpenToPublic { seen, mend: PublicAccessBlock::ALL }]
    } else {
        left.into_iter().map(Finding::Left).collect()
    }
}

fn assess_encryption(observed: &Observed, baseline: &Baseline) -> Vec<Finding> {
    let seen = match &observed.encryption {
        Reading::Unread => return Vec::new(),
        Reading::Denied => {
            return vec![Finding::Left(LeftBecause::NotReadable(Question::Encryption))];
        }
        Reading::Absent => None,
        Reading::Known(Encryption { algorithm: Algorithm::Other(name), .. }) => {
            return vec![Finding::Left(LeftBecause::UnknownAlgorithm(name.clone()))];
        }
        Reading::Known(encryption) => Some(encryption),
    };
    let mut findings = Vec::new();
    let mut mend = seen.cloned().unwrap_or(Encryption {
        algorithm: Algorithm::SseS3,
        bucket_key: false,
        sse_c: SseC::NotSaid,
    });
    if let Some((algorithm, bucket_key)) = wanted(observed, baseline) {
        match obstacle(observed, baseline) {
            Some(Obstacle::Unread) => return Vec::new(),
            Some(Obstacle::Because(because)) => findings.push(Finding::Left(because)),
            None => {
                mend.algorithm = algorithm;
                mend.bucket_key = bucket_key;
            }
        }
    }
    if observed.region.can_block_sse_c() {
        mend.sse_c = SseC::Blocked;
    }
    if seen != Some(&mend) {
        findings.push(Finding::WeakEncryption { seen: observed.encryption.clone(), mend });
    }
    findings
}

/// What the public access block comes to, if that is known: none at all is all switches off.
fn block_seen(reading: Reading<PublicAccessBlock>) -> Option<PublicAccessBlock> {
    match reading {
        Reading::Known(block) => Some(block),
        Reading::Absent => Some(PublicAccessBlock::default()),
        Reading::Unread | Reading::Denied => None,
    }
}

/// The algorithm and bucket key that an encryption has to be raised to; `None` if it is strong enough.
///
/// The key that AWS manages is not a customer's, so it is replaced. A customer's key stays, whichever it is.
fn raised(seen: &Algorithm, baseline: &Baseline) -> Option<(Algorithm, bool)> {
    let named = |key: &KeyArn| Key::Named(key.as_str().to_owned());
    match (baseline, seen) {
        (Baseline::Speed, _)
        | (_, Algorithm::Other(_))
        | (Baseline::Hybrid(_), Algorithm::Kms(Key::Named(_)) | Algorithm::Dsse(_))
        | (Baseline::Security(_), Algorithm::Dsse(Key::Named(_))) => None,
        (Baseline::Hybrid(key), Algorithm::SseS3 | Algorithm::Kms(Key::AwsManaged)) => {
            Some((Algorithm::Kms(named(key)), true))
        }
        // Bucket keys do not exist for DSSE-KMS.
        (Baseline::Security(_), Algorithm::Kms(theirs @ Key::Named(_))) => {
            Some((Algorithm::Dsse(theirs.clone()), false))
        }
        (
            Baseline::Security(key),
            Algorithm::SseS3 | Algorithm::Kms(Key::AwsManaged) | Algorithm::Dsse(Key::AwsManaged),
        ) => Some((Algorithm::Dsse(named(key)), false)),
    }
}

/// What the encryption that was read has to be raised to; no encryption at all is SSE-S3.
fn wanted(observed: &Observed, baseline: &Baseline) -> Option<(Algorithm, bool)> {
    match &observed.encryption {
        Reading::Unread | Reading::Denied => None,
        Reading::Absent => raised(&Algorithm::SseS3, baseline),
        Reading::Known(encryption) => raised(&encryption.algorithm, baseline),
    }
}

/// What stands in the way of a stronger encryption.
enum Obstacle {
    /// Not yet known whether there is something.
    Unread,
    /// This.
    Because(LeftBecause),
}

fn obstacle(observed: &Observed, baseline: &Baseline) -> Option<Obstacle> {
    let key = match baseline {
        Baseline::Speed => return None,
        Baseline::Hybrid(key) | Baseline::Security(key) => key,
    };
    if key.region() != &observed.region {
        return Some(Obstacle::Because(LeftBecause::KeyElsewhere(key.clone())));
    }
    let readings = [
        (&observed.policy_admits_outsiders, Question::Policy, LeftBecause::Outsiders),
        (&observed.acl_admits_log_delivery, Question::Acl, LeftBecause::LogTarget),
    ];
    readings.into_iter().find_map(|(reading, question, because)| match reading {
        Reading::Known(true) => Some(Obstacle::Because(because)),
        Reading::Known(false) | Reading::Absent => None,
        Reading::Denied => Some(Obstacle::Because(LeftBecause::NotReadable(question))),
        Reading::Unread => Some(Obstacle::Unread),
    })
}

#[cfg(test)]
mod tests;
