//! Whose key a bucket has.

use std::collections::BTreeMap;

use super::encryption::encrypted;
use super::*;
use crate::model::observed::{DescribedKey, EncryptionHistory};

const OWN: &str = "arn:aws:kms:eu-west-1:111122223333:key/0a0a0a0a-0000-4000-8000-00000000a55e";
const FOREIGN: &str = "arn:aws:kms:eu-west-1:444455556666:key/1";
const OTHER_FOREIGN: &str = "arn:aws:kms:eu-west-1:999900001111:key/2";

fn described(arn: &str, is_aws_managed: bool) -> Reading<DescribedKey> {
    Reading::Known(DescribedKey { arn: arn.to_owned(), is_aws_managed })
}

fn with_history(bucket: Observed, encryption: EncryptionHistory) -> Observed {
    let history = History { encryption, ..History::default() };
    Observed { history: Reading::Known(history), ..bucket }
}

fn had(latest: &[Encryption]) -> EncryptionHistory {
    EncryptionHistory { first: None, existed: false, latest: latest.to_vec() }
}

fn foreign_reason() -> Reason {
    Reason::ForeignKey { key: FOREIGN.to_owned(), account: "444455556666".to_owned() }
}

fn written(observed: &Observed, baseline: &Baseline) -> Option<Encryption> {
    assert_eq!(questions(observed, baseline), []);
    let actions = plan(&assess(observed, baseline)).actions;
    actions.into_iter().find_map(|action| {
        if let Setting::Encryption(encryption) = action.set { encryption } else { None }
    })
}

#[test]
fn the_account_of_a_key_is_read_from_every_spelling() {
    let account = id().account;
    for (name, expected) in [
        ("alias/aws/s3", KeyOwner::Aws),
        ("arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", KeyOwner::Aws),
        ("arn:aws:kms:eu-west-1:444455556666:alias/aws/s3", KeyOwner::Another("444455556666")),
        ("1234abcd-12ab-34cd-56ef-1234567890ab", KeyOwner::Account),
        ("mrk-1234abcd12ab34cd56ef1234567890ab", KeyOwner::Account),
        ("alias/ours", KeyOwner::Account),
        ("alias/aws/s3-ours", KeyOwner::Account),
        ("arn:aws:kms:eu-west-1:111122223333:alias/ours", KeyOwner::Account),
        (OWN, KeyOwner::Account),
        ("arn:aws-us-gov:kms:eu-west-1:444455556666:key/1", KeyOwner::Another("444455556666")),
        ("arn:aws:kms:eu-west-1::key/1", KeyOwner::Another("")),
        ("a:b", KeyOwner::Another("unknown")),
    ] {
        let key = Key::Named(name.to_owned());
        assert_eq!(key.owner(&account), expected, "{name}");
    }
    assert_eq!(Key::AwsManaged.owner(&account), KeyOwner::Aws);
}

#[test]
fn the_arn_of_the_key_that_aws_manages_is_not_a_customers_key() {
    for name in [OWN, "0a0a0a0a-0000-4000-8000-00000000a55e", "alias/aws/s3"] {
        let bucket_key = described(OWN, true);
        let bucket = Observed { bucket_key, ..encrypted(Grade::Hybrid, kms(name, true)) };
        check(&bucket, &baseline(Grade::Hybrid), &[Setting::Encryption(Some(kms(KEY, true)))]);
        let named = Key::Named(name.to_owned());
        let bucket_key = described(OWN, true);
        let bucket = Observed { bucket_key, ..encrypted(Grade::Security, dsse(named)) };
        let ours = dsse(Key::Named(KEY.to_owned()));
        check(&bucket, &baseline(Grade::Security), &[Setting::Encryption(Some(ours))]);
        // It is stronger than the grade asks for.
        check(&bucket, &baseline(Grade::Hybrid), &[]);
        check(&bucket, &baseline(Grade::Speed), &[]);
    }
}

#[test]
fn kms_is_asked_only_for_a_key_of_the_account_that_is_not_the_configured_one() {
    let asks = |grade, encryption| {
        let bucket = Observed { bucket_key: Reading::Unread, ..encrypted(grade, encryption) };
        questions(&bucket, &baseline(grade)).contains(&Question::BucketKey)
    };
    for name in [OWN, "alias/ours", "0a0a0a0a-0000-4000-8000-00000000a55e"] {
        assert!(asks(Grade::Hybrid, kms(name, true)), "{name}");
        assert!(asks(Grade::Security, dsse(Key::Named(name.to_owned()))), "{name}");
        assert!(!asks(Grade::Speed, kms(name, true)), "{name}");
    }
    for name in [KEY, FOREIGN, "alias/aws/s3"] {
        assert!(!asks(Grade::Hybrid, kms(name, true)), "{name}");
    }
    assert!(!asks(Grade::Hybrid, sse_s3(SseC::Blocked)));
}

#[test]
fn a_key_that_kms_does_not_describe_is_reported() {
    for (bucket_key, reason) in [
        (Reading::Denied, Reason::NotReadable(Question::BucketKey)),
        (Reading::Absent, Reason::NoSuchKey("alias/ours".to_owned())),
    ] {
        for grade in [Grade::Hybrid, Grade::Security] {
            let bucket_key = bucket_key.clone();
            let bucket = Observed { bucket_key, ..encrypted(grade, kms("alias/ours", true)) };
            check_not_remediated(&bucket, &baseline(grade), Aspect::Encryption, &reason);
        }
    }
}

#[test]
fn the_spelling_of_a_key_is_kept_when_the_rule_is_written_for_another_reason() {
    let ours = "alias/ours";
    let bucket_key = described(KEY, false);
    let bucket = Observed { bucket_key, ..encrypted(Grade::Hybrid, kms(ours, false)) };
    // The configured key by another name gets its bucket key, and its second layer.
    check(&bucket, &baseline(Grade::Hybrid), &[Setting::Encryption(Some(kms(ours, true)))]);
    let twice = dsse(Key::Named(ours.to_owned()));
    let bucket = Observed {
        encryption: bucket.encryption,
        bucket_key: bucket.bucket_key,
        ..safe(Grade::Security)
    };
    check(&bucket, &baseline(Grade::Security), &[Setting::Encryption(Some(twice))]);
    // SSE-C is blocked beside every spelling.
    for name in [ours, "alias/aws/s3", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", OWN] {
        let open = Encryption { sse_c: SseC::Allowed, ..kms(name, true) };
        let bucket = encrypted(Grade::Speed, open);
        let expected = Setting::Encryption(Some(kms(name, true)));
        check(&bucket, &changed(Grade::Speed, Aspect::SseC), &[expected]);
    }
}

#[test]
fn a_rule_without_a_default_stays_without_one() {
    let rule = |sse_c| Encryption { algorithm: Algorithm::NotSaid, bucket_key: false, sse_c };
    check(&encrypted(Grade::Speed, rule(SseC::Blocked)), &baseline(Grade::Speed), &[]);
    let open = encrypted(Grade::Speed, rule(SseC::Allowed));
    let blocked = Setting::Encryption(Some(rule(SseC::Blocked)));
    check(&open, &changed(Grade::Speed, Aspect::SseC), &[blocked]);
    // A grade that asks for a key gets it.
    let bucket = encrypted(Grade::Hybrid, rule(SseC::Blocked));
    check(&bucket, &baseline(Grade::Hybrid), &[Setting::Encryption(Some(kms(KEY, true)))]);
}

#[test]
fn a_key_of_another_account_that_is_there_is_left_and_reported() {
    let mut configured = baseline(Grade::Hybrid);
    configured.key = Some(FOREIGN.parse().unwrap());
    assert_eq!(assess(&encrypted(Grade::Hybrid, kms(FOREIGN, true)), &configured), []);
    for grade in Grade::ALL {
        for encryption in [kms(FOREIGN, true), dsse(Key::Named(FOREIGN.to_owned()))] {
            let bucket = encrypted(grade, encryption);
            for mode in [Mode::Report, Mode::EnforceNew, Mode::Enforce] {
                let mut wanted = baseline(grade);
                wanted.set_mode(Aspect::Encryption, mode);
                check_not_remediated(&bucket, &wanted, Aspect::Encryption, &foreign_reason());
                assert_eq!(written(&bucket, &wanted), None, "{grade} {mode}");
            }
        }
    }
}

#[test]
fn a_trusted_accounts_key_is_a_customers_key() {
    for grade in Grade::ALL {
        let mut trusting = baseline(grade);
        trusting.trusted.accounts = ["444455556666".parse().unwrap()].into();
        let bucket = encrypted(grade, kms(FOREIGN, true));
        let raised = dsse(Key::Named(FOREIGN.to_owned()));
        let expected = (grade == Grade::Security).then_some(raised);
        assert_eq!(written(&bucket, &trusting), expected, "{grade}");
        // Not that of yet another account.
        let bucket = encrypted(grade, kms(OTHER_FOREIGN, true));
        assert_eq!(written(&bucket, &trusting), None, "{grade}");
    }
}

#[test]
fn a_call_that_sets_a_key_of_another_account_is_reverted_to_what_was_there() {
    let theirs = kms(FOREIGN, true);
    let own = kms(OWN, true);
    let ours = kms(KEY, true);
    let aws = kms("alias/aws/s3", false);
    for (grade, latest, expected) in [
        (Grade::Speed, vec![], sse_s3(SseC::Blocked)),
        (Grade::Speed, vec![own.clone()], own.clone()),
        // The state may have been written since the call.
        (Grade::Speed, vec![theirs.clone(), own.clone()], own.clone()),
        (Grade::Speed, vec![kms(OTHER_FOREIGN, true)], sse_s3(SseC::Blocked)),
        (Grade::Speed, vec![aws.clone()], aws.clone()),
        (Grade::Hybrid, vec![], ours.clone()),
        (Grade::Hybrid, vec![aws], ours.clone()),
        (Grade::Hybrid, vec![own.clone()], own.clone()),
        (Grade::Security, vec![own], dsse(Key::Named(OWN.to_owned()))),
        (Grade::Security, vec![], dsse(Key::Named(KEY.to_owned()))),
    ] {
        for set in [theirs.clone(), dsse(Key::Named(FOREIGN.to_owned()))] {
            let bucket = with_history(encrypted(grade, set), had(&latest));
            let found = written(&bucket, &changed(grade, Aspect::Encryption));
            assert_eq!(found.as_ref(), Some(&expected), "{grade} {latest:?}");
        }
    }
    // A key of ours that cannot be used does not leave theirs in place.
    let bucket = with_history(encrypted(Grade::Hybrid, theirs.clone()), had(&[]));
    let bucket = Observed { key: Reading::Denied, ..bucket };
    let found = written(&bucket, &changed(Grade::Hybrid, Aspect::Encryption));
    assert_eq!(found, Some(sse_s3(SseC::Blocked)));
    let mut finding = assess(&bucket, &changed(Grade::Hybrid, Aspect::Encryption));
    finding.retain(|one| one.aspect() == Aspect::Encryption);
    assert!(finding[0].is_foreign_key(), "{finding:?}");
    // What is only reported is not reverted, and the account is named.
    let mut reporting = changed(Grade::Speed, Aspect::Encryption);
    reporting.set_mode(Aspect::Encryption, Mode::Report);
    let bucket = encrypted(Grade::Speed, theirs);
    check_not_remediated(&bucket, &reporting, Aspect::Encryption, &foreign_reason());
}

#[test]
fn a_bucket_that_used_the_accounts_key_before_the_guard_keeps_it() {
    let theirs = kms(FOREIGN, true);
    let first = |first: Encryption, existed| EncryptionHistory {
        first: Some(first),
        existed,
        latest: vec![kms(OWN, true)],
    };
    let another = kms("arn:aws:kms:eu-west-1:444455556666:key/another", true);
    for (history, by_call, by_sweep) in [
        (first(another.clone(), true), false, false),
        // It was made after the guard: its first key was set then.
        (first(another, false), true, false),
        // It was set since the guard, and no event of that has arrived.
        (first(sse_s3(SseC::NotSaid), true), true, true),
        (first(kms(OTHER_FOREIGN, true), true), true, true),
        (had(&[kms(OWN, true)]), true, false),
    ] {
        let bucket = with_history(encrypted(Grade::Speed, theirs.clone()), history.clone());
        let is_written = |baseline: &Baseline| written(&bucket, baseline).is_some();
        assert_eq!(is_written(&changed(Grade::Speed, Aspect::Encryption)), by_call, "{history:?}");
        assert_eq!(is_written(&baseline(Grade::Speed)), by_sweep, "{history:?}");
    }
}

#[test]
fn a_key_of_another_account_is_not_written_to_block_sse_c() {
    let open = Encryption { sse_c: SseC::Allowed, ..kms(FOREIGN, true) };
    let bucket = encrypted(Grade::Speed, open);
    let baseline = changed(Grade::Speed, Aspect::SseC);
    let reason = Reason::SseCWithForeignKey("444455556666".to_owned());
    check_not_remediated(&bucket, &baseline, Aspect::SseC, &reason);
    assert_eq!(written(&bucket, &baseline), None);
    // Both are written together where the key is replaced.
    let mut both = baseline;
    both.call_context.changed.insert(Aspect::Encryption);
    assert_eq!(written(&bucket, &both), Some(sse_s3(SseC::Blocked)));
}

#[test]
fn no_plan_names_a_key_of_an_account_that_is_not_trusted() {
    let names = [KEY, OWN, "alias/ours", "alias/aws/s3", FOREIGN, OTHER_FOREIGN, "a:b"];
    let keys = names.map(|name| Key::Named(name.to_owned())).into_iter().chain([Key::AwsManaged]);
    let keys: Vec<Key> = keys.collect();
    let mut algorithms = vec![Algorithm::SseS3, Algorithm::NotSaid];
    algorithms.extend(keys.iter().cloned().map(Algorithm::Kms));
    algorithms.extend(keys.into_iter().map(Algorithm::Dsse));
    let all: Vec<Encryption> = algorithms
        .into_iter()
        .flat_map(|algorithm| {
            [SseC::Blocked, SseC::Allowed].map(|sse_c| Encryption {
                algorithm: algorithm.clone(),
                bucket_key: false,
                sse_c,
            })
        })
        .collect();
    let some = [
        sse_s3(SseC::Blocked),
        kms(OWN, false),
        kms(FOREIGN, false),
        kms(OTHER_FOREIGN, false),
        dsse(Key::Named(FOREIGN.to_owned())),
    ];
    let mut histories = vec![EncryptionHistory::default()];
    for encryption in some {
        for existed in [false, true] {
            let latest = vec![encryption.clone()];
            let first = Some(encryption.clone());
            histories.push(EncryptionHistory { first, existed, latest: latest.clone() });
            histories.push(EncryptionHistory { first: None, existed, latest });
        }
    }
    let mut writes = BTreeMap::<Grade, usize>::new();
    let aspects = [Aspect::Encryption, Aspect::SseC];
    for (grade, mode) in
        Grade::ALL.into_iter().flat_map(|grade| Mode::ALL.map(|mode| (grade, mode)))
    {
        for (is_changed, of_sse_c) in [
            (false, Mode::EnforceNew),
            (false, Mode::Enforce),
            (true, Mode::EnforceNew),
            (true, Mode::Report),
        ] {
            let mut wanted = baseline(grade);
            for aspect in Aspect::ALL {
                wanted.set_mode(aspect, Mode::Off);
            }
            wanted.set_mode(Aspect::Encryption, mode);
            wanted.set_mode(Aspect::SseC, of_sse_c);
            wanted.call_context.changed = aspects.into_iter().filter(|_| is_changed).collect();
            for (encryption, history) in
                all.iter().flat_map(|one| histories.iter().map(move |history| (one, history)))
            {
                for suppressed in [vec![], vec![(Aspect::Encryption, NOW.date())]] {
                    let encryption = Reading::Known(encryption.clone());
                    let history =
                        History { encryption: history.clone(), suppressed, ..History::default() };
                    let history = Reading::Known(history);
                    let bucket = Observed { encryption, history, ..safe(grade) };
                    let Some(set) = written(&bucket, &wanted) else { continue };
                    *writes.entry(grade).or_default() += 1;
                    let key = set.algorithm.key().map(|key| key.owner(&bucket.id.account));
                    let is_ours = !matches!(key, Some(KeyOwner::Another(_)));
                    assert!(is_ours, "{set} for {bucket:#?} and {wanted:#?}");
                }
            }
        }
    }
    assert!(writes.len() == 3 && writes.values().all(|count| *count > 1_000), "{writes:?}");
}
