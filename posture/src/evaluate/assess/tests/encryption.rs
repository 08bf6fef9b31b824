//! Default encryption and the block on SSE-C.

use serde_json::{Value, json};

use super::*;

pub(super) fn encrypted(grade: Grade, encryption: Encryption) -> Observed {
    Observed { encryption: Reading::Known(encryption), ..safe(grade) }
}

fn becomes(encryption: Encryption) -> [Setting; 1] {
    [Setting::Encryption(Some(encryption))]
}

#[test]
fn encryption_is_raised_to_the_grade() {
    use Grade::{Hybrid, Security};
    let ours = Key::Named(KEY.to_owned());
    check(&encrypted(Hybrid, sse_s3(SseC::Blocked)), &baseline(Hybrid), &becomes(kms(KEY, true)));
    for weaker in [sse_s3(SseC::Blocked), kms(KEY, true)] {
        let bucket = encrypted(Security, weaker);
        check(&bucket, &baseline(Security), &becomes(dsse(ours.clone())));
    }
}

#[test]
fn a_stronger_setting_or_another_customers_key_stays() {
    let theirs = "arn:aws:kms:eu-west-1:111122223333:key/theirs";
    for grade in [Grade::Speed, Grade::Hybrid] {
        for stays in
            [dsse(Key::Named(theirs.to_owned())), dsse(Key::AwsManaged), kms(theirs, false)]
        {
            check(&encrypted(grade, stays), &baseline(grade), &[]);
        }
    }
    let dsse_theirs = dsse(Key::Named(theirs.to_owned()));
    check(&encrypted(Grade::Security, dsse_theirs.clone()), &baseline(Grade::Security), &[]);
    // The grade is reached with their key.
    let bucket = encrypted(Grade::Security, kms(theirs, true));
    check(&bucket, &baseline(Grade::Security), &becomes(dsse_theirs));
}

#[test]
fn our_own_key_gets_its_bucket_key_and_others_keep_theirs() {
    let without = encrypted(Grade::Hybrid, kms(KEY, false));
    check(&without, &baseline(Grade::Hybrid), &becomes(kms(KEY, true)));
    check(&without, &baseline(Grade::Speed), &[]);
}

#[test]
fn the_key_that_aws_manages_is_not_a_customers_key() {
    let managed = Encryption { algorithm: Algorithm::Kms(Key::AwsManaged), ..kms("", true) };
    check(&encrypted(Grade::Speed, managed.clone()), &baseline(Grade::Speed), &[]);
    let bucket = encrypted(Grade::Hybrid, managed);
    check(&bucket, &baseline(Grade::Hybrid), &becomes(kms(KEY, true)));
}

#[test]
fn blocking_sse_c_keeps_everything_else() {
    let theirs = "arn:aws:kms:eu-west-1:111122223333:key/theirs";
    for sse_c in [SseC::Allowed, SseC::NotSaid] {
        let open = encrypted(Grade::Hybrid, Encryption { sse_c, ..kms(theirs, false) });
        check(&open, &changed(Grade::Hybrid, Aspect::SseC), &becomes(kms(theirs, false)));
        check(&open, &enforcing(Grade::Hybrid, Aspect::SseC), &becomes(kms(theirs, false)));
    }
}

#[test]
fn sse_c_that_s3_left_open_is_told_and_left_by_a_sweep_whatever_else_is_written() {
    for sse_c in [SseC::Allowed, SseC::NotSaid] {
        let open = encrypted(Grade::Hybrid, sse_s3(sse_c));
        let speed = existing(Grade::Speed);
        check_not_remediated(&open, &speed, Aspect::SseC, &Reason::SseCInUse);
        check(&open, &speed, &[]);
        let raised = Encryption { sse_c, ..kms(KEY, true) };
        let called = changed(Grade::Hybrid, Aspect::Encryption);
        check(&open, &called, &becomes(raised));
        check_not_remediated(&open, &called, Aspect::SseC, &Reason::SseCInUse);
        // The other half of the setting has changed, and its own has not been looked into.
        let other = changed(Grade::Speed, Aspect::Encryption);
        check(&open, &other, &[]);
    }
}

#[test]
fn the_two_halves_of_the_setting_are_switched_one_by_one() {
    let old = encrypted(Grade::Hybrid, sse_s3(SseC::Allowed));
    let mut only_key = baseline(Grade::Hybrid);
    only_key.set_mode(Aspect::SseC, Mode::Off);
    let key = Encryption { sse_c: SseC::Allowed, ..kms(KEY, true) };
    check(&old, &only_key, &becomes(key));
    let mut only_block = changed(Grade::Hybrid, Aspect::SseC);
    only_block.set_mode(Aspect::Encryption, Mode::Report);
    check(&old, &only_block, &becomes(sse_s3(SseC::Blocked)));
    // A suppressed aspect is left out of the write as well.
    let suppressed = vec![(Aspect::SseC, time::macros::date!(2026 - 12 - 24))];
    let history = Reading::Known(History { suppressed, ..History::default() });
    let undone = Observed { history, ..old };
    check(
        &undone,
        &baseline(Grade::Hybrid),
        &becomes(Encryption { sse_c: SseC::Allowed, ..kms(KEY, true) }),
    );
}

#[test]
fn where_sse_c_cannot_be_blocked_nothing_is_written_for_it() {
    let bucket =
        Observed { id: in_region("me-south-1"), ..encrypted(Grade::Speed, sse_s3(SseC::NotSaid)) };
    for baseline in [baseline(Grade::Speed), enforcing(Grade::Speed, Aspect::SseC)] {
        assert_eq!(assess(&bucket, &baseline), []);
    }
}

#[test]
fn an_algorithm_that_we_do_not_know_is_left() {
    let algorithm = Algorithm::Other("aws:fsx".to_owned());
    let bucket = encrypted(Grade::Security, Encryption { algorithm, ..sse_s3(SseC::NotSaid) });
    let reason = Reason::UnknownAlgorithm("aws:fsx".to_owned());
    check_not_remediated(&bucket, &baseline(Grade::Security), Aspect::Encryption, &reason);
    check(&bucket, &baseline(Grade::Security), &[]);
}

#[test]
fn a_bucket_that_others_use_is_not_raised_to_kms() {
    let delivery = r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"*"}}"#;
    let acl = Acl { admits_log_delivery: true, grants_others: true, ..Acl::default() };
    let writer = Reading::Known(Ownership::ObjectWriter);
    let plain = Observed { ownership: writer, ..encrypted(Grade::Hybrid, sse_s3(SseC::NotSaid)) };
    for (target, reason) in [
        (
            Observed { policy: Reading::Known(Policy::new(delivery)), ..plain.clone() },
            Reason::Outsiders(
                "its policy lets in AWS service logdelivery.elasticloadbalancing, for any account \
                 (statement 1)"
                    .to_owned(),
            ),
        ),
        (Observed { acl: Reading::Known(acl), ..plain.clone() }, Reason::LogTarget),
        (Observed { acl: Reading::Denied, ..plain }, Reason::NotReadable(Question::Acl)),
    ] {
        check_not_remediated(&target, &baseline(Grade::Hybrid), Aspect::Encryption, &reason);
        // Its SSE-C is blocked all the same.
        let baseline = changed(Grade::Hybrid, Aspect::SseC);
        let actions = plan(&assess(&target, &baseline)).actions;
        let blocked = Setting::Encryption(Some(sse_s3(SseC::Blocked)));
        assert!(actions.iter().any(|action| action.set == blocked), "{actions:?}");
    }
}

#[test]
fn a_role_that_was_deleted_needs_no_key_and_cloudfront_does() {
    let front = "arn:aws:cloudfront::111122223333:distribution/E1EXAMPLE2XY3Z";
    let deleted = json!({ "AWS": ["AROAEXAMPLEDELETED01", "arn:aws:iam::111122223333:role/app"] });
    let of = |principal: Value| {
        let statement = json!({
            "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
            "Condition": { "StringEquals": { "AWS:SourceArn": front } },
        });
        let policy = Policy::new(json!({ "Statement": statement }).to_string());
        let plain = encrypted(Grade::Hybrid, sse_s3(SseC::Blocked));
        let bucket = Observed { policy: Reading::Known(policy), ..plain };
        let found = assess(&bucket, &baseline(Grade::Hybrid));
        let found = found.into_iter().find(|one| one.aspect() == Aspect::Encryption);
        found.expect("SSE-S3 is less than the grade wants")
    };
    let Finding::Weak { remediate, .. } = of(deleted) else { panic!("it needs no key") };
    assert_eq!(remediate, Setting::Encryption(Some(kms(KEY, true))));
    let reason = "its policy lets in CloudFront distribution E1EXAMPLE2XY3Z of account \
                  111122223333 (statement 1)";
    assert_eq!(
        of(json!({ "Service": "cloudfront.amazonaws.com" })),
        Finding::NotRemediated {
            aspect: Aspect::Encryption,
            reason: Reason::Outsiders(reason.to_owned()),
        }
    );
}

#[test]
fn writers_with_access_by_an_acl_are_not_locked_out_by_a_key() {
    let shared = Acl { grants_others: true, ..Acl::default() };
    let bucket = Observed {
        acl: Reading::Known(shared),
        ownership: Reading::Known(Ownership::ObjectWriter),
        ..encrypted(Grade::Hybrid, sse_s3(SseC::Blocked))
    };
    let reason = Reason::Outsiders("its ACL lets others in".to_owned());
    check_not_remediated(&bucket, &baseline(Grade::Hybrid), Aspect::Encryption, &reason);
}

#[test]
fn a_key_that_cannot_be_used_is_not_used() {
    let plain = encrypted(Grade::Hybrid, sse_s3(SseC::Blocked));
    let unusable = |why: &str| Reason::KeyUnusable(KEY.parse().unwrap(), why.to_owned());
    for (key, reason) in [
        (
            Reading::Known(KeyState::Unusable("it is disabled".to_owned())),
            unusable("it is disabled"),
        ),
        (Reading::Absent, unusable("there is no such key")),
        (Reading::Denied, Reason::NotReadable(Question::Key)),
    ] {
        let bucket = Observed { key, ..plain.clone() };
        check_not_remediated(&bucket, &baseline(Grade::Hybrid), Aspect::Encryption, &reason);
    }
    let elsewhere = Observed { id: in_region("us-east-1"), ..plain.clone() };
    let reason = unusable("it is in another Region than the bucket");
    check_not_remediated(&elsewhere, &baseline(Grade::Hybrid), Aspect::Encryption, &reason);
    let mut none = baseline(Grade::Hybrid);
    none.key = None;
    let reason = Reason::NoKey(Grade::Hybrid, "eu-west-1".parse().unwrap());
    check_not_remediated(&plain, &none, Aspect::Encryption, &reason);
}

#[test]
fn sse_c_is_blocked_also_where_the_encryption_is_not_judged() {
    let mut hybrid = baseline(Grade::Hybrid);
    for aspect in Aspect::ALL.into_iter().filter(|aspect| *aspect != Aspect::SseC) {
        hybrid.set_mode(aspect, Mode::Off);
    }
    hybrid.set_mode(Aspect::SseC, Mode::Enforce);
    let bucket = MemoryBucket::new(Observed { encryption: Reading::Absent, ..safe(Grade::Speed) });
    assert_eq!(guard(&bucket, &hybrid), [SettingKind::Encryption]);
    assert_eq!(bucket.truth().encryption.known().unwrap().sse_c, SseC::Blocked);
}

/// A policy that denies uploads without what this tests.
fn demanding(condition: &str) -> Reading<Policy> {
    let policy = format!(
        r#"{{"Statement":[{{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*","Condition":{condition}}},
        {}]}}"#,
        tls_policy(Grade::Speed).document().unwrap()["Statement"][0]
    );
    Reading::Known(Policy::new(policy))
}

const DEMANDS_SSE_C: &str =
    r#"{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"true"}}"#;

#[test]
fn sse_c_that_the_policy_demands_is_blocked_only_by_enforce_and_with_a_warning() {
    let policy = demanding(DEMANDS_SSE_C);
    let bucket = Observed { policy, ..encrypted(Grade::Speed, sse_s3(SseC::Allowed)) };
    let reason = Reason::PolicyDemands("SSE-C".to_owned());
    for baseline in
        [baseline(Grade::Speed), changed(Grade::Speed, Aspect::SseC), existing(Grade::Speed)]
    {
        check_not_remediated(&bucket, &baseline, Aspect::SseC, &reason);
    }
    let findings = assess(&bucket, &enforcing(Grade::Speed, Aspect::SseC));
    let [Finding::Weak { was, .. }] = &findings[..] else { panic!("{findings:#?}") };
    assert!(was.contains("its policy denies uploads without SSE-C"), "{was}");
}

#[test]
fn a_key_stays_where_uploads_or_replicas_would_fail() {
    let demands = r#"{"StringNotEquals":{"s3:x-amz-server-side-encryption":"AES256"}}"#;
    let policy = demanding(demands);
    let of_policy = Observed { policy, ..encrypted(Grade::Hybrid, sse_s3(SseC::Blocked)) };
    let replication = |without_kms| {
        let rules = crate::model::setting::Replication { without_kms, ..Default::default() };
        Observed {
            replication: Reading::Known(rules),
            ..encrypted(Grade::Hybrid, sse_s3(SseC::Blocked))
        }
    };
    for (bucket, reason) in [
        (of_policy, Reason::PolicyDemands("`AES256`".to_owned())),
        (replication(true), Reason::ReplicatesWithoutKms),
    ] {
        for baseline in [baseline(Grade::Hybrid), changed(Grade::Hybrid, Aspect::Encryption)] {
            check_not_remediated(&bucket, &baseline, Aspect::Encryption, &reason);
        }
        let enforced = enforcing(Grade::Hybrid, Aspect::Encryption);
        check(&bucket, &enforced, &becomes(kms(KEY, true)));
    }
    check(&replication(false), &baseline(Grade::Hybrid), &becomes(kms(KEY, true)));
}

#[test]
fn in_an_existing_bucket_a_key_is_an_open_finding_until_it_is_enforced() {
    let bucket = encrypted(Grade::Hybrid, sse_s3(SseC::Blocked));
    let findings = assess(&bucket, &existing(Grade::Hybrid));
    let [Finding::NotRemediated { aspect: Aspect::Encryption, reason }] = &findings[..] else {
        panic!("{findings:#?}")
    };
    let text = reason.to_string();
    assert!(
        text.contains("kms:GenerateDataKey") && text.contains("`encryption = \"enforce\"`"),
        "{text}"
    );
}
