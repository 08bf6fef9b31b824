use expect_test::{Expect, expect};
use time::macros::datetime;

use super::*;
use crate::{Algorithm, Encryption, PublicAccessBlock, SseC};

fn findings() -> Vec<Finding> {
    let mend = Encryption { algorithm: Algorithm::SseS3, bucket_key: false, sse_c: SseC::Blocked };
    vec![
        Finding::OpenToPublic { seen: Reading::Absent, mend: PublicAccessBlock::ALL },
        Finding::WeakEncryption { seen: Reading::Absent, mend },
    ]
}

fn call() -> Trigger {
    Trigger::Calls(vec![Call {
        event_name: "CreateBucket".to_owned(),
        time: datetime!(2026-11-20 12:00:00 UTC),
        principal: "arn:aws:iam::111122223333:user/careless".to_owned(),
    }])
}

fn told(findings: &[Finding], trigger: &Trigger, failed: &[(Action, String)]) -> Option<Notice> {
    let done: Vec<Action> = crate::plan(findings)
        .actions
        .into_iter()
        .filter(|action| failed.iter().all(|(not_done, _)| not_done != action))
        .collect();
    notice(&Report {
        bucket: &"reports".parse().unwrap(),
        account: &"111122223333".parse().unwrap(),
        region: &"eu-west-1".parse().unwrap(),
        grade: Grade::Speed,
        trigger,
        findings,
        done: &done,
        failed,
        took: Some(Duration::from_millis(4_250)),
        is_again: false,
    })
}

fn check(notice: Option<Notice>, expected: &Expect) {
    let told = notice.map(|notice| format!("{}\n\n{}", notice.subject, notice.text));
    expected.assert_eq(&told.unwrap_or_else(|| "(nothing)\n".to_owned()));
}

#[test]
fn a_mended_bucket_is_told_with_before_and_after() {
    check(
        told(&findings(), &call(), &[]),
        &expect![[r#"
            s3guard protected reports

            Bucket  reports (eu-west-1, account 111122223333)
            Event   CreateBucket by arn:aws:iam::111122223333:user/careless, 2026-11-20 12:00:00 UTC
            Grade   speed

            Done
              public access block: on (was: not set)
              default encryption: SSE-S3, SSE-C blocked (was: not set)

            Protected 4.2 s after the event.

            https://eu-west-1.console.aws.amazon.com/s3/buckets/reports?region=eu-west-1&tab=permissions
        "#]],
    );
}

#[test]
fn a_failure_comes_first_and_says_its_cause() {
    let failed = [(
        crate::plan(&findings()).actions[1].clone(),
        "PutBucketEncryption on bucket `reports` failed: AccessDenied".to_owned(),
    )];
    check(
        told(&findings(), &call(), &failed),
        &expect![[r#"
            s3guard could not wholly protect reports

            Bucket  reports (eu-west-1, account 111122223333)
            Event   CreateBucket by arn:aws:iam::111122223333:user/careless, 2026-11-20 12:00:00 UTC
            Grade   speed

            Done
              public access block: on (was: not set)

            Not done
              PutBucketEncryption on bucket `reports` failed: AccessDenied (wanted: default encryption: SSE-S3, SSE-C blocked)

            https://eu-west-1.console.aws.amazon.com/s3/buckets/reports?region=eu-west-1&tab=permissions
        "#]],
    );
}

#[test]
fn a_bucket_that_is_right_is_not_worth_a_message() {
    check(told(&[], &call(), &[]), &expect![["(nothing)\n"]]);
    check(told(&[], &Trigger::Sweep, &[]), &expect![["(nothing)\n"]]);
}

#[test]
fn what_is_left_is_told_once_by_the_event_and_not_by_every_sweep() {
    let left = [Finding::Left(LeftBecause::Website)];
    check(
        told(&left, &call(), &[]),
        &expect![[r#"
            s3guard left a bucket as it is: reports

            Bucket  reports (eu-west-1, account 111122223333)
            Event   CreateBucket by arn:aws:iam::111122223333:user/careless, 2026-11-20 12:00:00 UTC
            Grade   speed

            Left as it is
              it is a website, so public access was left open

            https://eu-west-1.console.aws.amazon.com/s3/buckets/reports?region=eu-west-1&tab=permissions
        "#]],
    );
    check(told(&left, &Trigger::Sweep, &[]), &expect![["(nothing)\n"]]);
}

#[test]
fn everybody_who_changed_the_bucket_is_named() {
    let Trigger::Calls(mut calls) = call() else { unreachable!() };
    calls.push(Call {
        principal: "arn:aws:iam::111122223333:user/mallory".to_owned(),
        ..calls[0].clone()
    });
    let told = told(&findings(), &Trigger::Calls(calls), &[]).unwrap();
    assert!(
        told.text.contains("user/careless") && told.text.contains("user/mallory"),
        "{}",
        told.text
    );
}

#[test]
fn what_a_sweep_cannot_mend_is_counted_and_not_told_again_and_again() {
    let failed: Vec<(Action, String)> = crate::plan(&findings())
        .actions
        .into_iter()
        .map(|action| (action, "AccessDenied".to_owned()))
        .collect();
    check(told(&findings(), &Trigger::Sweep, &failed), &expect![["(nothing)\n"]]);
    assert_eq!(
        told(&findings(), &call(), &failed).unwrap().subject,
        "s3guard could not protect reports"
    );
}

#[test]
fn a_bucket_that_was_mended_in_part_is_not_said_to_be_left() {
    let mut findings = findings();
    findings.push(Finding::Left(LeftBecause::Outsiders));
    let notice = told(&findings, &call(), &[]).unwrap();
    assert_eq!(notice.subject, "s3guard protected in part: reports");
    let both = vec!["protected".to_owned(), "left".to_owned()];
    assert_eq!(notice.attributes["action"], crate::notice::Attribute::Many(both));
}

#[test]
fn what_an_interrupted_look_may_have_done_is_told() {
    let told = notice(&Report {
        bucket: &"reports".parse().unwrap(),
        account: &"111122223333".parse().unwrap(),
        region: &"eu-west-1".parse().unwrap(),
        grade: Grade::Speed,
        trigger: &call(),
        findings: &[],
        done: &[],
        failed: &[],
        took: None,
        is_again: true,
    });
    check(
        told,
        &expect![[r#"
        s3guard looked again at reports

        Bucket  reports (eu-west-1, account 111122223333)
        Event   CreateBucket by arn:aws:iam::111122223333:user/careless, 2026-11-20 12:00:00 UTC
        Grade   speed

        An earlier look was interrupted, maybe after it had mended something.
        The bucket is as it should be now.

        https://eu-west-1.console.aws.amazon.com/s3/buckets/reports?region=eu-west-1&tab=permissions
    "#]],
    );
}

#[test]
fn the_console_is_the_one_of_the_partition() {
    let link = |region: &str| {
        console_link(&region.parse().unwrap(), &"reports".parse().unwrap())
            .split('/')
            .nth(2)
            .unwrap()
            .to_owned()
    };
    assert_eq!(link("eu-west-1"), "eu-west-1.console.aws.amazon.com");
    assert_eq!(link("cn-north-1"), "cn-north-1.console.amazonaws.cn");
    assert_eq!(link("us-gov-west-1"), "us-gov-west-1.console.amazonaws-us-gov.com");
}
