//! The notifications that are not reports about one bucket.

use super::safe::is_safe;
use super::*;
use crate::config::{Day, Ending};

pub(super) fn origin(id: &BucketId) -> Origin<'_> {
    Origin { account: &id.account, region: &id.region, stack: "s3guard", now: NOON }
}

const STILL_UNTIL: OffsetDateTime = datetime!(2026-11-20 14:00 UTC);

pub(super) fn terraform(event_name: &str, minute: u8) -> Call {
    Call {
        time: NOON.replace_minute(minute).unwrap(),
        tool: Tool::Terraform,
        principal: "arn:aws:sts::111122223333:assumed-role/Deployer/ci-4711".to_owned(),
        ..call(event_name)
    }
}

pub(super) fn stopped(id: &BucketId, calls: &[Call]) -> Notification {
    let aspects = &[Aspect::Encryption, Aspect::SseC];
    conflict(&ConflictReport {
        id,
        calls,
        last: None,
        aspects,
        kind: SettingKind::Encryption,
        writes: 20,
        still_until: STILL_UNTIL,
        grade: Some(Grade::Hybrid),
        owner: Some("owner@example.com"),
        stack: "s3guard",
        now: NOON,
    })
}

pub(super) fn endings() -> [Ending; 2] {
    let ending = |number, buckets: &str, aspect, reason: &str, until| Ending {
        number,
        buckets: buckets.to_owned(),
        aspects: vec![aspect],
        reason: reason.to_owned(),
        until: Day(until),
        is_over: false,
    };
    let website = "the website moves (TICKET-7)";
    let scanner = "the scanner of 2009\r\nspeaks no TLS";
    [
        ending(1, "web-*", Aspect::PublicAccess, website, date!(2026 - 11 - 27)),
        ending(2, "scans", Aspect::Tls, scanner, date!(2026 - 11 - 21)),
    ]
}

#[test]
fn a_party_that_reverts_remediations_is_named() {
    let calls = [
        terraform("PutBucketPolicy", 1),
        terraform("PutBucketPublicAccessBlock", 2),
        terraform("PutBucketPolicy", 31),
    ];
    expect![[r#"
        s3guard: conflict over reports with Deployer/ci-4711
        [critical: stopped]

        Bucket  reports (eu-west-1, account 111122223333)
        Owner   tag says "owner@example.com"
        Writes  20 by s3guard within the hour (PutBucketEncryption), the maximum
        Still   s3guard does not write this setting until 2026-11-20 14:00:00
                UTC; it keeps the others

        Who else changes it
          role Deployer, session ci-4711 with Terraform: PutBucketPolicy 2
            times, PutBucketPublicAccessBlock, last 2026-11-20 12:31:00 UTC

        Weaker than wanted until then
          default encryption
          the block on SSE-C

        What to do
          If s3guard is right, change their configuration. Its reports about
            this bucket contain the lines.
          If they are right, exempt the bucket in s3guard.toml, with a reason
            and an end, and deploy.
          Until then, every run of theirs reverts the remediation.

        https://eu-west-1.console.aws.amazon.com/s3/buckets/reports?region=eu-west-1&tab=permissions
    "#]]
    .assert_eq(&words(&stopped(&id(), &calls)));
}

#[test]
fn several_parties_that_revert_remediations_are_counted_in_the_subject() {
    let calls = [terraform("PutBucketPolicy", 1), call("PutBucketPolicy")];
    let notification = stopped(&id(), &calls);
    assert_eq!(notification.subject, "s3guard: conflict over reports with 2 others");
    let [careless, deployer] =
        ["  IAM user careless with the AWS CLI: ", "  role Deployer, session"];
    let at = |who: &str| notification.text.find(who).unwrap();
    assert!(at(careless) < at(deployer), "{}", notification.text);
    let by = |number| Call { principal: format!("user {number:02}"), ..call("PutBucketPolicy") };
    let text = stopped(&id(), &(0..12).map(by).collect::<Vec<_>>()).text;
    assert!(text.contains("user 00") && text.contains("user 11"), "{text}");
}

#[test]
fn a_subject_names_the_bucket_however_long_the_names_are() {
    let long = BucketId { name: "b".repeat(63).parse().unwrap(), ..id() };
    for principal in ["", "alice", &"p".repeat(300), "a\r\n\u{202e}"] {
        let call = Call { principal: principal.to_owned(), ..call("PutBucketPolicy") };
        let notification = stopped(&long, &[call]);
        assert!(notification.subject.contains(long.name.as_str()), "{}", notification.subject);
        assert!(notification.subject.chars().count() < 100 && is_safe(&notification.text));
    }
    assert_eq!(stopped(&id(), &[]).subject, "s3guard: conflict over reports");
}

#[test]
fn buckets_that_no_event_reported_are_listed_with_the_likely_causes() {
    let notification_about = |names: &[String]| {
        let buckets: Vec<BucketName> = names.iter().map(|name| name.parse().unwrap()).collect();
        coverage_gap(&buckets, &origin(&id()))
    };
    let notification = notification_about(&["photos".to_owned(), "reports".to_owned()]);
    expect![[r#"
        s3guard received no event about 2 buckets in eu-west-1
        [warning: missed]

        Account 111122223333, eu-west-1

        The sweep found buckets that were created after s3guard was deployed,
        and that no event reported. It has reconciled them now. But a call that
        weakens such a bucket may not be noticed before the next sweep.

        Buckets
          photos
          reports

        Likely causes
          The trail is off, or does not log write management events of
            eu-west-1.
          The bucket was created through us-east-1, and s3guard is not deployed
            there.
          The trail covers only another Region, not eu-west-1.
          The EventBridge rule was disabled or changed.
    "#]]
    .assert_eq(&words(&notification));
    let many: Vec<String> = (0..120).map(|number| format!("bucket-{number}")).collect();
    let notification = notification_about(&many);
    assert!(notification.text.contains("bucket-99\n"), "{}", notification.text);
    assert_eq!(
        notification_about(&many[..1]).subject,
        "s3guard received no event about a bucket in eu-west-1"
    );
}

#[test]
fn exemptions_that_end_are_reported_the_first_one_first() {
    let endings = endings();
    let notification_about = |endings: &[Ending]| exemptions_ending(endings, &origin(&id()));
    expect![[r#"
        s3guard: 2 exemptions end, the first on 2026-11-21
        [warning: exemption-ends]

        Account 111122223333, eu-west-1

        Exemptions that end
          scans: TLS only, until 2026-11-21 (tomorrow): the scanner of
            2009\u{d}\u{a}speaks no TLS
          web-*: public access block, until 2026-11-27 (in 7 days): the website
            moves (TICKET-7)

        What to do
          Nothing, if the reason no longer applies: s3guard remediates the
            buckets after the last day.
          Otherwise, change the end of the exemption in s3guard.toml, and
            deploy.
    "#]]
    .assert_eq(&words(&notification_about(&endings)));
    assert_eq!(
        notification_about(&endings[..1]).subject,
        "s3guard: an exemption ends on 2026-11-27"
    );
}

fn said(run: &Run) -> Notification {
    run.notification().unwrap()
}

#[test]
fn of_a_bucket_that_is_gone_nothing_is_left_as_it_is() {
    let free = Reason::NameIsFree("it was a website".to_owned());
    let findings = vec![not_remediated(Aspect::PublicAccess, free)];
    let run = Run { is_gone: true, ..Run::new(calls("DeleteBucket"), findings) };
    check(
        &run,
        &expect![[r#"
        HIGH: bucket reports was deleted, and its name may be in use
        [high: not-remediated]

        Bucket  reports (eu-west-1, account 111122223333)
        Event   DeleteBucket by IAM user careless with the AWS CLI,
                2026-11-20 12:00:00 UTC
                arn:aws:iam::111122223333:user/careless
        Grade   speed (the default)

        What happened
          public access block: the bucket was deleted; it was a website. Another
            account can take its name, and then serves what is requested there:
            remove its DNS records and CloudFront origins
    "#]],
    );
    let notification = said(&run);
    let page = "https://eu-west-1.console.aws.amazon.com/s3/buckets?region=eu-west-1";
    assert_eq!(notification.document.buckets[0].console, page);
    let folded = digest(&[Folded::of(&notification)], &origin(&id()), "id", "whole").unwrap();
    for text in [&notification.text, &folded.text] {
        assert!(text.contains("\nWhat happened\n") && !text.contains("console"), "{text}");
    }
}

#[test]
fn a_lifecycle_rule_that_is_new_is_reported_once() {
    let found =
        |what: &str| not_remediated(Aspect::Lifecycle, Reason::NeverWritten(what.to_owned()));
    let fallen = not_remediated(
        Aspect::Lifecycle,
        Reason::SwitchedOff("objects are deleted after 1 day, were kept".to_owned()),
    );
    let lines = |findings: &[Finding]| {
        let text = said(&Run::new(calls("PutBucketLifecycle"), findings.to_vec())).text;
        text.lines().filter(|line| line.contains("lifecycle")).count()
    };
    assert_eq!(lines(&[found("objects are deleted after 1 day"), fallen.clone()]), 1);
    let more = "objects are deleted after 1 day; old versions are deleted after 2 days";
    assert_eq!(lines(&[found(more), fallen]), 2, "one says more");
}

#[test]
fn joined_notifications_show_calls_as_single_ones_do() {
    let single = said(&Run::new(calls("DeleteBucketPublicAccessBlock"), vec![open()]));
    let joined = digest(&[Folded::of(&single)], &origin(&id()), "id", "whole").unwrap();
    let event = |text: &str| {
        let (_, event) = text.split_once("Event ").unwrap();
        event.split_once("Grade").unwrap().0.to_owned()
    };
    assert!(event(&single.text).contains("2026-11-20 12:00:00 UTC"), "{}", single.text);
    assert_eq!(event(&joined.text), event(&single.text));
}

#[test]
fn a_subject_of_what_is_severe_says_so() {
    let foreign = Finding::Weak {
        aspect: Aspect::Encryption,
        was: format!("a key of account 999900001111, {}", crate::model::finding::NOT_TRUSTED),
        remediate: match sse_c() {
            Finding::Weak { remediate, .. } => remediate,
            Finding::Later { .. } | Finding::NotRemediated { .. } => unreachable!(),
        },
    };
    let notification = said(&Run::new(calls("PutBucketEncryption"), vec![foreign]));
    assert_eq!(notification.subject, "HIGH: s3guard reverted a weakening of reports");
    assert!(notification.sms.starts_with("s3guard HIGH: reverted a weakening of reports"));
}
