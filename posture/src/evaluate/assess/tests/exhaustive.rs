//! The whole space of the judgement, enumerated: whatever a bucket is and whatever is wanted of it, no write weakens it or breaks
//! its users, none follows what could not be read, and a plan carried out leaves nothing to do.
//!
//! Aspects that share no input are judged apart, each with all its inputs; that they share none is checked with each. What is
//! written for the one and read for the other is checked in `what_is_judged_apart_can_be_written_together`.

use super::property::is_foreign_key;
use super::*;
use crate::model::observed::EncryptionHistory;

mod promises;
mod space;
mod values;

use space::{Space, Step};
use values::{Stance, answers, call_contexts, histories, nothing, only, own_bucket, with};

/// With the configured key, with none, and with one of another Region.
fn keys(base: &Baseline) -> [Baseline; 3] {
    let elsewhere = "arn:aws:kms:us-east-1:111122223333:key/ours".parse().unwrap();
    [base.key.clone(), None, Some(elsewhere)].map(|key| changed_by(base, |base| base.key = key))
}

fn in_each_call_context(base: &Baseline) -> Vec<Baseline> {
    call_contexts()
        .into_iter()
        .map(|call_context| changed_by(base, |base| base.call_context = call_context))
        .collect()
}

fn changed_by(base: &Baseline, change: impl FnOnce(&mut Baseline)) -> Baseline {
    let mut changed = base.clone();
    change(&mut changed);
    changed
}

fn grades() -> [Baseline; 3] {
    Grade::ALL.map(nothing)
}

/// Each question in turn, as far as it is asked, and then what was done to the bucket lately.
fn asked(questions: &[Question], aspects: &[Aspect]) -> Vec<Step> {
    let history = Step::Asked(Question::History, histories(aspects));
    questions.iter().copied().map(Step::asked).chain([history]).collect()
}

fn given(first: Step, mut steps: Vec<Step>) -> Vec<Step> {
    steps.insert(0, first);
    steps
}

#[test]
fn every_encryption() {
    let aspects = [Aspect::Encryption, Aspect::SseC];
    let mut space = Space::new("encryption", &aspects);
    let steps = |ownership: Step, policy: Step, acl: Step| {
        let history = Step::Asked(Question::History, histories(&[]));
        let [encryption, bucket_key, key] =
            [Question::Encryption, Question::BucketKey, Question::Key].map(Step::asked);
        [ownership, encryption, bucket_key, history, policy, acl, key, replication()]
    };
    let bases: Vec<Baseline> = grades().iter().flat_map(keys).collect();
    let (ours, acls) = (Stance::ALL, [Stance::HeldBack]);
    let writer = || {
        Step::given(Question::Ownership)
            .among(|o| o.ownership.known() == Some(&Ownership::ObjectWriter))
    };
    // Every encryption, however it is asked for, with each answer of those who could use the key.
    let mut each =
        with(bases.clone(), &[(Aspect::Encryption, &ours[..3]), (Aspect::SseC, &ours[..])]);
    each.push(only(own_bucket(), &aspects));
    let private =
        || Step::asked(Question::Acl).among(|o| o.acl.known().is_none_or(|acl| !acl.is_public));
    space.walk(&id(), &each, &steps(writer(), two_policies(), private()));
    let without_sse_c =
        with(bases.clone(), &[(Aspect::Encryption, &ours[..3]), (Aspect::SseC, &acls)]);
    let elsewhere = in_region("me-south-1");
    space.walk(&elsewhere, &without_sse_c, &steps(writer(), two_policies(), private()));
    // Other principals that would need the key, in every way.
    let new = [(Aspect::Encryption, &[Stance::New][..]), (Aspect::SseC, &[Stance::Enforced])];
    let new = with(bases.clone(), &new);
    let (owners, all) = (Step::given(Question::Ownership), Step::asked(Question::Acl));
    space.walk(&id(), &new, &steps(owners, two_policies(), all));
    let no_one = || Step::asked(Question::Acl).among(|o| o.acl == Reading::Absent);
    space.walk(&id(), &new, &steps(writer(), Step::asked(Question::Policy), no_one()));
    // What was done to the bucket lately, where no one else would need the key.
    let lately = |is_foreign: bool, histories: Vec<Observed>| {
        let said = |o: &Observed| o.encryption.known().is_none_or(|one| one.sse_c != SseC::NotSaid);
        [
            Step::given(Question::Ownership)
                .among(|o| o.ownership.known() == Some(&Ownership::BucketOwnerEnforced)),
            Step::asked(Question::Encryption)
                .among(move |o| said(o) && is_foreign_key(o) == is_foreign),
            Step::asked(Question::BucketKey).among(|o| o.bucket_key.known().is_some()),
            Step::Asked(Question::History, histories),
            Step::asked(Question::Policy).among(|o| o.policy == Reading::Absent),
            Step::asked(Question::Key),
            Step::asked(Question::Replication).among(|o| o.replication == Reading::Absent),
        ]
    };
    let mut asked = with(grades(), &[(Aspect::Encryption, &ours[2..]), (Aspect::SseC, &ours[..])]);
    asked.push(only(own_bucket(), &aspects));
    // What the encryption was before matters to a key of another account alone.
    let are_of_all = |o: &Observed| {
        o.history.known().is_none_or(|history| history.encryption == EncryptionHistory::default())
    };
    let of_all = histories(&aspects).into_iter().filter(are_of_all).collect();
    space.walk(&id(), &asked, &lately(false, of_all));
    let asked = with(bases, &[(Aspect::Encryption, &ours[2..]), (Aspect::SseC, &ours[2..4])]);
    space.walk(&id(), &asked, &lately(true, histories(&aspects)));
    space.end(520_023);
}

/// None, and one that copies no objects with SSE-KMS.
fn replication() -> Step {
    Step::asked(Question::Replication).among(|o| {
        o.replication.known().map_or(o.replication == Reading::Absent, |one| one.without_kms)
    })
}

/// None, one that cannot be read, one that allows no one else, and one whose principal is not known.
fn two_policies() -> Step {
    let plain = r#"{"Statement":[]}"#;
    Step::asked(Question::Policy).among(move |observed| {
        let text = observed.policy.known().map(Policy::text);
        text.is_none_or(|text| text == plain || text == "{}")
    })
}

#[test]
fn every_public_access_block() {
    let aspects = [Aspect::PublicAccess, Aspect::Ownership];
    let mut space = Space::new("public access", &aspects);
    let block = Step::asked(Question::PublicAccessBlock);
    let [status, website, owners] =
        [Question::PolicyStatus, Question::Website, Question::Ownership].map(Step::asked);
    let account = |is_one: fn(PublicAccessBlock) -> bool| {
        Step::asked(Question::AccountBlock)
            .among(move |o| o.account_block.known().is_none_or(|block| is_one(*block)))
    };
    // Whether there is one; whether it is public is S3's judgement.
    let policy = Step::given(Question::Policy).among(|observed| match &observed.policy {
        Reading::Absent => true,
        Reading::Known(policy) => policy.document().is_none(),
        Reading::Denied | Reading::Unread => false,
    });
    // Who else is granted something, and whether that is everybody.
    let acl = Step::asked(Question::Acl)
        .among(|o| o.acl.known().is_none_or(|acl| !acl.admits_log_delivery));
    // Where nothing else was done, or it was undone; what was done to the ownership matters where both are kept.
    let all = histories(&aspects);
    let history = Step::Asked(Question::History, all[2..4].to_vec());
    let each = |of_block: &[Stance], of_ownership: &[Stance]| {
        let asked = [(Aspect::PublicAccess, of_block), (Aspect::Ownership, of_ownership)];
        with([nothing(Grade::Speed)], &asked)
    };
    let mut steps =
        [policy, block, owners, account(|b| !b.block_public_policy), website, status, acl, history];
    // The account's refusal of public policies decides nothing: see the last walk.
    space.walk(&id(), &each(&[Stance::HeldBack], &[Stance::Off]), &steps);
    let is_half = |block: PublicAccessBlock| {
        !block.block_public_policy && block.block_public_acls == block.ignore_public_acls
    };
    steps[3] = account(is_half);
    let free = [Stance::Reported, Stance::Enforced, Stance::Changed, Stance::New];
    let mut baselines = each(&free, &[Stance::Off]);
    baselines.push(only(own_bucket(), &aspects[..1]));
    space.walk(&id(), &baselines, &steps);
    // What the one waits for of the other.
    steps[1] = Step::asked(Question::PublicAccessBlock)
        .among(|o| o.public_access_block.known().is_none_or(|block| !block.block_public_policy));
    steps[3] = account(|block| block == PublicAccessBlock::default());
    steps[4] = Step::asked(Question::Website).among(|o| o.website != Reading::Denied);
    steps[7] = Step::Asked(Question::History, all);
    space.walk(&id(), &each(&[Stance::HeldBack], &Stance::ALL[1..]), &steps);
    let mut others = each(&[Stance::Off], &Stance::ALL);
    others.extend([only(own_bucket(), &aspects[1..]), only(own_bucket(), &aspects)]);
    space.walk(&id(), &others, &steps);
    steps[1] = Step::asked(Question::PublicAccessBlock);
    steps[3] = account(|_| true);
    steps[4] = Step::asked(Question::Website).among(|o| o.website == Reading::Absent);
    steps[5] = Step::asked(Question::PolicyStatus).among(|o| o.policy_is_public.known().is_some());
    steps[7] = Step::Asked(Question::History, histories(&[]));
    space.walk(&id(), &each(&[Stance::Enforced], &[Stance::Off]), &steps);
    space.end(201_194);
}

#[test]
fn every_acl() {
    let aspects = [Aspect::Ownership, Aspect::Acl];
    let mut space = Space::new("ownership and ACL", &aspects);
    let asked = asked(&[Question::Ownership, Question::Acl], &aspects[..1]);
    let each = [(Aspect::Ownership, &Stance::ALL[..]), (Aspect::Acl, &Stance::REPORTED)];
    let mut baselines = with(grades(), &each);
    baselines.push(only(own_bucket(), &aspects));
    space.walk(&id(), &baselines, &asked);
    space.end(1_354);
}

#[test]
fn every_policy() {
    let aspects = [Aspect::Tls, Aspect::Policy];
    let mut space = Space::new("policy", &aspects);
    let steps = |is_policy: fn(&Reading<Policy>) -> bool,
                 own: fn(Reading<PublicAccessBlock>) -> bool,
                 of_account: fn(Reading<PublicAccessBlock>) -> bool,
                 histories: Vec<Observed>| {
        vec![
            Step::given(Question::PublicAccessBlock).among(move |o| own(o.public_access_block)),
            Step::asked(Question::Policy).among(move |observed| is_policy(&observed.policy)),
            Step::asked(Question::Website),
            Step::asked(Question::AccountBlock).among(move |o| of_account(o.account_block)),
            Step::asked(Question::PolicyStatus),
            Step::asked(Question::Tags),
            Step::asked(Question::Stack),
            Step::Asked(Question::History, histories),
        ]
    };
    let lately = || histories(&aspects[..1]);
    let is_first = |policy: &Reading<Policy>| *policy == Reading::Absent;
    let is_all = |block| block == Reading::Known(PublicAccessBlock::ALL);
    let is_off = |block| block == Reading::Known(PublicAccessBlock::default());
    // Every policy that is there already, in a bucket that is closed.
    let mut each =
        with(grades(), &[(Aspect::Tls, &Stance::ALL), (Aspect::Policy, &Stance::REPORTED)]);
    each.push(only(own_bucket(), &aspects));
    space.walk(&id(), &each, &steps(|policy| *policy != Reading::Absent, is_all, is_off, lately()));
    // A first one, or one more statement, with or without a public website.
    let plain = |policy: &Reading<Policy>| policy.known().is_none_or(|p| p.text() == "{}");
    let website =
        with([nothing(Grade::Speed)], &[(Aspect::Tls, &[Stance::Reported, Stance::Enforced])]);
    space.walk(&id(), &website, &steps(plain, |_| true, |_| true, histories(&[])));
    // One that S3 may reject, whoever refuses it.
    let is_public = |policy: &Reading<Policy>| {
        policy.known().is_some_and(|one| {
            one.text().contains("Allow") && one.text().len() < 1000 && !one.text().contains("Deny")
        })
    };
    let rejects = |block: Reading<PublicAccessBlock>| {
        block.known().is_none_or(|block| !block.block_public_acls && !block.ignore_public_acls)
    };
    space.walk(&id(), &website, &steps(is_public, rejects, rejects, histories(&[])));
    // A first one, in every context, and whether its tags were read before or not.
    let at =
        |base: &Baseline| with(in_each_call_context(base), &[(Aspect::Tls, &Stance::ALL[1..])]);
    let baselines: Vec<Baseline> = grades().iter().flat_map(at).collect();
    let tags = Step::given(Question::Tags);
    space.walk(&id(), &baselines, &given(tags, steps(is_first, is_all, is_off, lately())));
    space.end(32_131);
}

#[test]
fn everything_that_keeps_objects() {
    let alone = [
        (Aspect::Versioning, &[Question::Versioning][..], &Stance::ALL[..], 305),
        (Aspect::AccessLogs, &[Question::AccessLogs], &Stance::ALL, 148),
        (Aspect::Notifications, &[Question::Notifications], &Stance::ALL, 365),
        (
            Aspect::Replication,
            &[Question::Versioning, Question::Replication],
            &Stance::REPORTED,
            29,
        ),
        (Aspect::Lifecycle, &[Question::Lifecycle], &Stance::REPORTED, 39),
        (Aspect::ObjectLock, &[Question::Versioning, Question::ObjectLock], &Stance::REPORTED, 24),
    ];
    for (aspect, asks, stances, floor) in alone {
        let mut space = Space::new(aspect.name(), &[aspect]);
        let mut bases: Vec<Baseline> = grades().into();
        bases.push(changed_by(&nothing(Grade::Security), |base| base.log_bucket = None));
        let mut baselines = with(bases, &[(aspect, stances)]);
        baselines.push(only(own_bucket(), &[aspect]));
        space.walk(&id(), &baselines, &asked(asks, &[aspect]));
        space.end(floor);
    }
}

#[test]
fn every_block_of_the_account() {
    let aspect = Aspect::AccountPublicAccess;
    let mut space = Space::new("the account", &[aspect]);
    let account = BucketId { name: crate::BucketName::account(), ..id() };
    let baselines = with(grades(), &[(aspect, &Stance::ALL)]);
    space.walk(&account, &baselines, &asked(&[Question::AccountBlock], &[aspect]));
    space.end(1_239);
}

#[test]
fn what_is_judged_apart_can_be_written_together() {
    let kept: Vec<Aspect> =
        Aspect::ALL.into_iter().filter(|aspect| aspect.setting().is_some()).collect();
    let mut space = Space::new("together", &Aspect::ALL);
    let all = |stance: &'static [Stance]| -> Vec<(Aspect, &[Stance])> {
        kept.iter().map(|aspect| (*aspect, stance)).collect()
    };
    let mut baselines = with(grades(), &all(&[Stance::HeldBack]));
    baselines.extend(with(grades(), &all(&[Stance::Enforced])));
    baselines.extend(with(grades(), &all(&[Stance::New])));
    baselines.push(own_bucket());
    let few = |question: Question, places: &[usize]| {
        let answers = answers(question);
        Step::Asked(question, places.iter().map(|place| answers[*place].clone()).collect())
    };
    let is_one = |block: Reading<PublicAccessBlock>| match block {
        Reading::Known(block) => {
            block.is_closed_to_acls() != block.restrict_public_buckets
                && block.is_closed_to_acls() == block.ignore_public_acls
                && block.block_public_policy == block.restrict_public_buckets
                || block == PublicAccessBlock::ALL
        }
        Reading::Absent => true,
        Reading::Denied | Reading::Unread => false,
    };
    // What is written for one aspect and read for another takes all its shapes, the rest one that has to be remediated.
    let steps = [
        two_policies(),
        Step::asked(Question::PublicAccessBlock).among(move |o| is_one(o.public_access_block)),
        Step::asked(Question::AccountBlock).among(|o| {
            matches!(o.account_block, Reading::Absent | Reading::Known(PublicAccessBlock::ALL))
        }),
        Step::asked(Question::Ownership).among(|o| o.ownership != Reading::Absent),
        few(Question::Encryption, &[4]),
        few(Question::Versioning, &[0]),
        few(Question::AccessLogs, &[0]),
        few(Question::Notifications, &[2]),
        // What public access depends on, before what the policy depends on.
        Step::Asked(Question::History, histories(&[])),
        few(Question::PolicyStatus, &[2, 3]),
        few(Question::Acl, &[1, 2, 5]),
        few(Question::Website, &[0, 2]),
        few(Question::Replication, &[0]),
        few(Question::Lifecycle, &[0]),
        few(Question::ObjectLock, &[0]),
        few(Question::Key, &[2]),
        few(Question::BucketKey, &[2]),
        few(Question::Tags, &[2, 3]),
        few(Question::Stack, &[2]),
        Step::Asked(Question::History, histories(&[])),
    ];
    space.walk(&id(), &baselines, &steps);
    space.end(18_169);
}
