use expect_test::expect;
use s3guard_posture::model::names;
use s3guard_posture::model::setting::{Ownership, Setting, SettingKind};
use s3guard_posture::reconcile::ledger::{Condition, KEYS_MAX};
use s3guard_posture::reconcile::record;
use s3guard_posture::reconcile::state;
use s3guard_posture::{Aspect, Grade};
use serde_json::json;
use time::macros::{date, datetime};

use super::*;
use crate::fake::{Fake, KEY, error, page};

const NOW: OffsetDateTime = datetime!(2026-11-24 23:15:02.123 UTC);
const ID: &str = "reports@20261124T231502.123Z-ownership";
const ID_KEY: &str = "records/reports/reports@20261124T231502.123Z-ownership.json";

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
    let ledger = Ledger::new(&fake.connection(), bucket, "111122223333".parse().unwrap());
    ledger.encrypted_by(KEY.parse().unwrap())
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
        PUT https://ledger.s3.eu-west-1.amazonaws.com/records/reports/reports%4020261124T231502.123Z-ownership.json?x-id=PutObject
        content-type: application/json
        x-amz-checksum-crc32: …
        x-amz-expected-bucket-owner: 111122223333
        x-amz-server-side-encryption: aws:kms
        x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:eu-west-1:111122223333:key/stack
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
        GET https://ledger.s3.eu-west-1.amazonaws.com/records/reports/reports%4020261124T231502.123Z-ownership.json?x-id=GetObject
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
                "GetObject on object `records/reports/reports@20261124T231502.123Z-ownership.json` in bucket `ledger` failed: the record has version 2, and this s3guard supports versions up to 1: update s3guard"
            ],
        ),
        (
            serde_json::to_string(&Record { bucket: "other".to_owned(), ..record() }).unwrap(),
            expect![
                "GetObject on object `records/reports/reports@20261124T231502.123Z-ownership.json` in bucket `ledger` failed: the record is not that of its key: its `bucket` is `other`, not `reports`"
            ],
        ),
        (
            json!({ "version": 1 }).to_string(),
            expect![
                "GetObject on object `records/reports/reports@20261124T231502.123Z-ownership.json` in bucket `ledger` failed: the record is not valid: missing field `id`"
            ],
        ),
        (
            "?".to_owned(),
            expect![
                "GetObject on object `records/reports/reports@20261124T231502.123Z-ownership.json` in bucket `ledger` failed: the record is not valid: expected value at line 1 column 1"
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
        format!("records/reports/reports@20261124T23{minute:02}00.000Z-ownership.json")
    };
    let others = ["records/reports/strange".to_owned(), key(9).replace(".json", ".failed")];
    let fake = Fake::new(move |asked| match asked.line.split("/?").nth(1) {
        Some(query) if query.contains("continuation-token") => page(&[key(3), key(4)], None),
        Some(_) => page(&[&[key(1), key(2)], &others[..]].concat(), Some("next")),
        None if asked.line.contains("2303") => (200, "?".to_owned()),
        None => {
            let id = asked.line.rsplit('/').next().unwrap().split(".json").next().unwrap();
            found(&Record { id: id.replace("%40", "@"), ..record() })
        }
    });
    let records = ledger(&fake).records(&name("reports"), 3, NOW).await.unwrap();
    let ids: Vec<String> = records
        .into_iter()
        .map(|record| record.map_or_else(|error| error.to_string(), |record| record.id))
        .collect();
    expect![[r#"
        reports@20261124T230400.000Z-ownership
        GetObject on object `records/reports/reports@20261124T230300.000Z-ownership.json` in bucket `ledger` failed: the record is not valid: expected value at line 1 column 1
        reports@20261124T230200.000Z-ownership"#]].assert_eq(&ids.join("\n"));
    assert_eq!(fake.asked().len(), 5);
}

#[tokio::test]
async fn records_are_listed_from_a_week_ago_or_all_if_there_are_too_few() {
    let keys = [
        "records/reports/reports@20260101T000000.000Z-ownership.json".to_owned(),
        ID_KEY.to_owned(),
    ];
    let id = |line: &str| {
        line.split("reports/").nth(1).unwrap().split(".json").next().unwrap().replace("%40", "@")
    };
    let list = listing(keys.to_vec());
    let fake = Fake::new(move |asked| {
        if asked.line.contains("list-type") {
            list.answer(asked)
        } else {
            found(&Record { id: id(&asked.line), ..record() })
        }
    });
    assert_eq!(ledger(&fake).records(&name("reports"), 1, NOW).await.unwrap().len(), 1);
    assert_eq!(fake.asked().len(), 2);
    assert!(
        fake.asked()[0].line.contains("start-after=records%2Freports%2Freports%4020261117T"),
        "{}",
        fake.wire()
    );
    assert_eq!(ledger(&fake).records(&name("reports"), 2, NOW).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_state_is_replaced_only_if_it_is_still_the_one_that_was_read() {
    let fake = Fake::answering([
        (200, String::new()),
        (200, String::new()),
        error(412, "PreconditionFailed"),
        error(409, "ConditionalRequestConflict"),
        error(404, "NoSuchKey"),
        error(403, "AccessDenied"),
    ]);
    let ours = ledger(&fake);
    let key = state::key(&name("reports"));
    assert_eq!(ours.write(&key, b"{}".to_vec(), Condition::Absent).await, Ok(true));
    for expected in [true, false, false, false] {
        let written = ours.write(&key, b"{}".to_vec(), Condition::Still("\"0f1e\"")).await;
        assert_eq!(written, Ok(expected));
    }
    let denied = ours.write(&key, b"{}".to_vec(), Condition::Still("\"0f1e\"")).await;
    assert!(denied.unwrap_err().is_denied());
    expect![[r#"
        PUT https://ledger.s3.eu-west-1.amazonaws.com/state/reports.json?x-id=PutObject
        content-type: application/json
        if-none-match: *
        x-amz-checksum-crc32: …
        x-amz-expected-bucket-owner: 111122223333
        x-amz-server-side-encryption: aws:kms
        x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:eu-west-1:111122223333:key/stack
        {}

        PUT https://ledger.s3.eu-west-1.amazonaws.com/state/reports.json?x-id=PutObject
        content-type: application/json
        if-match: "0f1e"
        x-amz-checksum-crc32: …
        x-amz-expected-bucket-owner: 111122223333
        x-amz-server-side-encryption: aws:kms
        x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:eu-west-1:111122223333:key/stack
        {}
    "#]]
    .assert_eq(&format!("{}\n{}", fake.asked()[0], fake.asked()[1]));
}

#[tokio::test]
async fn an_object_is_read_with_its_version_and_only_with_the_stacks_key() {
    let fake = Fake::answering([(200, "{}".to_owned()), error(404, "NoSuchKey")]);
    let ours = ledger(&fake);
    let read = ours.read("state/reports.json").await;
    assert_eq!(read, Ok(Stored::Ours { etag: "\"0f1e\"".to_owned(), body: b"{}".to_vec() }));
    assert_eq!(ours.read("state/reports.json").await, Ok(Stored::Absent));
    let fake = Fake::answering([(200, "{}".to_owned())]);
    let other = ledger(&fake).encrypted_by(KEY.replace("stack", "other").parse().unwrap());
    let Ok(Stored::Foreign { etag, cause }) = other.read("state/reports.json").await else {
        panic!("it counts")
    };
    assert!(cause.contains(KEY) && etag == "\"0f1e\"", "{cause}");
    let id = ID.parse().unwrap();
    let fake = Fake::answering([found(&record())]);
    let other = ledger(&fake).encrypted_by(KEY.replace("stack", "other").parse().unwrap());
    let error = other.record(&id).await.unwrap_err().to_string();
    assert!(error.contains("it does not count: its encryption is aws:kms with key"), "{error}");
}

#[tokio::test]
async fn without_the_stacks_key_nothing_is_read() {
    let fake = Fake::answering([(200, "{}".to_owned())]);
    let ledger = Ledger::new(&fake.connection(), name("ledger"), "111122223333".parse().unwrap());
    let error = ledger.read("state/reports.json").await.unwrap_err().to_string();
    assert!(error.contains("the stack's key is not known"), "{error}");
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn a_suppression_says_what_its_key_says_who_made_it_and_why() {
    let fake = Fake::answering([(200, "")]);
    let note = Note {
        undone: ID.to_owned(),
        reason: "a & b".to_owned(),
        by: "arn:aws:iam::111122223333:user/mary".to_owned(),
        ..Note::default()
    };
    let one = Suppression { aspect: Aspect::Tls, made: NOW, until: date!(2027 - 01 - 31) };
    ledger(&fake).suppress(&name("reports"), &one, note).await.unwrap();
    expect![[r#"
        PUT https://ledger.s3.eu-west-1.amazonaws.com/suppressions/reports/tls/20261124T231502.123Z-2027-01-31.json?x-id=PutObject
        content-type: application/json
        x-amz-checksum-crc32: …
        x-amz-expected-bucket-owner: 111122223333
        x-amz-server-side-encryption: aws:kms
        x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:eu-west-1:111122223333:key/stack
        {"version":1,"bucket":"reports","account":"111122223333","aspect":"tls","made":"20261124T231502.123Z","until":"2027-01-31","undone":"reports@20261124T231502.123Z-ownership","reason":"a & b","by":"arn:aws:iam::111122223333:user/mary"}
    "#]].assert_eq(&fake.wire());
}

#[tokio::test]
async fn all_suppressions_of_a_bucket_are_listed() {
    let one = |aspect| Suppression { aspect, made: NOW, until: date!(2027 - 01 - 31) };
    let all = [one(Aspect::Encryption), one(Aspect::SseC), one(Aspect::Tls)];
    let mut keys: Vec<String> = all.iter().map(|one| one.key(&name("reports"))).collect();
    keys.push("suppressions/reports/tls/strange".to_owned());
    keys.push(all[0].key(&name("reports-2")));
    assert_eq!(ledger(&listing(keys)).suppressions(&name("reports")).await, Ok(all.to_vec()));
}

#[tokio::test]
async fn keys_are_listed_to_the_end_of_their_range_and_no_page_more() {
    let keys: Vec<String> = (0..8).map(|count| format!("state/{count}.json")).collect();
    for (after, to, expected, pages) in [
        (None, None, 0..8, 4),
        (Some("state/1"), None, 1..8, 4),
        (None, Some("state/3.json"), 0..4, 2),
        (None, Some("state/3.a"), 0..3, 2),
        (Some("state/7"), Some("state/9.json"), 7..8, 1),
    ] {
        let fake = listing(keys.clone());
        let range = KeyRange { prefix: "state/", after, to };
        assert_eq!(ledger(&fake).keys(range).await.unwrap(), keys[expected], "{range:?}");
        assert_eq!(fake.asked().len(), pages, "{range:?}");
    }
}

#[tokio::test]
async fn a_list_that_does_not_end_is_an_error_after_some_pages() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::new(move |_| {
        let next = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string();
        page(&["suppressions/reports/tls/x"; 1000], Some(&next))
    });
    let error = ledger(&fake).suppressions(&name("reports")).await.unwrap_err().to_string();
    assert!(
        error.ends_with("there are more than 20000 objects under `suppressions/reports/`"),
        "{error}"
    );
    assert_eq!(fake.asked().len(), KEYS_MAX / PAGE);
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
