use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;
use crate::{Account, BucketName, Grade, Region, carry_out, inspect};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/ours";

fn region() -> Region {
    "eu-west-1".parse().unwrap()
}

fn baseline(grade: Grade) -> Baseline {
    Baseline::new(grade, Some(KEY.parse().unwrap())).unwrap()
}

fn kms(key: &str, bucket_key: bool) -> Encryption {
    let algorithm = Algorithm::Kms(Key::Named(key.to_owned()));
    Encryption { algorithm, bucket_key, sse_c: SseC::Blocked }
}

fn dsse(key: Key) -> Encryption {
    Encryption { algorithm: Algorithm::Dsse(key), bucket_key: false, sse_c: SseC::Blocked }
}

fn sse_s3(sse_c: SseC) -> Encryption {
    Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c }
}

/// A bucket with which nothing is wrong at grade speed, everything read.
fn safe() -> Observed {
    Observed {
        region: region(),
        encryption: Reading::Known(sse_s3(SseC::Blocked)),
        public_access_block: Reading::Known(PublicAccessBlock::ALL),
        policy_is_public: Reading::Absent,
        acl_is_public: Reading::Known(false),
        website: Reading::Absent,
        policy_admits_outsiders: Reading::Absent,
        acl_admits_log_delivery: Reading::Known(false),
    }
}

fn check(observed: &Observed, grade: Grade, expected: &[Action]) {
    let findings = assess(observed, &baseline(grade));
    assert_eq!(plan(&findings).actions, expected, "{findings:#?}");
}

fn check_left(observed: &Observed, grade: Grade, expected: &[LeftBecause]) {
    let findings = assess(observed, &baseline(grade));
    let left: Vec<Finding> = expected.iter().cloned().map(Finding::Left).collect();
    assert_eq!(findings, left);
}

fn encrypted(encryption: Encryption) -> Observed {
    Observed { encryption: Reading::Known(encryption), ..safe() }
}

#[test]
fn a_safe_bucket_is_left_alone() {
    check(&safe(), Grade::Speed, &[]);
    assert!(assess(&safe(), &baseline(Grade::Speed)).is_empty());
}

#[test]
fn a_bucket_without_any_setting_as_before_2023_is_set() {
    let bare =
        Observed { encryption: Reading::Absent, public_access_block: Reading::Absent, ..safe() };
    let expected = [
        Action::SetPublicAccessBlock(PublicAccessBlock::ALL),
        Action::SetEncryption(sse_s3(SseC::Blocked)),
    ];
    check(&bare, Grade::Speed, &expected);
}

#[test]
fn encryption_is_raised_to_the_grade() {
    check(&safe(), Grade::Hybrid, &[Action::SetEncryption(kms(KEY, true))]);
    let ours = Key::Named(KEY.to_owned());
    check(&safe(), Grade::Security, &[Action::SetEncryption(dsse(ours.clone()))]);
    check(&encrypted(kms(KEY, true)), Grade::Security, &[Action::SetEncryption(dsse(ours))]);
}

#[test]
fn a_stronger_setting_or_another_customers_key_stays() {
    for grade in [Grade::Speed, Grade::Hybrid] {
        check(&encrypted(dsse(Key::Named("theirs".to_owned()))), grade, &[]);
        check(&encrypted(dsse(Key::AwsManaged)), grade, &[]);
        check(&encrypted(kms("theirs", false)), grade, &[]);
    }
    let theirs = dsse(Key::Named("theirs".to_owned()));
    check(&encrypted(theirs.clone()), Grade::Security, &[]);
    // The grade is reached with their key.
    check(&encrypted(kms("theirs", true)), Grade::Security, &[Action::SetEncryption(theirs)]);
}

#[test]
fn the_key_that_aws_manages_is_not_a_customers_key() {
    let managed = Encryption { algorithm: Algorithm::Kms(Key::AwsManaged), ..kms("", true) };
    check(&encrypted(managed.clone()), Grade::Speed, &[]);
    check(&encrypted(managed), Grade::Hybrid, &[Action::SetEncryption(kms(KEY, true))]);
}

#[test]
fn blocking_sse_c_keeps_everything_else() {
    for sse_c in [SseC::Allowed, SseC::NotSaid] {
        let theirs = Encryption { sse_c, ..kms("theirs", false) };
        check(&encrypted(theirs), Grade::Hybrid, &[Action::SetEncryption(kms("theirs", false))]);
    }
}

#[test]
fn where_sse_c_cannot_be_blocked_nothing_is_written_for_it() {
    let there: Region = "me-south-1".parse().unwrap();
    let bucket = Observed { region: there, ..encrypted(sse_s3(SseC::NotSaid)) };
    check(&bucket, Grade::Speed, &[]);
}

#[test]
fn an_algorithm_that_we_do_not_know_is_left() {
    let algorithm = Algorithm::Other("aws:fsx".to_owned());
    let bucket = encrypted(Encryption { algorithm, ..sse_s3(SseC::NotSaid) });
    check_left(&bucket, Grade::Security, &[LeftBecause::UnknownAlgorithm("aws:fsx".to_owned())]);
}

#[test]
fn a_setting_we_may_not_read_is_never_changed() {
    let denied =
        Observed { encryption: Reading::Denied, public_access_block: Reading::Denied, ..safe() };
    let left = [Question::PublicAccessBlock, Question::Encryption].map(LeftBecause::NotReadable);
    check_left(&denied, Grade::Security, &left);
}

#[test]
fn a_bucket_that_others_use_stays_sse_s3() {
    let admits = Reading::Known(true);
    for (target, because) in [
        (Observed { policy_admits_outsiders: admits, ..safe() }, LeftBecause::Outsiders),
        (Observed { acl_admits_log_delivery: admits, ..safe() }, LeftBecause::LogTarget),
    ] {
        check_left(&target, Grade::Hybrid, &[because]);
        check(&target, Grade::Speed, &[]);
    }
    // Its SSE-C is blocked all the same.
    let target = Observed { policy_admits_outsiders: admits, ..encrypted(sse_s3(SseC::NotSaid)) };
    check(&target, Grade::Hybrid, &[Action::SetEncryption(sse_s3(SseC::Blocked))]);
}

#[test]
fn who_else_uses_the_bucket_must_be_known_before_kms() {
    let bucket = Observed { policy_admits_outsiders: Reading::Denied, ..safe() };
    check_left(&bucket, Grade::Hybrid, &[LeftBecause::NotReadable(Question::Policy)]);
}

#[test]
fn a_key_of_another_region_is_not_used() {
    let bucket = Observed { region: "us-east-1".parse().unwrap(), ..safe() };
    let because = LeftBecause::KeyElsewhere(KEY.parse().unwrap());
    check_left(&bucket, Grade::Hybrid, &[because]);
}

#[test]
fn a_bucket_meant_to_be_public_is_reported_and_not_broken() {
    let open = Observed { public_access_block: Reading::Absent, ..safe() };
    let cases = [
        (Observed { website: Reading::Known(()), ..open.clone() }, LeftBecause::Website),
        (
            Observed { policy_is_public: Reading::Known(true), ..open.clone() },
            LeftBecause::PublicPolicy,
        ),
        (Observed { acl_is_public: Reading::Known(true), ..open.clone() }, LeftBecause::PublicAcl),
        (
            Observed { acl_is_public: Reading::Denied, ..open },
            LeftBecause::NotReadable(Question::Acl),
        ),
    ];
    for (bucket, because) in cases {
        check_left(&bucket, Grade::Speed, &[because]);
    }
}

#[test]
fn a_public_policy_that_is_void_already_hinders_nothing() {
    let seen = PublicAccessBlock { restrict_public_buckets: true, ..PublicAccessBlock::default() };
    let bucket = Observed {
        public_access_block: Reading::Known(seen),
        policy_is_public: Reading::Known(true),
        ..safe()
    };
    check(&bucket, Grade::Speed, &[Action::SetPublicAccessBlock(PublicAccessBlock::ALL)]);
}

#[test]
fn a_bucket_that_is_right_costs_two_calls() {
    let first = questions(&Observed::unread(region()), &baseline(Grade::Security));
    assert_eq!(first, [Question::Encryption, Question::PublicAccessBlock]);
    let read = Observed {
        encryption: Reading::Known(sse_s3(SseC::Blocked)),
        public_access_block: Reading::Known(PublicAccessBlock::ALL),
        ..Observed::unread(region())
    };
    assert_eq!(questions(&read, &baseline(Grade::Speed)), []);
}

#[test]
fn what_a_change_could_break_is_read_in_one_more_round() {
    let read = Observed {
        encryption: Reading::Absent,
        public_access_block: Reading::Absent,
        ..Observed::unread(region())
    };
    let ask = questions(&read, &baseline(Grade::Hybrid));
    assert_eq!(ask, [Question::PolicyStatus, Question::Policy, Question::Acl, Question::Website]);
    assert!(assess(&read, &baseline(Grade::Hybrid)).is_empty(), "nothing is judged before");
}

/// A bucket in memory: answers with what it is, and becomes what it is told.
struct FakeAccount {
    bucket: Mutex<Observed>,
    asked: Mutex<Vec<Question>>,
    /// What somebody else sets right after our first write.
    meddled: Mutex<Option<Encryption>>,
}

impl FakeAccount {
    fn new(bucket: &Observed) -> Self {
        let bucket = Mutex::new(bucket.clone());
        Self { bucket, asked: Mutex::default(), meddled: Mutex::default() }
    }
}

impl Account for FakeAccount {
    type Error = String;

    async fn observe(
        &self,
        _: &BucketName,
        ask: &[Question],
        mut observed: Observed,
    ) -> Result<Option<Observed>, String> {
        let truth = self.bucket.lock().unwrap().clone();
        self.asked.lock().unwrap().extend(ask);
        for question in ask {
            match question {
                Question::Encryption => observed.encryption = truth.encryption.clone(),
                Question::PublicAccessBlock => {
                    observed.public_access_block = truth.public_access_block;
                }
                Question::PolicyStatus => observed.policy_is_public = truth.policy_is_public,
                Question::Policy => {
                    observed.policy_admits_outsiders = truth.policy_admits_outsiders;
                }
                Question::Acl => {
                    observed.acl_is_public = truth.acl_is_public;
                    observed.acl_admits_log_delivery = truth.acl_admits_log_delivery;
                }
                Question::Website => observed.website = truth.website,
            }
        }
        Ok(Some(observed))
    }

    async fn apply(&self, _: &BucketName, _: &Region, action: &Action) -> Result<bool, String> {
        let mut bucket = self.bucket.lock().unwrap();
        match action {
            Action::SetEncryption(encryption) => {
                bucket.encryption = Reading::Known(encryption.clone());
            }
            Action::SetPublicAccessBlock(block) => {
                bucket.public_access_block = Reading::Known(*block);
            }
        }
        if let Some(encryption) = self.meddled.lock().unwrap().take() {
            bucket.encryption = Reading::Known(encryption);
        }
        Ok(true)
    }
}

/// The fake never waits, so one poll is enough.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the fake never waits"),
    }
}

#[test]
fn a_setting_that_somebody_changed_meanwhile_is_not_written_over() {
    let bare =
        Observed { encryption: Reading::Absent, public_access_block: Reading::Absent, ..safe() };
    let account = FakeAccount::new(&bare);
    *account.meddled.lock().unwrap() = Some(kms("theirs", false));
    let bucket: BucketName = "reports".parse().unwrap();
    let baseline = baseline(Grade::Hybrid);
    let plan = now(inspect(&account, &bucket, &region(), &baseline)).unwrap().unwrap().plan;
    assert_eq!(plan.actions.len(), 2);
    let outcome = now(carry_out(&account, &bucket, &region(), &baseline, &plan));
    assert_eq!(outcome.done, [Action::SetPublicAccessBlock(PublicAccessBlock::ALL)]);
    let after = account.bucket.lock().unwrap().encryption.clone();
    assert_eq!(after, Reading::Known(kms("theirs", false)));
}

fn readings<T: Clone + fmt::Debug + 'static>(
    known: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Reading<T>> {
    prop_oneof![3 => known.prop_map(Reading::Known), 1 => Just(Reading::Absent), 1 => Just(Reading::Denied)]
}

fn any_encryption() -> impl Strategy<Value = Encryption> {
    let key = || {
        prop_oneof![
            Just(Key::AwsManaged),
            Just(Key::Named(KEY.to_owned())),
            Just(Key::Named("theirs".to_owned()))
        ]
    };
    let algorithm = prop_oneof![
        Just(Algorithm::SseS3),
        key().prop_map(Algorithm::Kms),
        key().prop_map(Algorithm::Dsse),
        Just(Algorithm::Other("aws:fsx".to_owned()))
    ];
    let sse_c = prop_oneof![Just(SseC::Blocked), Just(SseC::Allowed), Just(SseC::NotSaid)];
    (algorithm, any::<bool>(), sse_c).prop_map(|(algorithm, bucket_key, sse_c)| Encryption {
        algorithm,
        bucket_key,
        sse_c,
    })
}

fn any_observed() -> impl Strategy<Value = Observed> {
    let block = any::<[bool; 4]>().prop_map(|[a, b, c, d]| PublicAccessBlock {
        block_public_acls: a,
        ignore_public_acls: b,
        block_public_policy: c,
        restrict_public_buckets: d,
    });
    let region = prop_oneof![Just("eu-west-1"), Just("us-east-1"), Just("me-south-1")];
    (
        region,
        readings(any_encryption()),
        readings(block),
        (readings(any::<bool>()), readings(any::<bool>()), readings(Just(()))),
        (readings(any::<bool>()), readings(any::<bool>())),
    )
        .prop_map(
            |(region, encryption, block, (policy, acl, website), (writers, delivery))| Observed {
                region: region.parse().unwrap(),
                encryption,
                public_access_block: block,
                policy_is_public: policy,
                acl_is_public: acl,
                website,
                policy_admits_outsiders: writers,
                acl_admits_log_delivery: delivery,
            },
        )
}

fn any_grade() -> impl Strategy<Value = Grade> {
    prop::sample::select(Grade::ALL.to_vec())
}

fn is_weaker(before: &Observed, after: &Observed) -> bool {
    let strength = |observed: &Observed| {
        observed.encryption.known().and_then(|encryption| encryption.algorithm.strength())
    };
    let switches = |observed: &Observed| {
        observed.public_access_block.known().map_or([false; 4], |b| b.switches().map(|(_, on)| on))
    };
    let fewer = switches(before).iter().zip(switches(after)).any(|(was, is)| *was && !is);
    let sse_c = |observed: &Observed| {
        observed.encryption.known().is_some_and(|encryption| encryption.sse_c == SseC::Blocked)
    };
    strength(after) < strength(before) || fewer || (sse_c(before) && !sse_c(after))
}

proptest! {
    #[test]
    fn carried_out_once_nothing_is_left_to_do_and_nothing_is_weaker(
        before in any_observed(), grade in any_grade(),
    ) {
        let bucket: BucketName = "reports".parse().unwrap();
        let account = FakeAccount::new(&before);
        let baseline = baseline(grade);
        let region = before.region.clone();

        let first = now(inspect(&account, &bucket, &region, &baseline)).unwrap().unwrap();
        prop_assert_eq!(questions(&first.observed, &baseline), []);
        let asked = std::mem::take(&mut *account.asked.lock().unwrap());
        prop_assert!(asked.len() <= 7, "{:?}", asked);
        let once: BTreeSet<Question> = asked.iter().copied().collect();
        prop_assert_eq!(once.len(), asked.len(), "nothing is asked twice");

        let outcome = now(carry_out(&account, &bucket, &region, &baseline, &first.plan));
        prop_assert_eq!(&outcome.done, &first.plan.actions);
        let after = account.bucket.lock().unwrap().clone();
        prop_assert!(!is_weaker(&before, &after), "{:#?}", after);
        let key = |observed: &Observed| match observed.encryption.known().and_then(|e| e.algorithm.key()) {
            Some(Key::Named(name)) => Some(name.clone()),
            Some(Key::AwsManaged) | None => None,
        };
        prop_assert!(key(&before).is_none() || key(&after) == key(&before), "a customer's key stays");
        if before.encryption == Reading::Denied {
            prop_assert_eq!(&after.encryption, &before.encryption);
        }
        if before.public_access_block == Reading::Denied {
            prop_assert_eq!(&after.public_access_block, &before.public_access_block);
        }

        let second = now(inspect(&account, &bucket, &region, &baseline)).unwrap().unwrap();
        prop_assert_eq!(second.plan.actions, []);
    }
}
