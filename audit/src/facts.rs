//! What was read of an account and of a bucket, and which questions are left.

use std::collections::BTreeMap;

use s3guard_posture::evaluate::admitted::{self, PrincipalKind, admitted};
use s3guard_posture::evaluate::assess::is_public;
use s3guard_posture::model::access_point::{AccessPoint, MultiRegionAccessPoint};
use s3guard_posture::model::setting::{Ownership, PublicAccessBlock};
use s3guard_posture::{
    AccountId, Aspect, Baseline, BucketId, BucketName, KeyState, Mode, Observed, Question, Reading,
    Region, Trusted, questions,
};

/// How much is read of each bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// What decides about exposure and encryption; the rest only where it matters.
    #[default]
    Core,
    /// Also event notifications and lifecycle rules of every bucket.
    Full,
}

/// What is read of every bucket first.
const FIRST: [Question; 6] = [
    Question::Policy,
    Question::PublicAccessBlock,
    Question::Ownership,
    Question::Encryption,
    Question::Versioning,
    Question::AccessLogs,
];

/// Everything that an audit may ask of a bucket.
pub const ASKED: [Question; 16] = [
    Question::Encryption,
    Question::PublicAccessBlock,
    Question::Policy,
    Question::PolicyStatus,
    Question::Acl,
    Question::Website,
    Question::Ownership,
    Question::Versioning,
    Question::AccessLogs,
    Question::Notifications,
    Question::Tags,
    Question::Replication,
    Question::Lifecycle,
    Question::ObjectLock,
    Question::Key,
    Question::BucketKey,
];

/// What is read of an account besides its buckets: the IAM action of each call.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
pub const ACCOUNT_ACTIONS: [&str; 7] = [
    LIST_BUCKETS,
    ACCOUNT_BLOCK,
    LIST_ACCESS_POINTS,
    "s3:GetAccessPoint",
    "s3:GetAccessPointPolicyStatus",
    LIST_MULTI_REGION,
    "s3:GetMultiRegionAccessPointPolicyStatus",
];
/// The IAM action for listing buckets.
pub const LIST_BUCKETS: &str = "s3:ListAllMyBuckets";
/// The IAM action for the account's public access block.
pub const ACCOUNT_BLOCK: &str = "s3:GetAccountPublicAccessBlock";
/// The IAM action for listing the access points of a Region.
pub const LIST_ACCESS_POINTS: &str = "s3:ListAccessPoints";
/// The IAM action for listing Multi-Region Access Points.
pub const LIST_MULTI_REGION: &str = "s3:ListMultiRegionAccessPoints";

/// What was read of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFacts {
    /// The account.
    pub id: AccountId,
    /// Its partition: `aws`, `aws-cn`, …
    pub partition: String,
    /// Its effective public access block, with what its organization adds.
    pub block: Reading<PublicAccessBlock>,
    /// Its Multi-Region Access Points; absent where there are none.
    pub multi_region: Reading<Vec<MultiRegionAccessPoint>>,
}

/// What was read of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketFacts {
    /// The settings.
    pub observed: Observed,
    /// The state of its KMS key, if that is one of the account, named by its ARN.
    pub key: Reading<KeyState>,
    /// The questions to which no answer came although they were not refused, and why.
    pub failed: BTreeMap<Question, String>,
}

/// What a bucket is judged with.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Its account.
    pub account: &'a AccountFacts,
    /// The access points of its Region.
    pub access_points: &'a Reading<Vec<AccessPoint>>,
    /// Its baseline, from [`baseline`].
    pub baseline: &'a Baseline,
}

impl AccountFacts {
    /// The account, as its public access block is judged.
    pub fn bucket_id(&self, region: Region) -> BucketId {
        BucketId { name: BucketName::account(), account: self.id.clone(), region }
    }
}

impl BucketFacts {
    /// A bucket of which nothing was read yet. It has no ledger, and the account's block is known.
    pub fn unread(id: BucketId, account: &AccountFacts) -> Self {
        let mut observed = Observed::unread(id);
        observed.account_block = account.block;
        observed.history = Reading::Absent;
        Self { observed, key: Reading::Unread, failed: BTreeMap::new() }
    }

    /// Answers what follows from what was read: a policy that names whom it lets in is not public.
    pub fn settle(&mut self) {
        let Reading::Known(policy) = &self.observed.policy else { return };
        let account = &self.observed.id.account;
        let is_doubtful = admitted(policy, account, &Trusted::default())
            .iter()
            .any(|one| one.is_public || matches!(one.kind, PrincipalKind::Unknown(_)));
        if self.observed.policy_is_public.is_unread()
            && !is_doubtful
            && admitted::is_public(policy, account) == Some(false)
        {
            self.observed.policy_is_public = Reading::Known(false);
        }
    }

    /// What has still to be read. The first round is the same for all buckets; the next ones depend on its answers.
    pub fn questions(&self, baseline: &Baseline) -> Vec<Question> {
        let observed = &self.observed;
        let mut ask = questions(observed, baseline);
        let is_first = FIRST.iter().all(|one| is_unread(observed, *one));
        ask.extend(FIRST.into_iter().filter(|one| is_unread(observed, *one)));
        if is_first {
            // Others may turn out to be needless.
            ask.retain(|one| FIRST.contains(one) || *one == Question::Tags);
        } else {
            let is_in_doubt = observed.policy.known().is_some();
            ask.extend(
                [
                    (is_in_doubt, Question::PolicyStatus),
                    (acls_count(observed), Question::Acl),
                    (is_public(observed) == Some(true), Question::Website),
                ]
                .into_iter()
                .filter(|(is_needed, one)| *is_needed && is_unread(observed, *one))
                .map(|(_, one)| one),
            );
        }
        ask.sort_unstable();
        ask.dedup();
        ask
    }
}

/// Whether ACLs count in a bucket, as far as it is known.
pub(crate) fn acls_count(observed: &Observed) -> bool {
    observed.ownership.known() != Some(&Ownership::BucketOwnerEnforced)
}

fn is_unread(observed: &Observed, question: Question) -> bool {
    observed.reading(question).is_unread()
}

/// The baseline with which a bucket is audited: nothing is written, and what is exempt is judged all the same.
///
/// Versions and access logs are looked at also where the grade does without them.
pub fn baseline(wanted: Baseline, observed: &Observed, depth: Depth) -> Baseline {
    let mut baseline = wanted;
    let exempt: Vec<Aspect> = baseline.exemptions.iter().map(|one| one.aspect).collect();
    for aspect in exempt {
        baseline.set_mode(aspect, Mode::Report);
    }
    for aspect in [Aspect::Versioning, Aspect::AccessLogs] {
        if baseline.grade.wants(aspect).mode == Mode::Off {
            baseline.set_mode(aspect, Mode::Report);
        }
    }
    let is_versioned = matches!(observed.versioning, Reading::Known(_) | Reading::Denied);
    if depth == Depth::Core {
        baseline.set_mode(Aspect::Notifications, Mode::Off);
        if !is_versioned {
            baseline.set_mode(Aspect::Lifecycle, Mode::Off);
        }
    }
    baseline.limit(Mode::Report);
    baseline
}
