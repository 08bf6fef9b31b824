//! Defects that other tools have, each as the rule that it breaks.
//!
//! Those that are not about judging have their rule where it is kept: a failed action that fails nothing in
//! `account::tests` (one failed write is reported and does not stop the next) and in the chain tests (it comes back, or is
//! reported); a delay that a billed function sleeps through in `triage::tests` (a new bucket settles in the queue); a bucket
//! of logs that is taken as it is found in `s3guard-aws`, `code_bucket::tests` (one that exists is repaired); names that
//! no event has in `watch::tests`.

use super::*;

/// 1 (seed, 1Strategy, Reflex): "no encryption, so encrypt" never fires on AWS since January 2023.
#[test]
fn what_there_is_is_compared_with_what_is_wanted_not_only_looked_for() {
    let new = Observed::new_bucket(id());
    assert!(new.encryption.known().is_some(), "every bucket has an encryption since 2023");
    let kinds: Vec<_> =
        plan(&assess(&new, &baseline(Grade::Hybrid))).actions.iter().map(Action::kind).collect();
    assert!(kinds.contains(&SettingKind::Encryption));
}

/// 2 (c7n): DSSE counted as unencrypted, and was rewritten to AES256.
#[test]
fn dsse_is_never_rewritten_to_something_weaker() {
    for grade in Grade::ALL {
        for key in [Key::AwsManaged, Key::Named("arn:aws:kms:eu-west-1:111122223333:key/x".into())]
        {
            let bucket = Observed { encryption: Reading::Known(dsse(key)), ..safe(grade) };
            for action in plan(&assess(&bucket, &baseline(grade))).actions {
                let Setting::Encryption(Some(encryption)) = action.set else { continue };
                assert!(matches!(encryption.algorithm, Algorithm::Dsse(_)), "{grade}");
            }
        }
    }
}

/// 4 (c7n, ASR): a write dropped the bucket key and the block on SSE-C.
#[test]
fn a_write_of_encryption_carries_all_of_it() {
    let theirs = "arn:aws:kms:eu-west-1:111122223333:key/theirs";
    let open = Encryption { sse_c: SseC::Allowed, ..kms(theirs, true) };
    let bucket = Observed { encryption: Reading::Known(open), ..safe(Grade::Speed) };
    let changed = changed(Grade::Speed, Aspect::SseC);
    check(&bucket, &changed, &[Setting::Encryption(Some(kms(theirs, true)))]);
}

/// 7 and 9 (c7n, ASR): the statement was appended although there was one, with the same `Sid` or of the same meaning.
#[test]
fn a_tls_statement_is_there_once_whatever_became_of_it() {
    let bucket = MemoryBucket::new(Observed::new_bucket(id()));
    let speed = baseline(Grade::Speed);
    guard(&bucket, &speed);
    // Ours is weakened, twice.
    for _ in 0..2 {
        bucket.change(|truth| {
            let text = truth.policy.known().unwrap().text().replace("\"Deny\"", "\"Allow\"");
            truth.policy = Reading::Known(Policy::new(text));
        });
        assert_eq!(guard(&bucket, &speed), [SettingKind::Policy]);
    }
    let policy = bucket.truth().policy.known().unwrap().clone();
    assert_eq!(policy.text().matches("S3GuardTlsOnly").count(), 1, "{}", policy.text());
}

/// 8 (ASR): its own notification erased everybody else's.
#[test]
fn others_notifications_survive() {
    let lambda = "<CloudFunctionConfiguration><Id>1</Id></CloudFunctionConfiguration>";
    let notifications = Notifications {
        xml: format!("<NotificationConfiguration>{lambda}</NotificationConfiguration>"),
        elements: vec!["CloudFunctionConfiguration".to_owned()],
    };
    let truth = Observed { notifications: Reading::Known(notifications), ..safe(Grade::Speed) };
    let bucket = MemoryBucket::new(truth);
    guard(&bucket, &baseline(Grade::Speed));
    let after = bucket.truth().notifications.known().unwrap().clone();
    assert!(after.xml.contains(lambda) && after.event_bridge(), "{}", after.xml);
}

/// 11 (CC-AR): what was read of one bucket was written onto another.
#[test]
fn nothing_is_kept_between_two_buckets() {
    let mut other = id();
    other.name = "finance".parse().unwrap();
    let both = [
        MemoryBucket::new(Observed::new_bucket(id())),
        MemoryBucket::new(Observed::new_bucket(other)),
    ];
    for bucket in &both {
        guard(bucket, &baseline(Grade::Speed));
        let truth = bucket.truth();
        let text = truth.policy.known().unwrap().text().to_owned();
        assert!(text.contains(&format!(":::{}\"", truth.id.name)), "{text}");
    }
}

/// 12 (CC-AR): a bucket without a policy always failed; and uploads without an encryption header were denied.
#[test]
fn a_bucket_without_a_policy_gets_one_that_denies_nothing_but_plain_http() {
    let bucket = MemoryBucket::new(Observed::new_bucket(id()));
    guard(&bucket, &baseline(Grade::Speed));
    let policy = bucket.truth().policy.known().unwrap().clone();
    let statements = policy.document().unwrap()["Statement"].as_array().unwrap().clone();
    assert_eq!(statements.len(), 1);
    assert!(!policy.text().contains("x-amz-server-side-encryption"));
    assert!(statements[0]["Condition"]["Bool"]["aws:SecureTransport"] == "false");
}

/// 5 (c7n): for one bucket's event the whole account was listed, and eleven settings were read, needed or not.
#[test]
fn an_event_reads_what_it_can_have_weakened_and_lists_nothing() {
    let mut touched = baseline(Grade::Speed);
    for aspect in Aspect::ALL {
        if aspect != Aspect::PublicAccess {
            touched.set_mode(aspect, Mode::Off);
        }
    }
    let bucket = MemoryBucket::new(safe(Grade::Speed));
    guard(&bucket, &touched);
    let read = crate::reconcile::memory::Step::Read(vec![Question::PublicAccessBlock]);
    assert_eq!(bucket.take_steps(), [read]);
    let lists = |question: &Question| question.permission().0 == "s3:ListAllMyBuckets";
    assert!(!Question::ALL.iter().any(lists));
}

/// 14 (Prowler, Scout): what may not be read counted as not set.
#[test]
fn what_may_not_be_read_is_not_what_is_not_set() {
    let denied = Observed { versioning: Reading::Denied, ..safe(Grade::Hybrid) };
    check(&denied, &baseline(Grade::Hybrid), &[]);
    let reason = Reason::NotReadable(Question::Versioning);
    check_not_remediated(&denied, &baseline(Grade::Hybrid), Aspect::Versioning, &reason);
    let absent = Observed { versioning: Reading::Absent, ..denied };
    assert_eq!(plan(&assess(&absent, &baseline(Grade::Hybrid))).actions.len(), 1);
}
