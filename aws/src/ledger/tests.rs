use expect_test::expect;
use s3guard_posture::evaluate::coverage;
use s3guard_posture::flow::Ledger as _;
use s3guard_posture::model::names;
use s3guard_posture::model::setting::{Ownership, Setting, SettingKind};
use s3guard_posture::reconcile::ledger::undone::{Note, SuppressionMark};
use s3guard_posture::reconcile::record::State;
use s3guard_posture::reconcile::reported;
use s3guard_posture::{Aspect, Finding, Grade, Reason};
use serde_json::json;
use time::macros::{date, datetime};

use super::*;
use crate::fake::{Fake, error, page};

const NOW: OffsetDateTime = datetime!(2026-11-24 23:15:02.123 UTC);
const ID: &str = "reports@20261124T231502.123Z-ownership";

pub(crate) fn record() -> Record {
    Record {
        version: record::VERSION,
        id: ID.to_owned(),
        state: State::Verified,
        bucket: "reports".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        time: "2026-11-24T23:15:02.123Z".to_owned(),
        grade: Grade::Hybrid,
        grade_reason: "the default".to_owned(),
        aspects: vec![Aspect::Ownership],
        setting: SettingKind::Ownership,
        call: "PutBucketOwnershipControls".to_owned(),
        why: Vec::new(),
        from: Some(Setting::Ownership(None)),
        to: Setting::Ownership(Some(Ownership::BucketOwnerEnforced)),
        events: Vec::new(),
        time_to_protect_milliseconds: None,
        cause: None,
    }
}

fn ledger(fake: &Fake) -> Ledger {
    let bucket = "ledger".parse().unwrap();
    Ledger::new(&fake.connection(), bucket, "111122223333".parse().unwrap())
}

fn name(name: &str) -> BucketName {
    name.parse().map_err(|error: names::InvalidBucketName| error.to_string()).unwrap()
}

fn found(record: &Record) -> (u16, String) {
    (200, serde_json::to_string(record).unwrap())
}

#[tokio::test]
async fn a_record_is_kept_where_its_id_says() {
    let fake = Fake::answering([(200, "")]);
    ledger(&fake).keep(&record()).await.unwrap();
    expect![[r#"
        PUT https://ledger.s3.eu-west-1.amazonaws.com/buckets/reports/2026-11-24T23/reports%4020261124T231502.123Z-ownership.json?x-id=PutObject
        content-type: application/json
        x-amz-checksum-crc32: …
        x-amz-expected-bucket-owner: 111122223333
        {"version":1,"id":"reports@20261124T231502.123Z-ownership","status":"verified","bucket":"reports","account":"111122223333","region":"eu-west-1","time":"2026-11-24T23:15:02.123Z","grade":"hybrid","gradeReason":"the default","aspects":["ownership"],"setting":"ownership","call":"PutBucketOwnershipControls","reasons":[],"from":{"setting":"ownership","value":null},"to":{"setting":"ownership","value":"BucketOwnerEnforced"},"events":[]}
    "#]].assert_eq(&fake.wire());
    let fake = Fake::answering([(200, ""), (200, "")]);
    ledger(&fake).keep(&Record { state: State::Failed, ..record() }).await.unwrap();
    let keys =
        fake.asked().into_iter().map(|asked| asked.line.rsplit('/').next().unwrap().to_owned());
    expect![[r#"
        reports%4020261124T231502.123Z-ownership.json?x-id=PutObject
        reports%4020261124T231502.123Z-ownership.failed?x-id=PutObject"#]]
    .assert_eq(&keys.collect::<Vec<_>>().join("\n"));
    let strange = Record { id: "?".to_owned(), ..record() };
    let error = ledger(&fake).keep(&strange).await.unwrap_err();
    assert!(error.to_string().contains("`?` is not the id of a record"), "{error}");
}

#[tokio::test]
async fn a_record_is_read_as_it_was_kept() {
    let fake = Fake::answering([found(&record()), error(404, "NoSuchKey")]);
    let id = ID.parse().unwrap();
    assert_eq!(ledger(&fake).record(&id).await, Ok(Some(record())));
    assert_eq!(ledger(&fake).record(&id).await, Ok(None));
    expect![[r#"
        GET https://ledger.s3.eu-west-1.amazonaws.com/buckets/reports/2026-11-24T23/reports%4020261124T231502.123Z-ownership.json?x-id=GetObject
        x-amz-checksum-mode: ENABLED
        x-amz-expected-bucket-owner: 111122223333
    "#]].assert_eq(&fake.asked()[0].to_string());
}

#[tokio::test]
async fn what_is_no_record_of_ours_is_said_clearly() {
    for (answer, expected) in [
        (
            json!({ "version": 2, "new": true }).to_string(),
            expect![
                "GetObject on object `buckets/reports/2026-11-24T23/reports@20261124T231502.123Z-ownership.json` in bucket `ledger` failed: the record has version 2, and this s3guard supports versions up to 1: update s3guard"
            ],
        ),
        (
            json!({ "version": 1 }).to_string(),
            expect![
                "GetObject on object `buckets/reports/2026-11-24T23/reports@20261124T231502.123Z-ownership.json` in bucket `ledger` failed: the record is not valid: missing field `id`"
            ],
        ),
        (
            "?".to_owned(),
            expect![
                "GetObject on object `buckets/reports/2026-11-24T23/reports@20261124T231502.123Z-ownership.json` in bucket `ledger` failed: the record is not valid: expected value at line 1 column 1"
            ],
        ),
    ] {
        let fake = Fake::answering([(200, answer)]);
        let error = ledger(&fake).record(&ID.parse().unwrap()).await.unwrap_err();
        expected.assert_eq(&error.to_string());
    }
}

#[tokio::test]
async fn the_newest_records_are_read_and_one_that_cannot_be_hides_no_other() {
    let key = |minute: u8| {
        format!(
            "buckets/reports/2026-11-24T23/reports@20261124T23{minute:02}00.000Z-ownership.json"
        )
    };
    let others = [
        "buckets/reports/2026-11-24T23/stopped-policy.json".to_owned(),
        key(9).replace(".json", ".failed"),
    ];
    let fake = Fake::new(move |asked| match asked.line.split("/?").nth(1) {
        Some(query) if query.contains("continuation-token") => page(&[key(3), key(4)], None),
        Some(_) => page(&[&[key(1), key(2)], &others[..]].concat(), Some("next")),
        None if asked.line.contains("2303") => (200, "?".to_owned()),
        None => {
            let id = asked.line.rsplit('/').next().unwrap().split(".json").next().unwrap();
            found(&Record { id: id.replace("%40", "@"), ..record() })
        }
    });
    let records = ledger(&fake).records(&name("reports"), 3).await.unwrap();
    let ids: Vec<String> = records
        .into_iter()
        .map(|record| record.map_or_else(|error| error.to_string(), |record| record.id))
        .collect();
    expect![[r#"
        reports@20261124T230400.000Z-ownership
        GetObject on object `buckets/reports/2026-11-24T23/reports@20261124T230300.000Z-ownership.json` in bucket `ledger` failed: the record is not valid: expected value at line 1 column 1
        reports@20261124T230200.000Z-ownership"#]].assert_eq(&ids.join("\n"));
    assert_eq!(fake.asked().len(), 5);
}

#[tokio::test]
async fn only_the_first_one_may_say_that_the_guard_has_stopped() {
    let fake = Fake::answering([
        (200, String::new()),
        error(412, "PreconditionFailed"),
        error(409, "ConditionalRequestConflict"),
        error(403, "AccessDenied"),
    ]);
    let ours = ledger(&fake);
    for expected in [true, false, false] {
        assert_eq!(
            ours.claim(&ledger::stopped(&name("reports"), SettingKind::Policy, NOW)).await,
            Ok(expected)
        );
    }
    assert!(
        ours.claim(&ledger::stopped(&name("reports"), SettingKind::Policy, NOW))
            .await
            .unwrap_err()
            .is_denied()
    );
    expect![[r#"
        PUT https://ledger.s3.eu-west-1.amazonaws.com/buckets/reports/2026-11-24T23/stopped-policy.json?x-id=PutObject
        content-type: application/json
        if-none-match: *
        x-amz-checksum-crc32: …
        x-amz-expected-bucket-owner: 111122223333
        {}
    "#]].assert_eq(&fake.asked()[0].to_string());
}

#[tokio::test]
async fn what_was_undone_says_until_when_and_why() {
    let fake = Fake::answering([(200, "")]);
    let note = Note {
        undone: ID.to_owned(),
        reason: "a & b".to_owned(),
        by: "arn:aws:iam::111122223333:user/mary".to_owned(),
        ..Note::default()
    };
    let mark = SuppressionMark { aspect: Aspect::Tls, made: NOW, until: date!(2027 - 01 - 31) };
    ledger(&fake).leave(&name("reports"), &mark, &note).await.unwrap();
    expect![[r#"
        PUT https://ledger.s3.eu-west-1.amazonaws.com/buckets/reports/undone/tls/20261124T231502.123Z-2027-01-31.json?x-id=PutObject
        content-type: application/json
        x-amz-checksum-crc32: …
        x-amz-expected-bucket-owner: 111122223333
        {"undone":"reports@20261124T231502.123Z-ownership","reason":"a & b","by":"arn:aws:iam::111122223333:user/mary"}
    "#]].assert_eq(&fake.wire());
}

#[tokio::test]
async fn all_that_was_undone_is_listed() {
    let mark = |aspect| SuppressionMark { aspect, made: NOW, until: date!(2027 - 01 - 31) };
    let marks = [mark(Aspect::Encryption), mark(Aspect::SseC), mark(Aspect::Tls)];
    let mut keys: Vec<String> = marks.iter().map(|mark| mark.key(&name("reports"))).collect();
    keys.push("buckets/reports/undone/tls/strange".to_owned());
    keys.push(marks[0].key(&name("reports-2")));
    assert_eq!(ledger(&listing(keys)).undone(&name("reports")).await, Ok(marks.to_vec()));
}

#[tokio::test]
async fn a_mark_is_put_once_and_one_that_is_there_is_no_failure() {
    let fake = Fake::answering([(200, String::new()), error(412, "PreconditionFailed")]);
    for _ in 0..2 {
        ledger(&fake).claim(&coverage::key(&name("reports"), coverage::Mark::Event)).await.unwrap();
    }
    expect![[r#"
        PUT https://ledger.s3.eu-west-1.amazonaws.com/known/reports/event?x-id=PutObject
        content-type: application/json
        if-none-match: *
        x-amz-checksum-crc32: …
        x-amz-expected-bucket-owner: 111122223333
        {}
    "#]]
    .assert_eq(&fake.asked()[0].to_string());
}

#[tokio::test]
async fn what_was_reported_about_a_bucket_is_listed() {
    let website = Reason::Website;
    let findings =
        [Finding::NotRemediated { aspect: Aspect::PublicAccess, reason: website.clone() }];
    let fake = listing(reported::keys(&name("reports"), &findings, date!(2026 - 11 - 20)));
    let reported =
        async |bucket| ledger(&fake).reported(&name(bucket), date!(2026 - 11 - 24)).await;
    assert!(!reported("reports").await.unwrap().is_news(Aspect::PublicAccess, &website));
    assert!(reported("report").await.unwrap().is_news(Aspect::PublicAccess, &website));
}

/// S3's list of these keys, two to a page.
fn listing(mut keys: Vec<String>) -> Fake {
    keys.sort_unstable();
    Fake::new(move |asked| {
        let query = |name: &str| {
            let query = asked.line.split_once('?').unwrap().1;
            let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
            value.map(|value| value.replace("%2F", "/"))
        };
        let prefix = query("prefix").unwrap();
        let after = query("continuation-token").or(query("start-after")).unwrap_or_default();
        let mut keys = keys.iter().filter(|key| key.starts_with(&prefix) && **key > after);
        let first: Vec<&String> = keys.by_ref().take(2).collect();
        let next = keys.next().and(first.last()).map(|key| key.as_str());
        page(&first, next)
    })
}

#[tokio::test]
async fn all_marks_between_two_names_are_found_though_keys_sort_otherwise() {
    let names = ["log", "log-2", "log-2-b", "log-3", "log.4", "log1", "logs", "logs-a", "zzz"];
    let kinds = [coverage::Mark::Event, coverage::Mark::Swept];
    let keys = |name: &&str| kinds.map(|kind| format!("known/{name}/{kind}"));
    let keys: Vec<String> = names.iter().flat_map(keys).collect();
    for (from, first) in names.iter().enumerate() {
        for (to, last) in names.iter().enumerate().skip(from) {
            let fake = listing(keys.clone());
            let marks = ledger(&fake).marks(&name(first), &name(last)).await.unwrap();
            let found: Vec<&str> = marks.keys().map(BucketName::as_str).collect();
            assert_eq!(found, names[from..=to], "{first} to {last}");
            assert!(marks.values().all(|found| found.iter().copied().eq(kinds)));
            // One more page than needed, and at most one for the last name and each of three names before it.
            assert!(fake.asked().len() <= to - from + 5, "{}", fake.wire());
        }
    }
}
