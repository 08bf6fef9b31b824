//! What a call has switched off, opened or deleted.

use super::*;

const NONE: Vec<&str> = Vec::new();
const OFF: &str = r#""versioning":"off","lifecycle":"off","replication":"off","access-logs":"off""#;

#[test]
fn mfa_delete_that_root_switches_off_is_reported_at_every_grade() {
    let name = "25-mfa-delete-switched-off.json";
    let off = Grade::ALL.map(|grade| with_modes(grade, OFF, &case(name)));
    for answers in Grade::ALL.map(|grade| at(grade, &case(name))).into_iter().chain(off) {
        let answer = only(answers);
        assert_eq!((answer.calls(), answer.severities()), (NONE, vec!["warning"]));
        answer.says(&["MFA delete is off", "PutBucketVersioning by root"]);
    }
}

#[test]
fn versioning_that_is_suspended_is_reported_although_the_grade_asks_for_none() {
    let name = "26-versioning-suspended-at-grade-speed.json";
    for answers in [at(Grade::Speed, &case(name)), with_modes(Grade::Speed, OFF, &case(name))] {
        let [enabled, suspended] = &answers[..] else { panic!("{answers:#?}") };
        assert_eq!((enabled.calls(), enabled.severities()), (NONE, NONE));
        assert_eq!((suspended.calls(), suspended.severities()), (NONE, vec!["warning"]));
        suspended.says(&[
            "versioning is suspended, was enabled",
            "by role Support, session mallory",
            "2026-11-20 12:05:00 UTC",
        ]);
    }
    let reverted = at(Grade::Hybrid, &case(name));
    assert_eq!(reverted[1].calls(), ["PutBucketVersioning"]);
}

#[test]
fn a_replica_whose_owner_no_event_names_is_of_high_severity() {
    let answers = at(Grade::Speed, &case("28-replication-without-an-account.json"));
    let [one, list] = &answers[..] else { panic!("{answers:#?}") };
    one.says(&["copied to collector-eu, whose owner no event names"]);
    list.says(&["collector-us, whose owner no event names", "no longer to collector-eu"]);
    for answer in &answers {
        assert_eq!((answer.calls(), answer.severities()), (NONE, vec!["high"]));
    }
}

#[test]
fn an_inventory_for_another_account_is_reported() {
    let text = case("30-inventory-to-another-account.json");
    let answer = only(at(Grade::Speed, &text));
    assert_eq!((answer.calls(), answer.notifications().len()), (NONE, 1));
    answer.says(&[
        "an inventory, a list of its objects, is sent to collector-eu of account 444455556666",
    ]);
    let own = text.replace("444455556666", "111122223333");
    assert_eq!(only(at(Grade::Speed, &own)).notifications(), Vec::<&Json>::new());
}

#[test]
fn old_versions_that_are_deleted_soon_are_reported() {
    for grade in Grade::ALL {
        let answer = only(at(grade, &case("32-old-versions-expire-next-day.json")));
        assert_eq!((answer.calls(), answer.severities()), (NONE, vec!["warning"]));
        answer.says(&["old versions are deleted after 1 day; s3guard does not change it"]);
        answer.says_not(&["as configured"]);
    }
}

#[test]
fn a_website_that_is_deleted_leaves_its_name_to_others() {
    let answers = at(Grade::Speed, &case("34-website-bucket-deleted.json"));
    let [_, deleted] = &answers[..] else { panic!("{answers:#?}") };
    assert_eq!((deleted.calls(), deleted.severities()), (NONE, vec!["high"]));
    deleted.says(&[
        "closes the state of the bucket",
        "DeleteBucket by role Support, session mallory",
        "the bucket was deleted; it was a website",
        "remove its DNS records and CloudFront origins",
    ]);
    assert_eq!(deleted.findings(), 0, "nothing of it is read");
}

#[test]
fn an_event_of_2015_is_a_new_bucket_that_is_not_taken_for_empty() {
    let answer = only(at(Grade::Speed, &case("36-envelope-of-2015.json")));
    assert_eq!(answer.calls(), ["PutBucketPolicy", "PutBucketNotificationConfiguration"]);
    let ledger = "reads ListObjectsV2 (ledger), GetBucketPolicy";
    answer.says(&["with the AWS console", "waits 15 s", ledger]);
}

#[test]
fn tags_that_come_with_the_bucket_count_from_the_first_reconciliation() {
    let scene = Scene { key: Some(KEY.parse().unwrap()), ..scene(Grade::Speed) };
    let answers = in_scene(&scene, &case("38-terraform-6-23-tags-with-the-bucket.json"));
    let [created, tagged] = &answers[..] else { panic!("{answers:#?}") };
    created.says(&["grade hybrid (the tag `s3guard:grade`)", "tag says \"payroll@example.com\""]);
    assert!(created.calls().contains(&"PutBucketEncryption"));
    tagged.says(&["TagResource tagged ", "grade security (the tag `s3guard:grade`)"]);
    let tag = r#"{"Key":"s3guard:grade","Value":"hybrid"}"#;
    for tags in [tag, &format!("[{tag}]")].map(str::to_owned).into_iter().flat_map(|one| {
        [format!(r#"{{"Tag":{one}}}"#), format!(r#"{{"TagSet":{{"Tag":{one}}}}}"#), one]
    }) {
        let mut events = events("38-terraform-6-23-tags-with-the-bucket.json");
        events[0]["detail"]["requestParameters"]["CreateBucketConfiguration"]["Tags"] =
            serde_json::from_str(&tags).unwrap();
        let answers = in_scene(&scene, &serde_json::to_string(&events[..1]).unwrap());
        assert!(answers[0].text.contains("grade hybrid"), "{tags}: {}", answers[0].text);
    }
}

#[test]
fn protections_that_one_principal_switches_off_are_one_alarm_and_one_summary() {
    let text = case("53-ransom-sequence-by-one-caller.json");
    for grade in Grade::ALL {
        let answers = at(grade, &text);
        assert_eq!(answers.len(), 6);
        let severities: Vec<Vec<&str>> = answers.iter().map(Answer::severities).collect();
        // From grade hybrid on the guard has read that there was no replication before.
        let place = severities.iter().position(|one| *one == ["critical"]).unwrap();
        assert_eq!(place, if grade == Grade::Speed { 2 } else { 3 }, "the third is the alarm");
        let before = severities[..place].concat();
        assert_eq!(before.len(), place, "{grade}: those before it are reported at once");
        let after = severities[place + 1..].concat();
        assert_eq!(after, ["high"], "{grade}: one summary of the rest");
        let alarm = &answers[place];
        alarm.says(&[
            "protections of one bucket were switched off within a minute by role Support, session mallory",
            "revoke the sessions of this principal now",
            "look for objects that were written, overwritten or deleted since 2026-11-20 12:00:00 UTC",
        ]);
        let sms = alarm.notifications()[0]["sms"].as_str().unwrap();
        assert!(sms.contains("CRITICAL") && sms.contains("role Support"), "{sms}");
        for (number, call, is_wanted) in [
            (0, "PutBucketEncryption", true),
            (1, "PutBucketVersioning", grade > Grade::Speed),
            (4, "PutBucketLogging", grade == Grade::Security),
            (5, "PutPublicAccessBlock", true),
        ] {
            assert_eq!(answers[number].calls().contains(&call), is_wanted, "{grade}: {call}");
        }
        let summary = answers.iter().find(|one| one.text.contains("more protections")).unwrap();
        summary.says(&[
            "folds its report into a summary in 120 s",
            if grade == Grade::Speed { "7 protections" } else { "6 protections" },
            "lifecycle: objects are deleted after 1 day",
            "public access block: on (was: not set)",
        ]);
        summary.says_not(&[
            "found by the sweep",
            "for the bucket's creator",
            // It is on again.
            "the public access block is off",
        ]);
    }
}
