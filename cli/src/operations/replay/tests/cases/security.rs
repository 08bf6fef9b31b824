//! What a principal in the account may try.

use super::*;

const NONE: Vec<&str> = Vec::new();

#[test]
fn a_replica_and_a_policy_for_strangers_are_of_high_severity_with_their_names() {
    let answers = at(Grade::Speed, &case("security/rep.jsonl"));
    for (number, name) in [
        (1, "copied to attacker-bucket-in-other-account"),
        (2, "AWS service cloudtrail, for any account (statement 1), which may call s3:*"),
        (3, "canonical user 79a59df9…f2be (statement 1), which may call s3:*"),
    ] {
        assert_eq!(answers[number].severities(), ["high"], "{name}");
        answers[number].says(&[name]);
    }
    // The block is on, so those whom S3 calls the public are kept out.
    let everyone = "everyone with an identity of cognito-identity.amazonaws.com";
    answers[4].says(&[&format!("keeps out whom it names: {everyone}")]);
    answers[5].says(&["AIDACKCEVSQ6C2EXAMPLE"]);
    answers[5].says_not(&["lets others in"]);
}

#[test]
fn an_outsider_that_no_event_has_reported_is_found_by_the_sweep_and_of_high_severity() {
    let text = case("security/sweep.jsonl");
    let answers = at(Grade::Speed, &text);
    assert_eq!(answers[1].severities(), ["high"]);
    answers[1].says(&["account 999900001111"]);
    // It was reported, so the sweep finds it and does not report it again.
    assert_eq!((answers[2].findings(), answers[2].severities()), (1, NONE));
    // The event is lost.
    let name = r#""eventName": "PutBucketPolicy""#;
    let lost = text.replace(name, &format!(r#""readOnly": true, {name}"#));
    let answers = at(Grade::Speed, &lost);
    assert_eq!(answers[1].severities(), NONE);
    assert_eq!(answers[2].severities(), ["high"]);
    let stranger = "account 999900001111 (statement 1), which may call s3:*";
    answers[2].says(&["found by the sweep", stranger]);
}

#[test]
fn a_bucket_that_is_opened_is_closed_in_both_modes_that_enforce() {
    for mode in ["enforce", "enforce-new"] {
        let modes = format!(r#""public-access":"{mode}""#);
        for grade in Grade::ALL {
            let answers = with_modes(grade, &modes, &case("security/race.jsonl"));
            assert_eq!(answers[2].calls(), ["PutPublicAccessBlock"], "{mode} {grade}");
            let all_on = answers[2].writes()[0].1.as_object().unwrap();
            assert!(all_on.values().all(|switch| switch == true), "{all_on:?}");
        }
    }
}

#[test]
fn a_key_of_a_stranger_is_never_written_and_always_of_high_severity() {
    for grade in Grade::ALL {
        let answers = at(grade, &case("security/esc.jsonl"));
        for (call, to) in answers.iter().flat_map(Answer::writes) {
            assert!(!to.to_string().contains("999900001111"), "{call} {to}");
        }
        assert_eq!(answers[3].calls(), ["PutBucketEncryption"], "{grade}: it is reverted");
        assert_eq!(answers[3].severities(), ["high"]);
        answers[3].says(&["account 999900001111, which is neither this account nor trusted"]);
        for answer in &answers {
            let hostile = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'];
            assert!(!answer.text.contains(hostile), "{answer:?}");
        }
    }
}

#[test]
fn a_role_with_the_path_of_the_stack_is_not_the_guard() {
    let answers = at(Grade::Speed, &case("security/path.jsonl"));
    answers[1].says(&["rule matches BucketChanged", "by role x, session dev"]);
    assert_eq!(answers[1].calls(), ["PutPublicAccessBlock"]);
}

#[test]
fn a_message_that_brings_its_own_text_publishes_nothing() {
    let text = case("security/tell.jsonl");
    let told = r#"{"tell":{"subject""#;
    assert!(text.contains(told));
    let today = ["reconcile", "sweep", "digest", "again"]
        .map(|kind| text.replace(told, &format!(r#"{{"{kind}":{{"bucket":"victim","subject""#)));
    for body in [text.clone()].into_iter().chain(today) {
        let answer = only(at(Grade::Speed, &body));
        for notification in answer.notifications() {
            let notification = notification.to_string();
            assert!(!notification.contains("evil.example"), "{notification}");
            assert!(!notification.contains("compromised"), "{notification}");
        }
    }
    assert_eq!(only(at(Grade::Speed, &text)).notifications(), Vec::<&Json>::new());
}
