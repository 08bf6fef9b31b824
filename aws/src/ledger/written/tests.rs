use s3guard_posture::reconcile::state::Update;
use s3guard_posture::{Aspect, BucketId};
use time::macros::datetime;

use super::*;
use crate::fake::{Fake, KEY, error, page};

fn ledger(fake: &Fake) -> Ledger {
    let bucket = "ledger".parse().unwrap();
    let ledger = Ledger::new(&fake.connection(), bucket, "111122223333".parse().unwrap());
    ledger.encrypted_by(KEY.parse().unwrap())
}

#[tokio::test]
async fn each_bucket_comes_with_what_was_written_and_the_rest_is_counted() {
    let fake = Fake::new(|asked| {
        if asked.line.contains("delimiter") {
            let prefix = |name: &str| {
                format!("<CommonPrefixes><Prefix>records/{name}/</Prefix></CommonPrefixes>")
            };
            let list: String = ["aaa", "bbb", "ccc", "ddd"].map(prefix).concat();
            return (200, format!("<ListBucketResult>{list}</ListBucketResult>"));
        }
        let name = if asked.line.contains("aaa") { "aaa" } else { "bbb" };
        let id = |kind: &str| format!("records/{name}/{name}@20261124T231502.123Z-{kind}");
        let strange = format!("records/{name}/strange");
        if name == "aaa" {
            let failed = format!("{}.failed", id("ownership"));
            let written = ["policy", "encryption", "ownership"].map(|kind| id(kind) + ".json");
            return page(&[&written[..], &[failed, strange]].concat(), None);
        }
        page(&[strange], None)
    });
    let touched = ledger(&fake).touched(2, |name| name.as_str() != "ddd").await.unwrap();
    let kinds = BTreeSet::from([SettingKind::Policy, SettingKind::Encryption]);
    let buckets = vec![("aaa".parse().unwrap(), kinds)];
    assert_eq!(touched, Touched { buckets, more: 1, is_cut: false });
}

#[tokio::test]
async fn what_was_undone_since_is_not_what_the_guard_changed() {
    let fake = Fake::new(|asked| {
        if asked.line.contains("delimiter") {
            let list = "<CommonPrefixes><Prefix>records/aaa/</Prefix></CommonPrefixes>";
            return (200, format!("<ListBucketResult>{list}</ListBucketResult>"));
        }
        if asked.line.contains("suppressions") {
            // The undo of the policy was ended, and the encryption was changed again after its undo.
            let of = |aspect: &str, made: &str, until: &str| {
                format!("suppressions/aaa/{aspect}/{made}-{until}.json")
            };
            let undone = of("ownership", "20261125T100000.000Z", "2026-12-25");
            let ended = of("tls", "20261125T100000.000Z", "2026-11-24");
            let before = of("encryption", "20261124T230000.000Z", "2026-12-25");
            return page(&[undone, ended, before], None);
        }
        let id = |kind: &str| format!("records/aaa/aaa@20261124T231502.123Z-{kind}.json");
        page(&["policy", "encryption", "ownership"].map(id), None)
    });
    let touched = ledger(&fake).touched(2, |_| true).await.unwrap();
    let kinds = BTreeSet::from([SettingKind::Policy, SettingKind::Encryption]);
    assert_eq!(touched.buckets, [("aaa".parse().unwrap(), kinds)]);
}

#[tokio::test]
async fn only_suppressions_that_count_now_are_listed() {
    let bucket: BucketName = "aaa".parse().unwrap();
    let now = datetime!(2026-11-26 12:00 UTC);
    let one = |aspect, made, until| Suppression { aspect, made, until };
    let made = datetime!(2026-11-24 23:15:02.123 UTC);
    let day = time::macros::date!(2027 - 01 - 31);
    let tls = one(Aspect::Tls, made, day);
    let old = one(Aspect::SseC, made, day);
    let ended = one(Aspect::SseC, made + time::Duration::HOUR, time::macros::date!(2026 - 11 - 23));
    let note = Note { undone: "id".to_owned(), by: "arn:a".to_owned(), ..Note::default() };
    let body = tls.json(&bucket, &"111122223333".parse().unwrap(), note.clone());
    let fake = Fake::answering([
        page(&[old.key(&bucket), ended.key(&bucket), tls.key(&bucket)], None),
        (200, String::from_utf8(body).unwrap()),
    ]);
    let found = ledger(&fake).suppressed(now).await.unwrap().unwrap();
    assert_eq!(found, [Suppressed { bucket, suppression: tls, note }]);
}

fn state(name: &str, findings: usize) -> BucketState {
    let id = BucketId {
        name: name.parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let now = datetime!(2026-11-24 23:15 UTC);
    let stop =
        Stop { since: now, until: datetime!(2026-11-25 01:00 UTC), notified: true, by: None };
    let findings = (0..findings).map(|count| (Aspect::Tls, count.to_string(), true)).collect();
    let stops = vec![(SettingKind::Policy, stop)];
    BucketState::new(&id).updated(&Update { findings, stops, ..Update::new(now) })
}

fn json(state: &BucketState) -> (u16, String) {
    (200, String::from_utf8(state.json()).unwrap())
}

#[tokio::test]
async fn suppressions_come_with_their_notes_and_conflicts_with_their_stops() {
    let bucket: BucketName = "aaa".parse().unwrap();
    let one = |aspect| Suppression {
        aspect,
        made: datetime!(2026-11-24 23:15:02.123 UTC),
        until: time::macros::date!(2027 - 01 - 31),
    };
    let (first, second) = (one(Aspect::SseC), one(Aspect::Tls));
    let note = Note { undone: "id".to_owned(), by: "arn:a".to_owned(), ..Note::default() };
    let body = second.json(&bucket, &"111122223333".parse().unwrap(), note.clone());
    let fake = Fake::answering([
        page(&[first.key(&bucket), second.key(&bucket)], None),
        (200, "written by another program".to_owned()),
        (200, String::from_utf8(body).unwrap()),
        json(&state("aaa", 0)),
    ]);
    let found = ledger(&fake).interventions(&bucket).await.unwrap();
    let [(_, ignored), counted] = &found.suppressions[..] else { panic!("{found:?}") };
    assert!(ignored.as_ref().unwrap_err().starts_with("it is not valid: "));
    assert_eq!(*counted, (second, Ok(note)));
    assert_eq!(found.stops[0].0, SettingKind::Policy);
}

#[tokio::test]
async fn open_findings_are_listed_if_there_are_few_states() {
    let keys = ["state/aaa.json", "state/bbb.json", "state/strange"];
    let fake = Fake::answering([page(&keys, None), json(&state("aaa", 2)), json(&state("bbb", 1))]);
    let found = ledger(&fake).open_findings().await.unwrap().unwrap();
    let found = found.iter().map(|(bucket, finding)| (bucket.as_str(), finding.reason.as_str()));
    assert_eq!(found.collect::<Vec<_>>(), [("aaa", "0"), ("aaa", "1"), ("bbb", "0")]);
    let many: Vec<String> = (0..=STATES_MAX).map(|count| format!("state/b{count}.json")).collect();
    let fake = Fake::answering([page(&many, None)]);
    assert_eq!(ledger(&fake).open_findings().await, Ok(None));
    // That of another bucket is no state of this one.
    let fake = Fake::answering([page(&keys[..1], None), json(&state("bbb", 1))]);
    let error = ledger(&fake).open_findings().await.unwrap_err().to_string();
    assert!(error.ends_with("the state is not that of its key: its `bucket` differs"), "{error}");
}

#[tokio::test]
async fn a_ledger_that_may_not_be_read_says_so() {
    let fake = Fake::answering([error(403, "AccessDenied")]);
    assert!(ledger(&fake).touched(2, |_| true).await.unwrap_err().is_denied());
}

#[tokio::test]
async fn the_last_sweep_is_read_if_there_is_one() {
    let found = r#"{"time":"2026-11-24T23:15:02.123Z","buckets":214,"region":"eu-west-1"}"#;
    let answers = [(200, found.to_owned()), error(404, "NoSuchKey"), (200, "{}".to_owned())];
    let fake = Fake::answering(answers);
    let ledger = ledger(&fake);
    let last = ledger.last_sweep().await.unwrap().unwrap();
    assert_eq!((last.buckets, last.time.minute()), (214, 15));
    assert!(fake.asked()[0].line.contains("/sweeps/last?"), "{}", fake.asked()[0].line);
    assert_eq!(ledger.last_sweep().await, Ok(None));
    let invalid = ledger.last_sweep().await.unwrap_err().to_string();
    assert!(invalid.contains("`sweeps/last`") && invalid.contains("`time`"), "{invalid}");
}

#[tokio::test]
async fn the_newest_writes_of_all_buckets_are_found_and_a_limit_is_reported() {
    let first = [
        "records/aaa/aaa@20261124T231502.123Z-encryption.json",
        "records/aaa/strange.json",
        "records/aaa/aaa@20261125T010000.000Z-policy.failed",
        "records/aaa/aaa@20261125T010000.000Z-policy.json",
    ];
    let second = ["records/bbb/bbb@20261125T000000.000Z-encryption.json"];
    let fake = Fake::answering([
        page(&first, Some("next")),
        page(&second, None),
        page(&[first[0]; 1000], Some("next")),
        page(&second, None),
    ]);
    let ledger = ledger(&fake);
    let newest = ledger.newest(2, 5).await.unwrap();
    let found: Vec<_> =
        newest.writes.iter().map(|(id, failed)| (id.bucket.as_str(), *failed)).collect();
    assert_eq!((found, newest.is_whole), (vec![("aaa", true), ("bbb", false)], true));
    let bounded = ledger.newest(5, 1).await.unwrap();
    assert_eq!((bounded.writes.len(), bounded.is_whole), (5, false));
}
