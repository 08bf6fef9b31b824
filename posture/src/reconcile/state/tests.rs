use proptest::collection::vec;
use proptest::prelude::*;
use time::macros::datetime;

use super::last_setting::SETTING_BYTES_MAX;
use super::*;
use crate::model::setting::{Ownership, PublicAccessBlock};
use crate::{Setting, SettingKind};

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

fn id() -> BucketId {
    BucketId {
        name: "reports".parse().unwrap(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    }
}

fn at(seconds: i64) -> OffsetDateTime {
    NOON + Duration::seconds(seconds)
}

fn finding(aspect: Aspect, reason: &str, is_notified: bool) -> (Aspect, String, bool) {
    (aspect, reason.to_owned(), is_notified)
}

fn found(time: OffsetDateTime, aspect: Aspect, is_notified: bool) -> Update {
    let findings = vec![finding(aspect, "a reason", is_notified)];
    Update { findings, judged: [aspect].into(), ..Update::new(time) }
}

fn judged(time: OffsetDateTime, aspect: Aspect) -> Update {
    Update { judged: [aspect].into(), ..Update::new(time) }
}

#[test]
fn a_state_is_read_as_it_was_written() {
    let policy = Setting::Policy(Some("{}".to_owned()));
    let source = Source {
        time: NOON,
        event_name: "PutBucketPolicy".to_owned(),
        event_id: Some("id".to_owned()),
        principal: "arn:aws:iam::111122223333:user/mary".to_owned(),
        tool: "the AWS CLI".to_owned(),
    };
    let stop = Stop { since: NOON, until: at(3600), notified: true, by: None };
    let state = BucketState::new(&id()).updated(&Update {
        known: Some(Known::Event),
        settings: vec![policy],
        sources: vec![(SettingKind::Policy, source)],
        findings: vec![finding(Aspect::Tls, "a reason", true), finding(Aspect::Acl, "b", false)],
        writes: vec![Write { time: NOON, setting: SettingKind::Policy, principal: None }],
        stops: vec![(SettingKind::Policy, stop)],
        unreported: vec!["an id".to_owned()],
        foreign_seen: vec!["a key".to_owned()],
        ..Update::new(NOON)
    });
    let BucketId { name, account, region } = id();
    assert_eq!(BucketState::read(&state.json(), &name, &account).unwrap(), state);
    assert!(state.is_in(&region) && !state.is_in(&"us-east-1".parse().unwrap()));
    assert_eq!(of_key(&key(&name)), Some(name.clone()));
    let read =
        |json: &str| BucketState::read(json.as_bytes(), &name, &account).unwrap_err().to_string();
    let text = String::from_utf8(BucketState::new(&id()).json()).unwrap();
    for (from, to, expected) in [
        ("reports", "other", "the state is not that of its key: its `bucket` differs"),
        ("111122223333", "999900001111", "the state is not that of its key: its `account` differs"),
        (
            "\"version\":1",
            "\"version\":2",
            "the state has version 2, and this s3guard supports versions up to 1: update s3guard",
        ),
    ] {
        assert_eq!(read(&text.replace(from, to)), expected);
    }
    assert!(read("?").starts_with("the state is not valid: "));
}

#[test]
fn the_first_encryption_and_the_one_before_are_kept() {
    use crate::model::setting::{Algorithm, Encryption, Key, SseC};
    let by = |key: &str| {
        let algorithm = Algorithm::Kms(Key::Named(key.to_owned()));
        Encryption { algorithm, bucket_key: true, sse_c: SseC::Blocked }
    };
    let read = |seconds, key: &str| Update {
        known: Some(Known::Before),
        settings: vec![Setting::Encryption(Some(by(key)))],
        ..Update::new(at(seconds))
    };
    let state = BucketState::new(&id());
    let state = state.updated(&read(10, "a")).updated(&read(20, "a"));
    let state = state.updated(&read(30, "b")).updated(&read(40, "c"));
    let mut history = History::default();
    state.add_to(&mut history, &Callers::new(), at(50));
    assert_eq!(history.encryption.first, Some(by("a")));
    assert_eq!(history.encryption.latest, [by("c"), by("b")]);
    assert!(history.encryption.existed);
    // An earlier reading that is noted later is the first one.
    let mut history = History::default();
    state.updated(&read(5, "z")).add_to(&mut history, &Callers::new(), at(50));
    assert_eq!(history.encryption.first, Some(by("z")));
    assert_eq!(history.encryption.latest, [by("c"), by("b")]);
}

#[test]
fn a_finding_keeps_since_when_it_is_known_and_when_it_was_reported() {
    let state = BucketState::new(&id())
        .updated(&found(at(0), Aspect::Tls, false))
        .updated(&found(at(10), Aspect::Tls, true))
        .updated(&found(at(20), Aspect::Tls, false));
    let [open] = &state.findings[..] else { panic!("{state:?}") };
    assert_eq!((open.since, open.notified), (at(0), Some(at(10))));
    assert!(state.updated(&judged(at(30), Aspect::Acl)).findings.len() == 1);
    assert!(state.updated(&judged(at(30), Aspect::Tls)).findings.is_empty());
    let later = BucketState::new(&id()).updated(&found(at(20), Aspect::Tls, false));
    assert!(
        !later.updated(&judged(at(10), Aspect::Tls)).findings.is_empty(),
        "it was judged before"
    );
}

#[test]
fn what_was_reported_is_no_news_for_thirty_days() {
    let website = |aspect| Finding::NotRemediated { aspect, reason: Reason::PublicPolicy };
    let reason = reason_text(&Reason::PublicPolicy).unwrap();
    let findings =
        vec![finding(Aspect::PublicAccess, &reason, true), finding(Aspect::Tls, &reason, false)];
    let state = BucketState::new(&id()).updated(&Update { findings, ..Update::new(NOON) });
    let almost = NOON + Duration::days(DAYS) - Duration::SECOND;
    assert!(!state.is_news(&website(Aspect::PublicAccess), almost, OffsetDateTime::UNIX_EPOCH));
    assert!(state.is_news(
        &website(Aspect::PublicAccess),
        almost + Duration::SECOND,
        OffsetDateTime::UNIX_EPOCH
    ));
    assert!(
        state.is_news(&website(Aspect::Tls), NOON, OffsetDateTime::UNIX_EPOCH),
        "it was not reported"
    );
    let other = Finding::NotRemediated { aspect: Aspect::PublicAccess, reason: Reason::PublicAcl };
    assert!(state.is_news(&other, NOON, OffsetDateTime::UNIX_EPOCH), "another reason");
    for reason in [
        Reason::Undone(NOON.date()),
        Reason::TooManyWrites(SettingKind::Policy, 20),
        Reason::StackNeverFinished,
    ] {
        assert_eq!(reason_text(&reason), None);
        let finding = Finding::NotRemediated { aspect: Aspect::Acl, reason };
        assert!(
            !state.is_news(&finding, NOON, OffsetDateTime::UNIX_EPOCH),
            "it is reported otherwise"
        );
    }
}

#[test]
fn only_the_writes_of_the_last_hour_count() {
    let write = |minutes| Write {
        time: NOON - Duration::minutes(minutes),
        setting: SettingKind::Policy,
        principal: None,
    };
    let writes = vec![write(0), write(59), write(60)];
    let stop = |minutes| Stop {
        since: NOON,
        until: NOON + Duration::minutes(minutes),
        notified: true,
        by: None,
    };
    let stops = vec![(SettingKind::Policy, stop(1)), (SettingKind::Encryption, stop(0))];
    let state = BucketState::new(&id()).updated(&Update { writes, stops, ..Update::new(NOON) });
    let mut history = History::default();
    state.add_to(&mut history, &Callers::new(), NOON);
    assert_eq!(history.writes, [(SettingKind::Policy, 2)].into());
    assert_eq!(history.stopped, [SettingKind::Policy].into());
}

#[test]
fn a_state_is_bounded() {
    let large = Setting::Policy(Some("x".repeat(SETTING_BYTES_MAX)));
    let texts = |count: usize| (0..count).map(|one| format!("{one:04}")).collect::<Vec<_>>();
    let state = BucketState::new(&id()).updated(&Update {
        settings: vec![large],
        unreported: texts(500),
        foreign_seen: texts(500),
        ..Update::new(NOON)
    });
    let read = state.settings[&SettingKind::Policy].read.as_ref().unwrap();
    assert_eq!(read.value, None);
    assert_eq!((state.unreported.len(), state.foreign_seen.len()), (ENTRIES_MAX, ENTRIES_MAX));
    assert!(state.json().len() < 100_000);
}

fn updates() -> impl Strategy<Value = Update> {
    let aspects = prop::sample::select(vec![Aspect::Tls, Aspect::Acl, Aspect::PublicAccess]);
    let findings = vec((aspects.clone(), "[ab]", any::<bool>()), 0..4);
    let settings = prop::sample::select(vec![
        Setting::Ownership(None),
        Setting::Ownership(Some(Ownership::BucketOwnerEnforced)),
        Setting::PublicAccessBlock(Some(PublicAccessBlock::ALL)),
    ]);
    let writes = vec((0..3_i64, prop::sample::select(SettingKind::ALL.to_vec())), 0..3);
    let stops = vec((0..3_i64, any::<bool>()), 0..2);
    let known = prop::sample::select(vec![None, Some(Known::Before), Some(Known::Event)]);
    let parts = (findings, vec(aspects, 0..3), vec(settings, 0..2), writes, stops, known);
    (0..100_i64, parts, vec("[xyz]", 0..3)).prop_map(|(time, parts, unreported)| {
        let (findings, judged, settings, writes, stops, known) = parts;
        let write = |(seconds, setting)| Write { time: at(seconds), setting, principal: None };
        let stop = |(hours, notified)| {
            let until = NOON + Duration::hours(hours + 1);
            (SettingKind::Policy, Stop { since: NOON, until, notified, by: None })
        };
        Update {
            known,
            settings,
            judged: judged.into_iter().collect(),
            findings,
            writes: writes.into_iter().map(write).collect(),
            stops: stops.into_iter().map(stop).collect(),
            unreported,
            ..Update::new(at(time))
        }
    })
}

proptest! {
    #[test]
    fn an_update_that_is_applied_twice_changes_nothing_more(first in updates(), second in updates()) {
        let once = BucketState::new(&id()).updated(&first).updated(&second);
        prop_assert_eq!(once.updated(&second), once);
    }

    #[test]
    fn in_any_order_no_finding_write_or_stop_of_two_writers_is_lost(
        first in updates(),
        second in updates(),
    ) {
        for (one, other) in [(&first, &second), (&second, &first)] {
            let state = BucketState::new(&id()).updated(one).updated(other);
            for (update, against) in [(one, other), (other, one)] {
                for (aspect, reason, is_notified) in &update.findings {
                    let found = state.findings.iter().find(|found| found.aspect == *aspect && found.reason == *reason);
                    // The other one has judged it after this one, and has not found it any more.
                    let is_over = against.judged.contains(aspect) && against.time >= update.time;
                    prop_assert!(found.is_some() || is_over);
                    if let Some(found) = found {
                        prop_assert!(!is_notified || found.notified >= Some(update.time) || is_over);
                    }
                }
                for write in &update.writes {
                    prop_assert!(state.writes.contains(write));
                }
                for (kind, stop) in &update.stops {
                    let last = &state.stops[kind][0];
                    prop_assert!(last.until >= stop.until);
                    prop_assert!(last.until > stop.until || last.notified || !stop.notified);
                }
                for id in &update.unreported {
                    prop_assert!(state.unreported.contains(id));
                }
            }
        }
    }
}
